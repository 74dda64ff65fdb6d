//! The operator as a process of its own, with the rights that its ServiceAccount has and no more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::control_plane::{ControlPlane, Identity};
use crate::http::Answer;
use crate::namespace::Namespace;
use crate::process::{Process, free_port};
use crate::scratch::suffix;
use crate::settings::Settings;
use crate::usage::Usage;

/// How to start an operator.
#[derive(Clone, Debug)]
pub struct Launch {
    identity: Identity,
    flags: Vec<String>,
    environment: BTreeMap<String, String>,
    binary: Option<PathBuf>,
}

impl Launch {
    /// An operator that acts as `identity`, with the flags it needs to live beside others on one machine.
    pub fn new(identity: &Identity) -> Self {
        let environment = [("AWS_EC2_METADATA_DISABLED", "true"), ("RUST_BACKTRACE", "1")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { identity: identity.clone(), flags: Vec::new(), environment: BTreeMap::from(environment), binary: None }
    }

    /// Has it talk to the API server by another way, for example [`crate::gate::Gate::identity`].
    #[must_use]
    pub fn reaching_by(mut self, identity: &Identity) -> Self {
        self.identity = identity.clone();
        self
    }

    /// Adds a flag as it stands on the command line.
    #[must_use]
    pub fn flag(mut self, flag: impl Into<String>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// Adds several.
    #[must_use]
    pub fn flags(self, all: impl IntoIterator<Item = String>) -> Self {
        all.into_iter().fold(self, Self::flag)
    }

    /// Runs this binary, whatever the settings say.
    #[must_use]
    pub fn binary(self, path: &Path) -> Self {
        Self { binary: Some(path.to_owned()), ..self }
    }

    /// Sets a variable of its environment, which is otherwise empty.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Sets several.
    #[must_use]
    pub fn variables(self, all: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        all.into_iter().fold(self, |launch, (name, value)| launch.variable(name, value))
    }

    /// Has all calls to AWS go to `endpoint`, for example [`crate::proxy::Proxy::url`].
    #[must_use]
    pub fn aws_at(self, endpoint: &str) -> Self {
        let services = ["AWS_SECRETSMANAGER_ENDPOINT", "AWS_SSM_ENDPOINT", "AWS_STS_ENDPOINT"];
        services.into_iter().fold(self, |launch, service| launch.variable(service, endpoint))
    }

    /// Starts it and waits until it says that it is ready. Its log's tail is written when the test of `namespace` fails.
    pub async fn start(self, namespace: &Namespace, within: Duration) -> Result<Operator> {
        let mut operator = self.spawn(namespace.plane())?;
        namespace.watch_log(operator.process.log());
        operator.await_ready(within).await?;
        Ok(operator)
    }

    /// Starts it and does not wait.
    pub fn spawn(self, plane: &ControlPlane) -> Result<Operator> {
        let (metrics, live) = (free_port()?, free_port()?);
        let mut command = Command::new(self.binary.map_or_else(|| binary(plane.settings()), Ok)?);
        command.env_clear().env("KUBECONFIG", &self.identity.kubeconfig).envs(&self.environment);
        command.arg(format!("--metrics-addr=127.0.0.1:{metrics}")).arg(format!("--live-addr=127.0.0.1:{live}"));
        command.args(&self.flags);
        let log = plane.scratch().path().join(format!("operator-{}.log", suffix()));
        let process = Process::start("keyferry", command, &log)?;
        Ok(Operator { process, user: self.identity.user, metrics, live })
    }
}

/// A running operator; killed on drop.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    user: String,
    metrics: u16,
    live: u16,
}

impl Operator {
    /// The name that the audit log knows it by.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Waits until `/readyz` answers 200.
    pub async fn await_ready(&mut self, within: Duration) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.live);
        self.process.ready(within, async || crate::http::get(&url).await.is_ok_and(|answer| answer.is_success())).await
    }

    /// What it answers to a probe: `/healthz` or `/readyz`.
    pub async fn probe(&self, path: &str) -> Result<Answer> {
        crate::http::get(&format!("http://127.0.0.1:{}{path}", self.live)).await
    }

    /// Its metrics: the series as it is written, with its labels, and its value.
    pub async fn metrics(&self) -> Result<BTreeMap<String, f64>> {
        let answer = crate::http::get(&self.metrics_url()).await?;
        if !answer.is_success() {
            bail!("/metrics answered {}", answer.status);
        }
        Ok(series(&answer.text()))
    }

    /// Where its metrics are served.
    pub fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.metrics)
    }

    /// What it has used so far.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.process.id())
    }

    /// All it has logged.
    pub fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.process.log())?).into_owned())
    }

    /// The file that has all it has logged.
    pub fn log_file(&self) -> &Path {
        self.process.log()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// Asks it to end and waits.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.process.stop().await
    }

    /// Kills it at once.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.process.kill()
    }

    /// Freezes it, as a node that swaps would.
    pub fn freeze(&self) -> Result<()> {
        self.process.signal(Signal::STOP)
    }

    /// Lets a frozen one go on.
    pub fn thaw(&self) -> Result<()> {
        self.process.signal(Signal::CONT)
    }
}

/// The operator's binary: the settings', or that of the same build as this program.
pub fn binary(settings: &Settings) -> Result<PathBuf> {
    if let Some(given) = &settings.operator {
        return Ok(given.clone());
    }
    let own = std::env::current_exe()?;
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join("keyferry")).find(|path| path.is_file());
    beside.context("the operator is not built: run `cargo build`, or set KEYFERRY_BIN")
}

fn series(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.rsplit_once(' '));
    pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_keeps_its_labels_and_comments_are_left_out() {
        let found = series("# TYPE a counter\na{b=\"c d\"} 2\nbroken\n");
        assert_eq!(found, BTreeMap::from([("a{b=\"c d\"}".to_owned(), 2.0)]));
    }
}
