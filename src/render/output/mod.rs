//! The forms in which the answer is printed.

mod datadog_agent;
mod external_secret;
mod graft;
mod helm_values;
mod kustomize;
mod manifests;
mod policy;
mod post_renderer;

use serde_json::Value;

use super::document::{Document, Source};
use super::plan::Plan;
use super::problem::Note;
use super::settings::{Form, Settings};
use super::yaml::{self, Node};

/// Prints `plan` in the form that was chosen.
pub(super) fn print(
    plan: &Plan,
    documents: &[Document],
    sources: &[Source],
    settings: &Settings,
    notes: &mut Vec<Note>,
) -> Vec<(String, String)> {
    if plan.bundles.iter().all(|bundle| bundle.items.is_empty()) {
        notes.push(Note::hint("there is no handle to mount, so nothing changes"));
    }
    if settings.store.is_none() && !plan.secrets.is_empty() {
        notes.push(Note::hint(secrets_that_must_exist(plan)));
    }
    match settings.form {
        Form::Manifests => single(stream(&manifests::objects(plan, documents, settings, notes))),
        Form::Kustomize => kustomize::files(plan, documents, settings, notes),
        Form::HelmValues => single(helm_values::values(plan, documents, settings, notes)),
        Form::PostRenderer => single(post_renderer::manifests(plan, documents, sources, settings, notes)),
        Form::Policy => single(stream(&policy::objects(plan, settings, notes))),
    }
}

fn single(text: String) -> Vec<(String, String)> {
    vec![(String::new(), text)]
}

fn secrets_that_must_exist(plan: &Plan) -> String {
    let names: Vec<&str> = plan.secrets.keys().map(|(_, name)| name.as_str()).collect();
    format!("without --store no ExternalSecret is printed; these Secrets must be there: {}", names.join(", "))
}

/// Objects as one stream.
fn stream(objects: &[Value]) -> String {
    objects.iter().map(document).collect::<Vec<_>>().join("---\n")
}

fn document(object: &Value) -> String {
    yaml::write(&Node::from(object.clone()))
}
