//! Which process resolves a handle, by the place where it stands.
//!
//! The tables follow what Datadog's chart and operator do with a value: which container gets it as a variable or a file. A
//! cluster check is resolved by the one who runs it, so that the Cluster Agent needs no credential of a database.

use std::collections::BTreeSet;

use keyferry_helper::configuration::{Place, Step};

use super::document::{Document, Kind};
use super::workload::{Workload, template_path};
use super::yaml::{self, Node};

/// A part of Datadog's Agent that is a workload of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Component {
    /// The `DaemonSet`.
    NodeAgent,
    /// The Cluster Agent.
    ClusterAgent,
    /// The Cluster Checks Runner.
    ClusterChecksRunner,
}

/// Containers of one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Containers {
    /// All that run a program of Datadog's, or all of a pod that is not Datadog's.
    Every,
    /// These.
    Named(BTreeSet<String>),
}

/// Who resolves a handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Consumer {
    /// Containers of a component.
    Component(Component, Containers),
    /// Whoever runs cluster checks.
    ClusterCheck,
    /// Containers of another workload, by its number.
    Workload(usize, Containers),
}

impl Component {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::NodeAgent, Self::ClusterAgent, Self::ClusterChecksRunner];

    /// The container that runs checks and reads the configuration.
    pub(super) fn main_container(self) -> &'static str {
        if self == Self::ClusterAgent { "cluster-agent" } else { "agent" }
    }

    /// Its key in the chart's values.
    pub(super) fn values_key(self) -> &'static str {
        match self {
            Self::NodeAgent => "agents",
            Self::ClusterAgent => "clusterAgent",
            Self::ClusterChecksRunner => "clusterChecksRunner",
        }
    }

    /// Its key in a DatadogAgent's `spec.override`.
    pub(super) fn override_key(self) -> &'static str {
        if self == Self::NodeAgent { "nodeAgent" } else { self.values_key() }
    }

    fn main(self) -> Consumer {
        Consumer::Component(self, named(self.main_container()))
    }

    fn every(self) -> Consumer {
        Consumer::Component(self, Containers::Every)
    }
}

impl Containers {
    /// The containers of both.
    pub(super) fn join(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Named(own), Self::Named(others)) => own.extend(others.iter().cloned()),
            _ => *self = Self::Every,
        }
    }
}

fn named(name: &str) -> Containers {
    Containers::Named(BTreeSet::from([name.to_owned()]))
}

fn everywhere() -> Vec<Consumer> {
    Component::ALL.map(Component::every).to_vec()
}

/// Who resolves a handle that stands at `place` of `document`; nobody that is known where it is empty.
pub(super) fn consumers(document: &Document, place: &Place, all: &[Document], workloads: &[Workload]) -> Vec<Consumer> {
    let outer: Vec<&Step> = place.steps().iter().take_while(|step| !matches!(step, Step::Inside(_))).collect();
    if let Some(annotation) = annotation(&outer) {
        return annotated(document.kind, annotation);
    }
    let keys: Vec<&str> = outer.iter().copied().filter_map(key).collect();
    let is_cluster_check = || is_cluster_check(&document.node, &outer);
    match document.kind {
        Kind::Values { nested: false } => of_values(&keys, is_cluster_check),
        Kind::Values { nested: true } => of_values(keys.get(1..).unwrap_or_default(), is_cluster_check),
        Kind::DatadogAgent => of_agent(&keys, is_cluster_check),
        Kind::Workload => of_workload(document, &outer, workloads, all),
        Kind::ConfigMap => of_config_map(document, &keys, is_cluster_check(), all, workloads),
        Kind::Check if document.node.get("cluster_check").is_some_and(Node::is_true) => vec![Consumer::ClusterCheck],
        Kind::Check => vec![Component::NodeAgent.main()],
        Kind::AgentFile => of_agent_file(document.file.rsplit('/').next().unwrap_or_default()),
        Kind::Service | Kind::Secret | Kind::Other => Vec::new(),
    }
}

fn key(step: &Step) -> Option<&str> {
    match step {
        Step::Key(key) => Some(key),
        _ => None,
    }
}

/// The annotation of Autodiscovery in whose value a handle stands.
fn annotation<'a>(outer: &[&'a Step]) -> Option<&'a str> {
    let mut keys =
        outer.iter().copied().filter_map(key).skip_while(|key| !key.to_lowercase().ends_with("annotations")).skip(1);
    keys.next().filter(|name| name.starts_with("ad.datadoghq.com/"))
}

