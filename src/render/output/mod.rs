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
use super::problem::{Note, Problem};
use super::settings::{Form, Settings};
use super::yaml::{self, Node};

/// Prints `plan` in the form that was chosen.
///
/// # Errors
/// A form that has nothing to print for this input.
pub(super) fn print(
    plan: &Plan,
    documents: &[Document],
    sources: &[Source],
    settings: &Settings,
    notes: &mut Vec<Note>,
) -> Result<Vec<(String, String)>, Problem> {
    if plan.bundles.iter().all(|bundle| bundle.items.is_empty()) {
        notes.push(Note::note("there is no handle to mount, so nothing changes"));
    }
    if settings.store.is_none() && !plan.secrets.is_empty() {
        notes.push(Note::note(secrets_that_must_exist(plan)));
    }
    match settings.form {
        Form::Manifests => Ok(vec![(String::new(), stream(&manifests::objects(plan, documents, settings, notes)))]),
        Form::Kustomize => Ok(kustomize::files(plan, documents, settings, notes)),
        Form::HelmValues => helm_values::values(plan, documents, settings, notes).map(single),
        Form::PostRenderer => Ok(single(post_renderer::manifests(plan, documents, sources, settings, notes))),
        Form::Policy => Ok(vec![(String::new(), stream(&policy::objects(plan, settings, notes)))]),
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
