//! containerd, with all its files in the run's folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::images;
use super::network::Networks;
use crate::control_plane::ControlPlane;
use crate::process::{Process, run};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// The namespace in which the kubelet's containers and images are.
const NAMESPACE: &str = "k8s.io";

/// A running containerd; the control plane stops it.
#[derive(Debug)]
pub(super) struct Containerd {
    socket: PathBuf,
}

impl Containerd {
    pub(super) async fn start(plane: &ControlPlane, networks: &Networks) -> Result<Self> {
        let folder = plane.scratch().path();
        let containerd = Self { socket: folder.join("containerd.sock") };
        let configuration = configuration(folder, &containerd.socket, networks);
        let mut command = Command::new("containerd");
        command.arg("--config").arg(plane.scratch().write("containerd.toml", configuration)?);
        let mut process = Process::start("containerd", command, &folder.join("containerd.log"))?;
        process.ready(READY_WITHIN, async || containerd.ctr(&["version"]).await.is_ok()).await?;
        plane.adopt(process);
        Ok(containerd)
    }

    /// Where the kubelet finds it.
    pub(super) fn endpoint(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Loads the images of an archive and answers their names.
    pub(super) async fn import(&self, archive: &Path) -> Result<Vec<String>> {
        let text = self.ctr(&["image", "import", &archive.to_string_lossy()]).await;
        let text = text.with_context(|| format!("load {}", archive.display()))?;
        Ok(text
            .lines()
            .filter_map(|line| Some(line.strip_prefix("unpacking ")?.split(' ').next()?.to_owned()))
            .collect())
    }

    async fn ctr(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("ctr");
        command.arg("--address").arg(&self.socket).args(["--namespace", NAMESPACE]).args(arguments);
        run(command).await
    }
}

/// `restrict_oom_score_adj`: without `CAP_SYS_RESOURCE` runc could not set what Kubernetes wants and dies wordlessly.
fn configuration(folder: &Path, socket: &Path, networks: &Networks) -> String {
    let path = |name: &str| folder.join(name).display().to_string();
    format!(
        r#"version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{networks}"
"#,
        root = path("containerd"),
        state = path("containerd-state"),
        pause = images::reference(images::PAUSE),
        socket = socket.display(),
        plugins = networks.plugins.display(),
        networks = networks.configuration.display(),
    )
}
