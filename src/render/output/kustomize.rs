//! A kustomize component: the ExternalSecrets as resources, and a patch for each workload.

use serde_json::{Map, Value, json};

use super::super::document::Document;
use super::super::plan::Plan;
use super::super::problem::Note;
use super::super::settings::Settings;
use super::manifests::{Patch, patches};
use super::{document, external_secret, stream};

const SECRETS_FILE: &str = "external-secrets.yaml";

/// The files of the component.
pub(super) fn files(
    plan: &Plan,
    documents: &[Document],
    settings: &Settings,
    notes: &mut Vec<Note>,
) -> Vec<(String, String)> {
    let secrets = external_secret::objects(plan, settings);
    let patches: Vec<(String, Patch)> =
        patches(plan, documents, settings, notes).into_iter().map(|patch| (file_name(&patch), patch)).collect();
    let mut files = vec![("kustomization.yaml".to_owned(), document(&component(!secrets.is_empty(), &patches)))];
    files.extend((!secrets.is_empty()).then(|| (SECRETS_FILE.to_owned(), stream(&secrets))));
    files.extend(patches.iter().map(|(file, patch)| (file.clone(), document(&patch.object))));
    files
}

fn component(has_secrets: bool, patches: &[(String, Patch)]) -> Value {
    let listed: Value = patches.iter().map(|(file, patch)| json!({"path": file, "target": target(patch)})).collect();
    let mut component = Map::from_iter([
        ("apiVersion".to_owned(), Value::from("kustomize.config.k8s.io/v1alpha1")),
        ("kind".to_owned(), Value::from("Component")),
    ]);
    component.extend(has_secrets.then(|| ("resources".to_owned(), json!([SECRETS_FILE]))));
    component.extend((!patches.is_empty()).then(|| ("patches".to_owned(), listed)));
    Value::Object(component)
}

fn field<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn file_name(patch: &Patch) -> String {
    let kind = field(&patch.object, "/kind").to_lowercase();
    format!("patch-{kind}-{}.yaml", field(&patch.object, "/metadata/name"))
}

/// By name where the input has the object, by label where its name depends on the release.
fn target(patch: &Patch) -> Value {
    let kind = field(&patch.object, "/kind");
    match &patch.workload {
        Some(workload) if workload.document.is_none() => {
            let labels: Vec<String> = workload.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            json!({"kind": kind, "labelSelector": labels.join(",")})
        }
        _ => json!({"kind": kind, "name": field(&patch.object, "/metadata/name")}),
    }
}
