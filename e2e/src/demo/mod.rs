//! The demo: the samples of this repository against a control plane and AWS on loopback, with a stopwatch.
//!
//! Everything is as a user has it: the chart with its rights and its write policy, the release binary as the chart's
//! ServiceAccount, unchanged manifests. The Secret's keys are shown, its values never. What is promised is checked, and a
//! promise that does not hold is the demo's failure.

mod progress;
mod quiet;
mod samples;
mod story;
mod table;

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::aws::Moto;
use crate::control_plane;
use crate::namespace::{self, Namespace};
use crate::settings::Settings;

use progress::step;

/// Runs it to its end, or to an interrupt; what it has made is removed either way.
pub async fn run() -> Result<()> {
    let settings = Settings::from_environment();
    let starting = async { tokio::try_join!(control_plane::shared(), Moto::start(&settings)) };
    let (plane, moto) = match &settings.kubeconfig {
        None => step("starting etcd, kube-apiserver, kube-controller-manager and an AWS emulator", starting).await?,
        Some(path) => {
            step(&format!("using the cluster of {}; starting an AWS emulator", path.display()), starting).await?
        }
    };
    let foreign = plane.audit().is_none();
    let made_crds = foreign && samples::ensure_crds(plane).await?;
    let mut told = Ok(());
    let outcome = namespace::with(async |namespace| {
        told = tell(namespace, &moto).await;
        step("cleaning up", samples::remove(namespace)).await
    })
    .await;
    if made_crds {
        samples::remove_crds(plane).await?;
    }
    moto.stop().await?;
    told.and(outcome)
}

/// The story, unless somebody interrupts it.
async fn tell(namespace: &Namespace, moto: &Moto) -> Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        outcome = story::tell(namespace, moto) => outcome,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("told to end"),
    }
}

/// A duration as a person reads it.
fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
