//! The kubelet, with what a machine without a service manager, without `CAP_SYS_RESOURCE` and with cgroup v1 needs.

use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use super::containerd::Containerd;
use super::{NAME, network};
use crate::control_plane::ControlPlane;
use crate::process::Process;
use crate::tools::Tool;

/// Whom the Node authorizer takes it for.
pub(super) const USER: &str = "system:node:node";

/// Starts it; the control plane stops it.
pub(super) fn start(plane: &ControlPlane, containerd: &Containerd, cgroup: &str) -> Result<()> {
    let folder = plane.scratch().path();
    let configuration = configuration(containerd, cgroup, &folder.join("pod-logs").to_string_lossy()).to_string();
    let mut command = Command::new(Tool::Kubelet.find(plane.settings())?);
    command.arg("--config").arg(plane.scratch().write("kubelet.json", configuration)?);
    command.arg("--kubeconfig").arg(&plane.user(USER)?.kubeconfig);
    command.arg("--root-dir").arg(folder.join("kubelet"));
    command.args(["--hostname-override", NAME, "--node-ip", &network::GATEWAY.to_string()]);
    plane.adopt(Process::start("kubelet", command, &folder.join("kubelet.log"))?);
    Ok(())
}

fn configuration(containerd: &Containerd, cgroup: &str, logs: &str) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": network::GATEWAY,
        "containerRuntimeEndpoint": containerd.endpoint(),
        "podLogsDir": logs,
        // The API server asks for logs without a client certificate, and this network has no strangers.
        "authentication": {"anonymous": {"enabled": true}, "webhook": {"enabled": false}},
        "authorization": {"mode": "AlwaysAllow"},
        // All containers beneath one cgroup of this run, which node.py has made and removes.
        "cgroupRoot": format!("/{cgroup}"),
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": true,
        "enforceNodeAllocatable": [],
        "failCgroupV1": false,
        "failSwapOn": false,
        "localStorageCapacityIsolation": false,
        // Nothing may be evicted because a developer's disk is full.
        "evictionHard": {},
        // Freshness is what is measured here: these are the kubelet's own defaults, written down.
        "syncFrequency": "1m",
        "configMapAndSecretChangeDetectionStrategy": "Watch",
        "maxPods": 110,
        // Of a server that is not there: nothing here has a name, and pods without a server's address are warned of.
        "clusterDNS": ["10.96.0.10"],
        "clusterDomain": "cluster.local",
    })
}
