//! Plain manifests: ExternalSecrets, and for each workload what it gets, as a patch of the object that is there.

use serde_json::{Map, Value, json};

use super::super::document::Document;
use super::super::plan::{Bundle, Owner, Plan};
use super::super::problem::Note;
use super::super::settings::Settings;
use super::super::shape::{self, Shape};
use super::super::workload::{Workload, template_path};
use super::{datadog_agent, external_secret};

/// Everything, in the order in which it may be applied.
pub(super) fn objects(plan: &Plan, documents: &[Document], settings: &Settings, notes: &mut Vec<Note>) -> Vec<Value> {
    let mut objects = external_secret::objects(plan, settings);
    objects.extend(patches(plan, documents, settings, notes).into_iter().map(|patch| patch.object));
    objects
}

/// A patch and the workload that it is for; none for a DatadogAgent.
pub(super) struct Patch {
    /// The patch, with the object's kind and name.
    pub object: Value,
    /// The workload.
    pub workload: Option<Workload>,
}

/// The patches of everything that changes.
pub(super) fn patches(plan: &Plan, documents: &[Document], settings: &Settings, notes: &mut Vec<Note>) -> Vec<Patch> {
    let mut patches = Vec::new();
    for bundle in &plan.bundles {
        if is_agents(bundle, plan) {
            continue;
        }
        for workload in &bundle.targets {
            let shape = shape::shape(bundle, workload, settings, notes);
            if !shape.is_empty() {
                patches.push(Patch { object: patch(workload, &shape), workload: Some(workload.clone()) });
            }
        }
    }
    if let Some(agent) = plan.agent.and_then(|number| documents.get(number)) {
        let object = datadog_agent::patch(plan, agent, settings, notes);
        patches.extend(object.map(|object| Patch { object, workload: None }));
    }
    patches
}

/// Whether a bundle's pods are made by Datadog's operator from a resource that the input has.
pub(super) fn is_agents(bundle: &Bundle, plan: &Plan) -> bool {
    let assumed = bundle.targets.iter().all(|workload| workload.document.is_none());
    plan.agent.is_some() && assumed && matches!(bundle.owner, Owner::Component(_))
}

/// What a workload gets, as a strategic merge patch, which is a server-side apply configuration too.
fn patch(workload: &Workload, shape: &Shape) -> Value {
    let path = template_path(&workload.kind);
    let mut body = pod(shape, shape::is_root(workload));
    for key in path.iter().rev() {
        body = json!({*key: body});
    }
    let mut object = Map::from_iter([
        ("apiVersion".to_owned(), Value::from(workload.api_version.as_str())),
        ("kind".to_owned(), Value::from(workload.kind.as_str())),
        ("metadata".to_owned(), external_secret::metadata(&workload.name, workload.namespace.as_deref())),
    ]);
    for (key, value) in body.as_object().into_iter().flatten() {
        match (object.get_mut(key).and_then(Value::as_object_mut), value) {
            (Some(own), Value::Object(more)) => own.extend(more.clone()),
            _ => drop(object.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(object)
}

/// What a pod gets: metadata and spec.
fn pod(shape: &Shape, is_root: bool) -> Value {
    let mut spec = Map::new();
    spec.extend(shape.fs_group.map(|group| ("securityContext".to_owned(), json!({"fsGroup": group}))));
    spec.extend(shape.init_of(is_root).map(|init| ("initContainers".to_owned(), json!([init]))));
    spec.insert("containers".to_owned(), shape.containers.iter().map(container).collect());
    if !shape.volumes.is_empty() {
        spec.insert("volumes".to_owned(), shape.volumes.clone().into());
    }
    if shape.labels.is_empty() {
        return json!({"spec": spec});
    }
    json!({"metadata": {"labels": shape.labels}, "spec": spec})
}

fn container(container: &shape::Container) -> Value {
    let fields = [("env", &container.env), ("volumeMounts", &container.mounts)];
    let fields = fields.into_iter().filter(|(_, list)| !list.is_empty());
    let fields = fields.map(|(name, list)| (name.to_owned(), Value::from(list.clone())));
    std::iter::once(("name".to_owned(), Value::from(container.name.as_str()))).chain(fields).collect()
}
