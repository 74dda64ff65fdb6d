//! The input's manifests with what they need put in; whatever needs nothing is passed on byte by byte.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::document::{Document, Kind, Source};
use super::super::plan::Plan;
use super::super::problem::Note;
use super::super::settings::Settings;
use super::super::shape;
use super::super::workload::template_path;
use super::super::yaml::{self, Node};
use super::{document as written, external_secret};
use crate::render::document::STREAM;

/// The stream of manifests, changed.
pub(super) fn manifests(
    plan: &Plan,
    documents: &[Document],
    sources: &[Source],
    settings: &Settings,
    notes: &mut Vec<Note>,
) -> String {
    let mut changed = changed(plan, documents, settings, notes);
    let mut out = String::new();
    for source in sources.iter().filter(|source| source.name == STREAM) {
        for chunk in yaml::chunks(&source.text) {
            let own = documents.iter().position(|document| document.file == STREAM && document.line == chunk.line);
            let written = own.and_then(|number| changed.remove(&number)).map(|node| yaml::write(&node));
            let part = written.map_or_else(|| ended(chunk.text), |written| comments(chunk.text) + &written);
            out.extend(["---\n", &part]);
        }
    }
    for document in changed.keys().filter_map(|number| documents.get(*number)) {
        let place = document.at(1);
        notes.push(Note::warning(format!(
            "{place}: it is an item of a List and stays as it is; write it as a document"
        )));
    }
    out + &new_secrets(plan, documents, settings, notes)
}

/// The ExternalSecrets that the input does not have.
fn new_secrets(plan: &Plan, documents: &[Document], settings: &Settings, notes: &mut Vec<Note>) -> String {
    let mut out = String::new();
    for secret in external_secret::objects(plan, settings) {
        let name = secret.pointer("/metadata/name").and_then(Value::as_str);
        let there = documents.iter().find(|document| is_external_secret(document) && document.name() == name);
        match there {
            None => out.extend(["---\n", &written(&secret)]),
            Some(there) if yaml::value(&there.node).get("spec") == secret.get("spec") => {}
            Some(there) => notes.push(Note::hint(format!(
                "{}: the ExternalSecret {} of the input is kept; see that it has every key that is mounted",
                there.at(1),
                name.unwrap_or_default()
            ))),
        }
    }
    out
}

fn is_external_secret(document: &Document) -> bool {
    document.file == STREAM
        && document.kind == Kind::Other
        && document.node.text_at(&["kind"]) == Some("ExternalSecret")
}

/// The documents that change, by their number.
fn changed(plan: &Plan, documents: &[Document], settings: &Settings, notes: &mut Vec<Note>) -> BTreeMap<usize, Node> {
    let mut changed = BTreeMap::new();
    for bundle in &plan.bundles {
        for workload in &bundle.targets {
            let Some((number, document)) = workload.document.and_then(|number| Some((number, documents.get(number)?)))
            else {
                notes.push(Note::hint(format!(
                    "the manifests have no {} {}, which would get secrets",
                    workload.kind, workload.name
                )));
                continue;
            };
            let shape = shape::shape(bundle, workload, settings, notes);
            let mut node = document.node.clone();
            if !shape.is_empty()
                && document.file == STREAM
                && let Some(template) = node.at_mut(template_path(&workload.kind))
            {
                super::graft::graft(template, &shape, shape::is_root(workload));
                changed.insert(number, node);
            }
        }
    }
    changed
}

/// The comments at a document's head, where Helm says which template it is of.
fn comments(text: &str) -> String {
    let head = text.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    head.filter(|line| line.starts_with('#')).flat_map(|line| [line, "\n"]).collect()
}

fn ended(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
