//! A control plane and AWS on this machine, for people who develop: `keyferry-dev up`, then export what it prints.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use keyferry_e2e::aws::Moto;
use keyferry_e2e::control_plane::ControlPlane;
use keyferry_e2e::proxy::Proxy;
use keyferry_e2e::settings::Settings;

const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Parser)]
#[command(about = "A control plane and AWS on loopback, without a container engine")]
struct Flags {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything, prints the environment to export, and stays until it is interrupted.
    Up,
}

#[tokio::main]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    match flags.command {
        Command::Up => up(&flags.settings.without_empty()).await,
    }
}

async fn up(settings: &Settings) -> Result<()> {
    let (mut plane, moto) = tokio::try_join!(ControlPlane::open(settings), Moto::start(settings))?;
    let proxy = Proxy::start(moto.address()).await?;
    let url = proxy.url();
    let mut out = std::io::stdout();
    writeln!(out, "export KUBECONFIG={}", plane.kubeconfig().display())?;
    for service in ["SECRETSMANAGER", "STS"] {
        writeln!(out, "export AWS_{service}_ENDPOINT={url}")?;
    }
    writeln!(out, "# files: {}; interrupt this program to stop", plane.scratch().path().display())?;
    out.flush()?;
    let outcome = tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(anyhow::Error::from),
        failed = watch(&mut plane) => failed,
    };
    moto.stop().await?;
    plane.stop().await?;
    outcome
}

/// Ends when the control plane does.
async fn watch(plane: &mut ControlPlane) -> Result<()> {
    loop {
        plane.check()?;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
