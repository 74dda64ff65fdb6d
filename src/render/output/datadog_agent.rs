//! The patch of a DatadogAgent. Its operator adds volumes, mounts and variables, and no init container: the helper comes as
//! an image volume.

use serde_json::{Map, Value, json};

use super::super::document::Document;
use super::super::plan::{Bundle, Owner, Plan};
use super::super::problem::Note;
use super::super::settings::{Delivery, Settings};
use super::super::shape::{self, Container};
use super::super::yaml::{self, Node};
use super::external_secret::metadata;
use super::manifests::is_agents;

/// The patch; none where nothing changes.
pub(super) fn patch(plan: &Plan, agent: &Document, settings: &Settings, notes: &mut Vec<Note>) -> Option<Value> {
    let settings = Settings { delivery: Delivery::Image, ..settings.clone() };
    let mut overrides = Map::new();
    for bundle in plan.bundles.iter().filter(|bundle| is_agents(bundle, plan)) {
        let Owner::Component(component) = bundle.owner else { continue };
        let own = agent.node.at(&["spec", "override", component.override_key()]);
        overrides.extend(
            component_override(bundle, own, &settings, notes).map(|value| (component.override_key().to_owned(), value)),
        );
    }
    if overrides.is_empty() {
        return None;
    }
    notes.push(Note::hint(
        "Datadog's operator adds no init container, so the helper is mounted from its image: that needs Kubernetes 1.35 and \
         a DatadogAgent CRD whose volumes have `image`; --output policy works without either",
    ));
    Some(json!({
        "apiVersion": "datadoghq.com/v2alpha1",
        "kind": "DatadogAgent",
        "metadata": metadata(agent.name().unwrap_or("datadog"), agent.namespace().or(settings.namespace.as_deref())),
        "spec": {
            "global": {"secretBackend": {
                "command": shape::command(),
                "args": settings.root,
                "timeout": settings.timeout,
                "refreshInterval": settings.agent_refresh,
                "enableGlobalPermissions": false,
            }},
            "override": overrides,
        },
    }))
}

fn component_override(
    bundle: &Bundle,
    own: Option<&Node>,
    settings: &Settings,
    notes: &mut Vec<Note>,
) -> Option<Value> {
    let workload = bundle.targets.first()?;
    let shape = shape::shape(bundle, workload, settings, notes);
    if shape.is_empty() {
        return None;
    }
    let mut value = Map::new();
    if !shape.labels.is_empty() {
        value.insert("labels".to_owned(), json!(shape.labels));
    }
    let has_group = own.is_some_and(|own| own.text_at(&["securityContext", "fsGroup"]).is_some());
    let group = shape.fs_group.filter(|_| !has_group);
    value.extend(group.map(|group| ("securityContext".to_owned(), json!({"fsGroup": group}))));
    if !shape.volumes.is_empty() {
        value.insert("volumes".to_owned(), joined(own.and_then(|own| own.get("volumes")), "name", &shape.volumes));
    }
    let containers =
        shape.containers.iter().map(|container| (container.name.clone(), container_override(container, own)));
    value.insert("containers".to_owned(), Value::Object(containers.collect()));
    Some(Value::Object(value))
}

fn container_override(container: &Container, own: Option<&Node>) -> Value {
    let own = own.and_then(|own| own.at(&["containers", &container.name]));
    let there = own.and_then(|own| own.get("volumeMounts"));
    let mounts = (!container.mounts.is_empty()).then(|| joined(there, "mountPath", &container.mounts));
    let mut value = Map::from_iter([("env".to_owned(), container.env.clone().into())]);
    value.extend(mounts.map(|mounts| ("volumeMounts".to_owned(), mounts)));
    Value::Object(value)
}

/// The list that is there with `more` put in: a merge patch, and Helm, replace a list as a whole.
pub(super) fn joined(there: Option<&Node>, identity: &str, more: &[Value]) -> Value {
    let mut holder = Node::map();
    if let Some(there) = there {
        holder.set("list", there.clone());
    }
    let list = holder.list_at("list");
    for item in more {
        list.put(identity, item.clone().into());
    }
    yaml::value(list)
}