/// Checks of a pod and of a Service's endpoints run on the node, those of a Service are cluster checks.
fn annotated(kind: Kind, annotation: &str) -> Vec<Consumer> {
    let of_service = annotation.starts_with("ad.datadoghq.com/service.");
    if kind == Kind::Service && of_service { vec![Consumer::ClusterCheck] } else { vec![Component::NodeAgent.main()] }
}

fn of_values(keys: &[&str], is_cluster_check: impl Fn() -> bool) -> Vec<Consumer> {
    match keys {
        ["datadog", "apiKey", ..] | ["clusterAgent", "token", ..] => everywhere(),
        ["datadog", "appKey", ..] => vec![Component::ClusterAgent.main()],
        ["datadog", "confd" | "autoconf" | "checksd", ..] => vec![Component::NodeAgent.main()],
        ["datadog", "otelCollector", ..] => vec![Consumer::Component(Component::NodeAgent, named("otel-agent"))],
        ["agents", "containers", name, ..] => vec![Consumer::Component(Component::NodeAgent, named(&kebab(name)))],
        ["datadog" | "agents", ..] => vec![Component::NodeAgent.every()],
        ["clusterAgent", "confd" | "advancedConfd", ..] if is_cluster_check() => vec![Consumer::ClusterCheck],
        ["clusterAgent", ..] => vec![Component::ClusterAgent.main()],
        ["clusterChecksRunner", ..] => vec![Component::ClusterChecksRunner.main()],
        _ => Vec::new(),
    }
}

fn of_agent(keys: &[&str], is_cluster_check: impl Fn() -> bool) -> Vec<Consumer> {
    match keys {
        ["spec", "global", "credentials", "appKey", ..] => vec![Component::ClusterAgent.main()],
        ["spec", "global", ..] => everywhere(),
        ["spec", "override", component, rest @ ..] => {
            let component = Component::ALL.into_iter().find(|known| known.override_key() == *component);
            component.map(|component| of_override(component, rest, is_cluster_check)).unwrap_or_default()
        }
        ["spec", "features", "externalMetricsServer" | "kubeStateMetricsCore" | "admissionController", ..] => {
            vec![Component::ClusterAgent.main()]
        }
        ["spec", "features", "otelCollector", ..] => {
            vec![Consumer::Component(Component::NodeAgent, named("otel-agent"))]
        }
        ["spec", "features", ..] => vec![Component::NodeAgent.every()],
        _ => Vec::new(),
    }
}

fn of_override(component: Component, keys: &[&str], is_cluster_check: impl Fn() -> bool) -> Vec<Consumer> {
    match keys {
        ["extraConfd", ..] if component == Component::ClusterAgent && is_cluster_check() => {
            vec![Consumer::ClusterCheck]
        }
        ["extraConfd" | "extraChecksd", ..] => vec![component.main()],
        ["containers", name, ..] => vec![Consumer::Component(component, named(name))],
        _ => vec![component.every()],
    }
}

/// A handle in a container is that container's; elsewhere in a pod it is every container's.
fn of_workload(document: &Document, outer: &[&Step], workloads: &[Workload], all: &[Document]) -> Vec<Consumer> {
    let place = workloads.iter().position(|workload| workload.document.is_some_and(|own| same(own, document, all)));
    let Some((number, workload)) = place.and_then(|number| Some((number, workloads.get(number)?))) else {
        return Vec::new();
    };
    let containers = container(&document.node, outer).map_or(Containers::Every, |name| named(&name));
    vec![consumer(number, workload, containers)]
}

fn same(number: usize, document: &Document, all: &[Document]) -> bool {
    all.get(number).is_some_and(|own| std::ptr::eq(own, document))
}

fn consumer(number: usize, workload: &Workload, containers: Containers) -> Consumer {
    match workload.component {
        Some(component) => Consumer::Component(component, containers),
        None => Consumer::Workload(number, containers),
    }
}

/// The name of the container through which `steps` lead.
fn container(root: &Node, steps: &[&Step]) -> Option<String> {
    let mut node = root;
    let mut list = "";
    for step in steps {
        match step {
            Step::Key(key) => (node, list) = (node.get(key)?, key),
            Step::Index(index) => node = node.items().get(*index)?,
            _ => return None,
        }
        if list == "containers" && matches!(step, Step::Index(_)) {
            return node.text_at(&["name"]).map(str::to_owned);
        }
    }
    None
}

