//! Helm, in both majors, as a user of the control plane.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::control_plane::ControlPlane;
use crate::process::run;
use crate::scratch::suffix;
use crate::settings::{Settings, repository};
use crate::tools::Tool;

/// One of Helm's majors, with a home of its own.
#[derive(Clone, Debug)]
pub struct Helm {
    binary: PathBuf,
    home: PathBuf,
    kubeconfig: PathBuf,
}

/// The chart of this repository.
pub fn chart() -> PathBuf {
    repository().join("charts/keyferry")
}

impl Helm {
    /// Helm 4 against `plane`, as its administrator.
    pub fn four(plane: &ControlPlane) -> Result<Self> {
        Self::new(Tool::Helm, plane.settings(), plane)
    }

    /// Helm 3 against `plane`, as its administrator.
    pub fn three(plane: &ControlPlane) -> Result<Self> {
        Self::new(Tool::Helm3, plane.settings(), plane)
    }

    fn new(tool: Tool, settings: &Settings, plane: &ControlPlane) -> Result<Self> {
        let (home, kubeconfig) = (plane.scratch().path().join("helm"), plane.kubeconfig().to_owned());
        Ok(Self { binary: tool.find(settings)?, home, kubeconfig })
    }

    /// Any command of it, with its standard output for an answer.
    pub async fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Result<String> {
        let mut command = Command::new(&self.binary);
        command.env("KUBECONFIG", &self.kubeconfig);
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(variable, self.home.join(variable));
        }
        command.args(arguments);
        run(command).await
    }

    /// Lints a chart strictly.
    pub async fn lint(&self, chart: &Path, values: &Value) -> Result<()> {
        let values = self.values(values)?;
        let arguments = ["lint".as_ref(), "--strict".as_ref(), values.as_ref(), chart.as_os_str()];
        self.run(arguments).await.map(|_| ())
    }

    /// Renders a chart, CRDs included; each document as JSON.
    pub async fn template(&self, chart: &Path, namespace: &str, values: &Value) -> Result<Vec<Value>> {
        let (values, namespace) = (self.values(values)?, format!("--namespace={namespace}"));
        let fixed = ["template", "keyferry", "--include-crds", &namespace].map(AsRef::as_ref);
        let text = self.run(fixed.into_iter().chain([values.as_ref(), chart.as_os_str()])).await?;
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).context("read what the chart renders")?;
        Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
    }

    /// Installs a chart, or upgrades it, and does not wait for pods: this control plane has no node.
    pub async fn install(&self, release: &str, chart: &Path, namespace: &str, values: &Value) -> Result<()> {
        let (values, namespace) = (self.values(values)?, format!("--namespace={namespace}"));
        let fixed = ["upgrade", "--install", release, &namespace].map(AsRef::as_ref);
        self.run(fixed.into_iter().chain([values.as_ref(), chart.as_os_str()])).await.map(|_| ())
    }

    /// Runs `install` or `upgrade`, and waits up to a minute for what the chart brings to be ready.
    pub async fn install_and_wait(
        &self,
        verb: &str,
        release: &str,
        chart: &Path,
        namespace: &str,
        values: &Value,
    ) -> Result<()> {
        let (values, namespace) = (self.values(values)?, format!("--namespace={namespace}"));
        let fixed = [verb, release, &namespace, "--wait", "--timeout=60s"].map(AsRef::as_ref);
        self.run(fixed.into_iter().chain([values.as_ref(), chart.as_os_str()])).await.map(|_| ())
    }

    /// Removes a release.
    pub async fn uninstall(&self, release: &str, namespace: &str) -> Result<()> {
        self.run(["uninstall", release, &format!("--namespace={namespace}")]).await.map(|_| ())
    }

    /// Values as the flag that names a file of them. The file lies in this run's folder and goes with it.
    fn values(&self, values: &Value) -> Result<OsString> {
        let path = self.home.join(format!("values-{}.json", suffix()));
        std::fs::create_dir_all(&self.home)?;
        std::fs::write(&path, values.to_string()).with_context(|| format!("write {}", path.display()))?;
        Ok([OsStr::new("--values="), path.as_os_str()].into_iter().collect())
    }
}
