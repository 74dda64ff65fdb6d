//! A real node beside the control plane: containerd, kubelet, scheduler, kube-proxy, in namespaces of our own.
//!
//! `e2e/tools/node.py` makes the ground (network, mounts and process ids that nobody else has, and that end with the
//! run) and starts the test binary on it; `make e2e-node` does both. All tests of a run share one node, which
//! [`shared`] starts with the first that asks. Images come from archives or are built from folders ([`images`]), pods
//! from manifests ([`pod`]), the operator from the chart by Helm ([`release`]); [`scene`] puts these together.

pub mod agent;
pub mod cgroup;
mod containerd;
pub mod figures;
pub mod images;
mod kubelet;
mod network;
pub mod pod;
pub mod progress;
pub mod release;
pub mod rights;
pub mod scene;
mod services;
pub mod turns;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use k8s_openapi::api::core::v1;
use kube::Api;
use tokio::sync::{Mutex, OnceCell};

use crate::control_plane::{CONTROLLERS, ControlPlane, Shape};
use crate::namespace::await_in;
use crate::settings::Settings;
use containerd::Containerd;
use images::Shipped;

/// The node's name.
pub const NAME: &str = "node";
const READY_WITHIN: Duration = Duration::from_mins(2);
/// What Deployments, Services, disruption budgets and the death of pods need beside what every control plane runs.
const MORE_CONTROLLERS: &str = ",deployment-controller,replicaset-controller,daemonset-controller,endpoints-controller,\
    endpointslice-controller,disruption-controller,node-lifecycle-controller,pod-garbage-collector-controller,\
    taint-eviction-controller";

static SHARED: OnceCell<Result<Node>> = OnceCell::const_new();

/// The node of this run, started if need be; what could not be started once is not tried again.
pub async fn shared() -> Result<&'static Node> {
    let shared = Box::pin(SHARED.get_or_init(start)).await;
    shared.as_ref().map_err(|error| anyhow!("{error:#}"))
}

async fn start() -> Result<Node> {
    Box::pin(Node::start(&Settings::from_environment())).await
}

/// A control plane with one node that is ready for pods.
#[derive(Debug)]
pub struct Node {
    plane: ControlPlane,
    containerd: Containerd,
    /// The cgroup that all containers are beneath, in each hierarchy.
    cgroup: String,
    /// By their names; held while one is loaded, since containerd drops the parts of one that two are loading.
    loaded: Mutex<BTreeMap<String, Shipped>>,
}

impl Node {
    async fn start(settings: &Settings) -> Result<Self> {
        let ground = settings.node.clone().context("a node needs ground of its own: run `make e2e-node` as root")?;
        network::make_bridge().await?;
        let plane = progress::of("start the control plane", ControlPlane::start_as(settings, &shape())).await?;
        progress::of("start the node", Box::pin(Self::on(plane, ground))).await
    }

    async fn on(plane: ControlPlane, cgroup: String) -> Result<Self> {
        let networks = network::configure(plane.scratch())?;
        let containerd = Containerd::start(&plane, &networks).await?;
        let node = Self { plane, containerd, cgroup, loaded: Mutex::default() };
        node.image(images::PAUSE, &images::stand_in()?).await?;
        services::start_scheduler(&node.plane)?;
        services::start_kube_proxy(&node.plane)?;
        kubelet::start(&node.plane, &node.containerd, &node.cgroup)?;
        node.await_ready().await?;
        Ok(node)
    }

    /// Its control plane.
    pub fn plane(&'static self) -> &'static ControlPlane {
        &self.plane
    }

    /// The address at which pods reach what listens on this machine: moto's proxy, for one.
    pub fn address(&self) -> Ipv4Addr {
        network::GATEWAY
    }

    async fn await_ready(&self) -> Result<()> {
        let nodes: Api<v1::Node> = Api::all(self.plane.client().await?);
        let waited = await_in(nodes, NAME, |node: Option<&v1::Node>| node.is_some_and(is_ready), READY_WITHIN).await;
        // One that has ended says more than a node that does not come.
        self.plane.check()?;
        waited.map(|_| ())
    }
}

fn is_ready(node: &v1::Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// A control plane that pods and a kubelet can reach, and that trusts the kubelet with its own pods' things alone.
fn shape() -> Shape {
    let flags = [
        // On, as OpenShift has it: an owner reference that blocks deletion needs the right to finalizers.
        "--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement",
        "--authorization-mode=Node,RBAC",
        // The node's name resolves nowhere.
        "--kubelet-preferred-address-types=InternalIP",
        // Helm 4 waits by watches, tests run at once: the defaults are for servers with other work.
        "--max-requests-inflight=800",
    ];
    Shape {
        address: network::GATEWAY,
        flags: flags.map(str::to_owned).to_vec(),
        controllers: CONTROLLERS.to_owned() + MORE_CONTROLLERS,
        users: vec![(services::SCHEDULER, ""), (services::KUBE_PROXY, ""), (kubelet::USER, "system:nodes")],
    }
}
