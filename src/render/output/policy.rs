//! A `MutatingAdmissionPolicy` for each workload: the API server itself puts into a pod what it needs, and no webhook runs.
//!
//! Lists without keys (the sources of a projected volume, a command) must not be touched by an apply configuration, so the
//! volumes and the init container are put in by a JSON patch, which replaces what an earlier run has put there. The rest is
//! an apply configuration, which is the same however often it is applied.

mod cel;

use serde_json::{Map, Value, json};

use super::super::plan::Plan;
use super::super::problem::Note;
use super::super::settings::Settings;
use super::super::shape::{self, Shape};
use super::super::workload::Workload;
use super::external_secret;
use cel::{literal, object, text};

const GROUP: &str = "admissionregistration.k8s.io/v1";

/// ExternalSecrets, policies and bindings, in order.
pub(super) fn objects(plan: &Plan, settings: &Settings, notes: &mut Vec<Note>) -> Vec<Value> {
    let mut objects = external_secret::objects(plan, settings);
    for bundle in &plan.bundles {
        for workload in &bundle.targets {
            let shape = shape::shape(bundle, workload, settings, notes);
            if shape.is_empty() {
                continue;
            }
            if let Some(lack) = lack(workload) {
                let (kind, name) = (&workload.kind, &workload.name);
                notes.push(Note::warning(format!("{kind} {name} gets no policy: {lack}")));
                continue;
            }
            objects.extend([policy(workload, &shape), binding(workload)]);
        }
    }
    if objects.iter().any(|object| object.get("kind").is_some_and(|kind| kind == "MutatingAdmissionPolicy")) {
        notes.push(Note::hint(
            "a MutatingAdmissionPolicy needs Kubernetes 1.36, and holds for pods that are made after it: restart the agents",
        ));
    }
    objects
}

/// What is missing to tell a workload's pods from all others.
fn lack(workload: &Workload) -> Option<&'static str> {
    match (&workload.namespace, workload.labels.is_empty()) {
        (None, _) => Some("its namespace is not known, and pods of others could have its labels; say --namespace"),
        (_, true) => Some("its pods have no label to know them by; give them one"),
        _ => None,
    }
}

fn name(workload: &Workload) -> String {
    let place = workload.namespace.as_deref().map(|namespace| format!("{namespace}.")).unwrap_or_default();
    format!("keyferry-helper.{place}{}.{}", workload.kind.to_lowercase(), workload.name)
}

fn binding(workload: &Workload) -> Value {
    json!({
        "apiVersion": GROUP,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name(workload)},
        "spec": {"policyName": name(workload)},
    })
}

fn policy(workload: &Workload, shape: &Shape) -> Value {
    let mut constraints = Map::from_iter([
        ("objectSelector".to_owned(), json!({"matchLabels": workload.labels})),
        (
            "resourceRules".to_owned(),
            json!([{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
            }]),
        ),
    ]);
    if let Some(namespace) = &workload.namespace {
        let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace}});
        constraints.insert("namespaceSelector".to_owned(), selector);
    }
    let mut mutations = Vec::new();
    if !shape.volumes.is_empty() {
        mutations.push(json!({"patchType": "JSONPatch", "jsonPatch": {"expression": json_patch(shape)}}));
    }
    let expression = apply_configuration(shape);
    mutations.push(json!({"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}));
    json!({
        "apiVersion": GROUP,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name(workload)},
        "spec": {
            "failurePolicy": "Fail",
            "matchConditions": [{"name": "has-a-container-that-resolves-handles", "expression": condition(shape)}],
            "matchConstraints": constraints,
            "mutations": mutations,
            // Another admission that adds a container or a volume must not undo this.
            "reinvocationPolicy": "IfNeeded",
        },
    })
}

fn condition(shape: &Shape) -> String {
    format!("object.spec.containers.exists(c, c.name in {})", names(shape))
}

fn names(shape: &Shape) -> String {
    literal(&shape.containers.iter().map(|container| Value::from(container.name.as_str())).collect())
}

/// The volumes and the init container, each in place of the one of its name.
fn json_patch(shape: &Shape) -> String {
    let mut parts = vec![list("volumes")];
    parts.extend(shape.volumes.iter().map(|volume| put("volumes", volume, &object("Object.spec.volumes", volume))));
    if let (Some(init), Some(root)) = (shape.init_of(false), shape.init_of(true)) {
        let [init_value, root_value] = [&init, &root].map(|init| object("Object.spec.initContainers", init));
        let is_root = "has(object.spec.securityContext) && has(object.spec.securityContext.runAsUser) && \
                       object.spec.securityContext.runAsUser == 0";
        parts.push(list("initContainers"));
        parts.push(put("initContainers", &init, &format!("{is_root} ?\n{root_value} :\n{init_value}")));
    }
    parts.join(" +\n")
}

/// Makes a list of the pod where there is none.
fn list(field: &str) -> String {
    format!("(has(object.spec.{field}) ? [] : [JSONPatch{{op: \"add\", path: \"/spec/{field}\", value: []}}])")
}

fn put(field: &str, item: &Value, value: &str) -> String {
    let name = text(item.get("name").and_then(Value::as_str).unwrap_or_default());
    let at = format!("object.spec.{field}.map(own, own.name).indexOf({name})");
    let known = format!("has(object.spec.{field}) && object.spec.{field}.exists(own, own.name == {name})");
    format!(
        "[JSONPatch{{\nop: {known} ? \"replace\" : \"add\",\npath: \"/spec/{field}/\" + ({known} ? string({at}) : \"-\"),\nvalue: {value}\n}}]"
    )
}

/// What can be merged: variables and mounts by their keys, the group where the pod has none, the label.
fn apply_configuration(shape: &Shape) -> String {
    let mut fields = Vec::new();
    if !shape.labels.is_empty() {
        fields.push(format!("metadata: Object.metadata{{labels: {}}}", literal(&json!(shape.labels))));
    }
    let mut spec = vec![format!(
        "containers: object.spec.containers.filter(c, c.name in {}).map(c, {})",
        names(shape),
        containers(shape)
    )];
    if let Some(group) = shape.fs_group {
        let has = "has(object.spec.securityContext) && has(object.spec.securityContext.fsGroup)";
        spec.push(format!(
            "securityContext: Object.spec.securityContext{{fsGroup: {has} ? object.spec.securityContext.fsGroup : {group}}}"
        ));
    }
    fields.push(format!("spec: Object.spec{{\n{}\n}}", spec.join(",\n")));
    format!("Object{{\n{}\n}}", fields.join(",\n"))
}

/// One container's part, chosen by its name where they differ.
fn containers(shape: &Shape) -> String {
    let part = |own: &shape::Container, name: &str| {
        let env: Vec<String> = own.env.iter().map(|value| object("Object.spec.containers.env", value)).collect();
        let mounts: Vec<String> =
            own.mounts.iter().map(|value| object("Object.spec.containers.volumeMounts", value)).collect();
        let mounts =
            if mounts.is_empty() { String::new() } else { format!(",\nvolumeMounts: [\n{}\n]", mounts.join(",\n")) };
        format!("Object.spec.containers{{\nname: {name},\nenv: [\n{}\n]{mounts}\n}}", env.join(",\n"))
    };
    let Some((last, others)) = shape.containers.split_last() else { return "c".to_owned() };
    let mut expression = part(last, "c.name");
    for own in others.iter().rev().filter(|own| own.env != last.env || own.mounts != last.mounts) {
        expression = format!("c.name == {} ?\n{} :\n{expression}", text(&own.name), part(own, "c.name"));
    }
    expression
}
