//! The scheduler, and kube-proxy, by which pods reach the API server at its Service's address.

use std::process::Command;

use anyhow::Result;
use serde_json::json;

use super::{NAME, network};
use crate::control_plane::ControlPlane;
use crate::process::Process;
use crate::tools::Tool;

/// Whom the scheduler's rights belong to.
pub(super) const SCHEDULER: &str = "system:kube-scheduler";
/// Whom kube-proxy's rights belong to.
pub(super) const KUBE_PROXY: &str = "system:kube-proxy";

/// Starts the scheduler; the control plane stops it.
pub(super) fn start_scheduler(plane: &ControlPlane) -> Result<()> {
    let kubeconfig = plane.user(SCHEDULER)?.kubeconfig.display();
    let mut command = Command::new(Tool::Scheduler.find(plane.settings())?);
    for flag in ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"] {
        command.arg(format!("--{flag}={kubeconfig}"));
    }
    command.args(["--leader-elect=false", "--secure-port=0"]);
    plane.adopt(Process::start("kube-scheduler", command, &plane.scratch().path().join("scheduler.log"))?);
    Ok(())
}

/// Starts kube-proxy; the control plane stops it.
pub(super) fn start_kube_proxy(plane: &ControlPlane) -> Result<()> {
    let configuration = json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": NAME,
        "clientConnection": {"kubeconfig": plane.user(KUBE_PROXY)?.kubeconfig},
        "clusterCIDR": network::PODS,
        // The size of the connection table is the host's affair.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    });
    let mut command = Command::new(Tool::KubeProxy.find(plane.settings())?);
    command.arg("--config").arg(plane.scratch().write("kube-proxy.json", configuration.to_string())?);
    plane.adopt(Process::start("kube-proxy", command, &plane.scratch().path().join("kube-proxy.log"))?);
    Ok(())
}
