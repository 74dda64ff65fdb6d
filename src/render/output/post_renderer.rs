//! The input's manifests with what they need put in; whatever needs nothing is passed on byte by byte.

use std::collections::{BTreeMap, BTreeSet};

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
    let changed = changed(plan, documents, settings, notes);
    let secrets = external_secret::objects(plan, settings);
    let names: BTreeSet<&str> =
        secrets.iter().filter_map(|object| object.pointer("/metadata/name")?.as_str()).collect();
    let mut parts = Vec::new();
    for source in sources.iter().filter(|source| source.name == STREAM) {
        for chunk in yaml::chunks(&source.text) {
            let own = documents.iter().position(|document| document.file == STREAM && document.line == chunk.line);
            match own.and_then(|number| Some((documents.get(number)?, changed.get(&number)))) {
                // It is printed anew below, from this run's handles.
                Some((document, _)) if is_ours(document, &names) => {}
                Some((document, Some(node))) => parts.push(comments(&document.text) + &yaml::write(node)),
                _ => parts.push(ended(chunk.text)),
            }
        }
    }
    parts.extend(secrets.iter().map(written));
    parts.iter().map(|part| format!("---\n{part}")).collect()
}

/// The documents that change, by their number.
fn changed(plan: &Plan, documents: &[Document], settings: &Settings, notes: &mut Vec<Note>) -> BTreeMap<usize, Node> {
    let mut changed = BTreeMap::new();
    for bundle in &plan.bundles {
        for workload in &bundle.targets {
            let Some((number, document)) = workload.document.and_then(|number| Some((number, documents.get(number)?)))
            else {
                notes.push(Note::note(format!(
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

/// Whether a document is an ExternalSecret that an earlier run has put in.
fn is_ours(document: &Document, names: &BTreeSet<&str>) -> bool {
    document.kind == Kind::Other
        && document.node.text_at(&["kind"]) == Some("ExternalSecret")
        && document.name().is_some_and(|name| names.contains(name))
}

/// The comments at a document's head, where Helm says which template it is of.
fn comments(text: &str) -> String {
    let head = text.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    head.filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn ended(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