/// Whoever mounts the `ConfigMap`; where nobody of the input does, what the names of its files say.
fn of_config_map(
    document: &Document,
    keys: &[&str],
    is_cluster_check: bool,
    all: &[Document],
    workloads: &[Workload],
) -> Vec<Consumer> {
    let mounted: Vec<_> =
        workloads.iter().enumerate().filter_map(|(at, workload)| mounts(at, workload, document, all)).collect();
    let of_cluster_agent = |consumer: &Consumer| matches!(consumer, Consumer::Component(Component::ClusterAgent, _));
    match keys {
        _ if is_cluster_check && (mounted.is_empty() || mounted.iter().all(of_cluster_agent)) => {
            vec![Consumer::ClusterCheck]
        }
        _ if !mounted.is_empty() => mounted,
        ["data", file, ..] => of_agent_file(file),
        _ => Vec::new(),
    }
}

/// What an agent's file is read by; any other file is one of `conf.d`.
fn of_agent_file(name: &str) -> Vec<Consumer> {
    let node_agent = |container| vec![Consumer::Component(Component::NodeAgent, named(container))];
    match name {
        "datadog.yaml" => vec![Component::NodeAgent.every()],
        "datadog-cluster.yaml" => vec![Component::ClusterAgent.main()],
        "security-agent.yaml" => node_agent("security-agent"),
        "system-probe.yaml" => node_agent("system-probe"),
        "otel-config.yaml" => node_agent("otel-agent"),
        _ => vec![Component::NodeAgent.main()],
    }
}

/// The containers of a workload that mount `map`. Datadog's charts let an init container copy `conf.d` for the main one.
fn mounts(number: usize, workload: &Workload, map: &Document, all: &[Document]) -> Option<Consumer> {
    let document = all.get(workload.document?)?;
    if map.namespace().is_some() && document.namespace().is_some() && map.namespace() != document.namespace() {
        return None;
    }
    let spec = document.node.at(template_path(&workload.kind))?.get("spec")?;
    let volumes = spec.get("volumes")?.items().iter().filter(|volume| shows(volume, map.name().unwrap_or_default()));
    let volumes: BTreeSet<&str> = volumes.filter_map(|volume| volume.text_at(&["name"])).collect();
    if volumes.is_empty() {
        return None;
    }
    let direct: BTreeSet<String> = mounters(spec, &volumes).collect();
    let containers = match workload.component {
        _ if !direct.is_empty() => Containers::Named(direct),
        Some(component) => named(component.main_container()),
        None => Containers::Every,
    };
    Some(consumer(number, workload, containers))
}

/// Whether a volume shows the `ConfigMap` of that name.
fn shows(volume: &Node, name: &str) -> bool {
    let sources = volume.at(&["projected", "sources"]).map(Node::items).unwrap_or_default();
    volume.text_at(&["configMap", "name"]) == Some(name)
        || sources.iter().any(|source| source.text_at(&["configMap", "name"]) == Some(name))
}

fn mounters<'a>(spec: &'a Node, volumes: &'a BTreeSet<&str>) -> impl Iterator<Item = String> + 'a {
    let mounts = |container: &Node| container.get("volumeMounts").map(Node::items).unwrap_or_default().to_vec();
    let uses = move |container: &&Node| {
        mounts(container).iter().any(|mount| mount.text_at(&["name"]).is_some_and(|name| volumes.contains(name)))
    };
    let containers = spec.get("containers").map(Node::items).unwrap_or_default();
    containers.iter().filter(uses).filter_map(|container| container.text_at(&["name"]).map(str::to_owned))
}

/// Whether the check's text at the end of `steps` says that it is a cluster check.
fn is_cluster_check(root: &Node, steps: &[&Step]) -> bool {
    let mut node = root;
    let says = |node: &Node| node.get("cluster_check").is_some_and(Node::is_true);
    for step in steps {
        let next = match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().get(*index),
            _ => None,
        };
        let Some(next) = next else { return false };
        if says(next) {
            return true;
        }
        node = next;
    }
    let inner = node.text().and_then(|text| yaml::read(text, 1).ok().flatten());
    inner.is_some_and(|check| says(&check))
}

/// `traceAgent` as its container is called: `trace-agent`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
