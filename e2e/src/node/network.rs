//! The pods' network: a bridge that has the machine's address for them, and the CNI plugins' configuration.
//!
//! The whole network is a namespace of this run's, so the fixed addresses are in nobody's way.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use crate::process::run;
use crate::scratch::Scratch;

/// The machine, as pods see it; also their way out, which leads nowhere.
pub(super) const GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 31, 0, 1);
/// Of all pods.
pub(super) const PODS: &str = "172.31.0.0/24";
const BRIDGE: &str = "keyferry0";
/// Where distributions put the plugins.
const PLUGINS: [&str; 3] = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/// Where containerd finds what it needs for a pod's network.
#[derive(Clone, Debug)]
pub(super) struct Networks {
    /// The folder of the plugins.
    pub(super) plugins: PathBuf,
    /// The folder of the configuration.
    pub(super) configuration: PathBuf,
}

/// Makes the bridge, so that servers can listen on its address before the first pod.
pub(super) async fn make_bridge() -> Result<()> {
    ip(&["link", "add", BRIDGE, "type", "bridge"]).await.context("this kernel needs CONFIG_BRIDGE")?;
    ip(&["address", "add", &format!("{GATEWAY}/24"), "dev", BRIDGE]).await?;
    ip(&["link", "set", BRIDGE, "up"]).await?;
    fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("let packets through")
}

/// Writes the plugins' configuration.
pub(super) fn configure(scratch: &Scratch) -> Result<Networks> {
    let configuration = scratch.path().join("cni");
    fs::create_dir(&configuration)?;
    fs::write(configuration.join("10-keyferry.conflist"), conflist(scratch).to_string())?;
    let plugins = PLUGINS.map(Path::new).into_iter().find(|folder| folder.join("bridge").is_file());
    let plugins = plugins.context("the CNI plugins are missing: run e2e/tools/node.py check")?.to_owned();
    Ok(Networks { plugins, configuration })
}

/// A bridge enforces no `NetworkPolicy`; there is no plugin in Debian that does.
fn conflist(scratch: &Scratch) -> serde_json::Value {
    json!({"cniVersion": "1.0.0", "name": "keyferry", "plugins": [{
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": true,
        "ipMasq": true,
        "hairpinMode": true,
        "ipam": {
            "type": "host-local",
            "dataDir": scratch.path().join("addresses"),
            "ranges": [[{"subnet": PODS, "rangeStart": "172.31.0.10"}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }]})
}

async fn ip(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("ip");
    command.args(arguments);
    run(command).await.map(|_| ())
}
