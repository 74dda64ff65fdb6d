//! Values for Datadog's chart. It takes volumes, mounts and variables, and no init container: the helper comes as an image
//! volume.

use serde_json::{Map, Value, json};

use super::super::consumer::{Component, Containers};
use super::super::document::{Document, Kind};
use super::super::plan::{Bundle, Owner, Plan};
use super::super::problem::Note;
use super::super::settings::{Delivery, Settings};
use super::super::shape;
use super::super::yaml::Node;
use super::datadog_agent::joined;
use super::document;

/// The values.
pub(super) fn values(plan: &Plan, documents: &[Document], settings: &Settings, notes: &mut Vec<Note>) -> String {
    let settings = Settings { delivery: Delivery::Image, ..settings.clone() };
    let input = documents.iter().find(|document| document.values().is_some());
    let mut values = Map::new();
    for bundle in &plan.bundles {
        let Owner::Component(component) = bundle.owner else { continue };
        let own = input.and_then(Document::values);
        values.insert(component.values_key().to_owned(), section(bundle, component, own, &settings, notes));
    }
    if values.is_empty() {
        return "{}\n".to_owned();
    }
    values.insert("datadog".to_owned(), datadog(plan, &settings));
    tell(notes);
    let values = Value::Object(values);
    let nested = input.is_some_and(|document| document.kind == Kind::Values { nested: true });
    document(&if nested { json!({"datadog": values}) } else { values })
}

fn tell(notes: &mut Vec<Note>) {
    notes.push(Note::hint(
        "the chart takes no init container, so the helper is mounted from its image: that needs Kubernetes 1.35; --output \
         post-renderer and --output policy work without it",
    ));
}

/// What concerns all components. The root is an argument, since variables do not reach all of them.
fn datadog(plan: &Plan, settings: &Settings) -> Value {
    let backend = json!({
        "command": shape::command(),
        "arguments": settings.root,
        "timeout": settings.timeout,
        "refreshInterval": settings.agent_refresh,
        "enableGlobalPermissions": false,
    });
    let mut datadog = Map::from_iter([("secretBackend".to_owned(), backend)]);
    let node_agent = plan.bundles.iter().find(|bundle| bundle.owner == Owner::Component(Component::NodeAgent));
    if node_agent.is_some_and(|bundle| !bundle.items.is_empty()) {
        let variables = json!({
            "DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM": "true",
            "KEYFERRY_HELPER_ROOT": settings.root,
        });
        datadog.insert("envDict".to_owned(), variables);
        datadog.extend(settings.fs_group.map(|group| ("securityContext".to_owned(), json!({"fsGroup": group}))));
    }
    Value::Object(datadog)
}

fn section(
    bundle: &Bundle,
    component: Component,
    own: Option<&Node>,
    settings: &Settings,
    notes: &mut Vec<Note>,
) -> Value {
    let own = |key: &str| own.and_then(|values| values.at(&[component.values_key(), key]));
    let mut section = Map::new();
    if !bundle.items.is_empty() {
        section.insert("volumes".to_owned(), joined(own("volumes"), "name", &shape::volumes(&bundle.items, settings)));
        section.insert("volumeMounts".to_owned(), joined(own("volumeMounts"), "mountPath", &shape::mounts(settings)));
        if settings.nudge {
            // podLabels would become part of a selector, which cannot be changed.
            section.insert("additionalLabels".to_owned(), json!({shape::NUDGE: "true"}));
        }
        if component == Component::NodeAgent {
            tell_all_containers(bundle, notes);
        } else if let Some(group) = settings.fs_group {
            section.insert("securityContext".to_owned(), json!({"fsGroup": group}));
        }
    }
    if bundle.skips_checks {
        section.insert("envDict".to_owned(), json!({"DD_SECRET_BACKEND_SKIP_CHECKS": "true"}));
    }
    Value::Object(section)
}

fn tell_all_containers(bundle: &Bundle, notes: &mut Vec<Note>) {
    if let Containers::Named(names) = &bundle.containers {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        notes.push(Note::hint(format!(
            "the chart mounts agents.volumeMounts into every container of the node agent, though only {} needs them; \
             --output post-renderer mounts them there alone",
            names.join(", ")
        )));
    }
}
