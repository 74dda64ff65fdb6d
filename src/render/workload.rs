//! The workloads of the input: their pods, and which of Datadog's components they are.

use std::collections::BTreeMap;

use super::consumer::Component;
use super::document::{Document, Kind};
use super::yaml::Node;

/// A workload and what must be known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Workload {
    /// Which document of the input it is; none for one that is only assumed.
    pub document: Option<usize>,
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, where it says one.
    pub namespace: Option<String>,
    /// Which of Datadog's components it runs.
    pub component: Option<Component>,
    /// Labels that its pods have.
    pub labels: BTreeMap<String, String>,
    /// Its containers, in order; none where they are not known.
    pub containers: Option<Vec<String>>,
    /// What of the pod decides how it is changed; none where that is not known.
    pub pod: Option<Pod>,
}

/// What of a pod decides how it is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pod {
    /// Whether its processes are root's by default.
    pub is_root: bool,
    /// Whether it has a group for its volumes.
    pub has_fs_group: bool,
    /// Whether all its containers have the pod's own user, who is not root.
    pub(super) shares_user: bool,
    /// Containers whose secret backend has arguments, which would be taken for roots.
    pub with_arguments: Vec<String>,
}

/// Where the pod template stands in an object of this kind.
pub(super) fn template_path(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &[],
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        _ => &["spec", "template"],
    }
}

/// The workloads among `documents`.
pub(super) fn workloads(documents: &[Document]) -> Vec<Workload> {
    let numbered = documents.iter().enumerate().filter(|(_, document)| document.kind == Kind::Workload);
    numbered.filter_map(|(number, document)| workload(number, document)).collect()
}

fn workload(number: usize, document: &Document) -> Option<Workload> {
    let text = |path: &[&str]| document.node.text_at(path).map(str::to_owned);
    let kind = text(&["kind"])?;
    let template = document.node.at(template_path(&kind))?;
    let spec = template.get("spec")?;
    let containers = names(spec.get("containers"));
    let labels = labels(template);
    Some(Workload {
        document: Some(number),
        api_version: text(&["apiVersion"])?,
        name: text(&["metadata", "name"])?,
        namespace: text(&["metadata", "namespace"]),
        component: component(&labels, &containers),
        labels: selector(document, &labels),
        pod: Some(pod(spec)),
        containers: Some(containers),
        kind,
    })
}

fn names(list: Option<&Node>) -> Vec<String> {
    list.map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| item.text_at(&["name"]))
        .map(str::to_owned)
        .collect()
}

fn labels(template: &Node) -> BTreeMap<String, String> {
    let entries = template.at(&["metadata", "labels"]).map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text.clone(), value.text()?.to_owned()))).collect()
}

/// The labels that the workload itself selects its pods by; all of the pod's where it selects none.
fn selector(document: &Document, labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let selected = document.node.at(&["spec", "selector", "matchLabels"]).map(Node::entries).unwrap_or_default();
    let chosen = |name: &String| selected.is_empty() || selected.iter().any(|(key, _)| key.text == *name);
    labels.iter().filter(|(name, _)| chosen(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Which component of Datadog's a pod is, as its charts and its operator label them.
fn component(labels: &BTreeMap<String, String>, containers: &[String]) -> Option<Component> {
    let runs = |name: &str| containers.iter().any(|container| container == name);
    let label =
        ["agent.datadoghq.com/component", "app.kubernetes.io/component"].iter().find_map(|key| labels.get(*key));
    match label.map(String::as_str) {
        Some("agent") if runs("agent") => Some(Component::NodeAgent),
        Some("cluster-agent") if runs("cluster-agent") => Some(Component::ClusterAgent),
        Some("clusterchecks-agent" | "cluster-checks-runner") if runs("agent") => Some(Component::ClusterChecksRunner),
        _ => None,
    }
}

fn pod(spec: &Node) -> Pod {
    let containers = spec.get("containers").map(Node::items).unwrap_or_default();
    let has_arguments = |container: &&Node| {
        let env = container.get("env").map(Node::items).unwrap_or_default();
        env.iter().any(|variable| variable.text_at(&["name"]) == Some("DD_SECRET_BACKEND_ARGUMENTS"))
    };
    let user = spec.text_at(&["securityContext", "runAsUser"]);
    let has_user = |container: &Node| container.at(&["securityContext", "runAsUser"]).is_some();
    Pod {
        is_root: user == Some("0"),
        shares_user: user.is_some_and(|user| user != "0") && !containers.iter().any(has_user),
        has_fs_group: spec.text_at(&["securityContext", "fsGroup"]).is_some(),
        with_arguments: containers
            .iter()
            .filter(has_arguments)
            .filter_map(|container| container.text_at(&["name"]).map(str::to_owned))
            .collect(),
    }
}
