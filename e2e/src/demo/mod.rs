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
use crate::namespace;
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
    let made_crds = plane.audit().is_none() && samples::ensure_crds(plane).await?;
    let mut interrupted = None;
    let outcome = namespace::with(async |namespace| {
        tokio::select! {
            outcome = story::tell(namespace, &moto) => outcome,
            // No failure, of which everything would be shown.
            signal = interrupt() => {
                interrupted = Some(signal?);
                Ok(())
            }
        }
    })
    .await;
    if made_crds {
        samples::remove_crds(plane).await?;
    }
    moto.stop().await?;
    match interrupted {
        Some(signal) => bail!("ended by {signal}"),
        None => outcome,
    }
}

/// Waits for somebody to end the demo, and says how they did.
async fn interrupt() -> Result<&'static str> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => "an interrupt",
        _ = terminate.recv() => "SIGTERM",
    })
}

/// A duration as a person reads it.
fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
