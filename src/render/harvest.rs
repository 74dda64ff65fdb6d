//! Every handle of the input with whoever resolves it.

use std::collections::BTreeMap;

use keyferry_helper::configuration::{Found, Place, Step, scan};
use keyferry_helper::handle::Handle;

use super::consumer::{Component, Consumer, consumers};
use super::document::{Document, Kind};
use super::problem::Note;
use super::workload::Workload;
use super::yaml::Node;

/// A handle and who resolves it.
pub(super) struct Use {
    /// The handle.
    pub handle: Handle,
    /// Who resolves it; never empty.
    pub consumers: Vec<Consumer>,
    /// Whether it stands in a check's configuration.
    pub in_check: bool,
    /// File and line.
    pub at: String,
}

/// What the input holds.
pub(super) struct Harvest {
    /// The handles, in the order of the input.
    pub uses: Vec<Use>,
    /// Whether cluster checks have runners of their own; none where the input does not say.
    pub has_runners: Option<bool>,
}

/// Collects the handles of `documents`, and notes what is no good handle.
pub(super) fn harvest(documents: &[Document], workloads: &[Workload], notes: &mut Vec<Note>) -> Harvest {
    let mut uses = Vec::new();
    for document in documents.iter().filter(|document| may_hold_handles(document)) {
        let scan = scan(&document.text);
        for error in scan.errors {
            let (fault, cure) = (error.fault, error.fault.cure());
            notes.push(Note::warning(format!("{}: {fault}; {cure}", document.at(error.line))));
        }
        for warning in scan.warnings {
            let (mistake, place) = (warning.mistake, warning.place);
            notes.push(Note::warning(format!("{}: {place}: {mistake}; {}", document.at(warning.line), mistake.cure())));
        }
        let mut readers = Readers { document, documents, workloads, known: BTreeMap::new() };
        uses.extend(scan.handles.iter().filter_map(|found| used(&mut readers, found, notes)));
    }
    Harvest { uses, has_runners: has_runners(documents, workloads) }
}

/// A Secret is never looked into; the rest only where there is something to find.
fn may_hold_handles(document: &Document) -> bool {
    document.kind != Kind::Secret
        && document.text.as_bytes().windows(3).any(|letters| letters.eq_ignore_ascii_case(b"enc"))
}

/// Who resolves the handles of a document. All that stand in one string are resolved by the same, so it is read once.
struct Readers<'a> {
    document: &'a Document,
    documents: &'a [Document],
    workloads: &'a [Workload],
    known: BTreeMap<Vec<Step>, Vec<Consumer>>,
}

impl Readers<'_> {
    fn of(&mut self, place: &Place) -> Vec<Consumer> {
        let outer = place.steps().iter().take_while(|step| !matches!(step, Step::Inside(_))).cloned().collect();
        let found = || consumers(self.document, place, self.documents, self.workloads);
        self.known.entry(outer).or_insert_with(found).clone()
    }
}

fn used(readers: &mut Readers<'_>, found: &Found, notes: &mut Vec<Note>) -> Option<Use> {
    let at = readers.document.at(found.line);
    let told = format!("{at}: {}: ENC[{}]", found.place, found.handle);
    if !found.is_static() {
        notes.push(Note::warning(format!(
            "{told} is known only where it is used (%%...%%), so it is not mounted; write it out, or add each key by hand"
        )));
        return None;
    }
    let handle =
        Handle::parse(&found.handle).map_err(|error| notes.push(Note::warning(format!("{told}: {error}")))).ok()?;
    let consumers = readers.of(&found.place);
    if consumers.is_empty() {
        notes.push(Note::warning(format!(
            "{told}: it is not known which container resolves a handle here, so it is not mounted; give the manifest, \
             the values or the conf.d file that it becomes a part of"
        )));
        return None;
    }
    let in_check = readers.document.kind == Kind::Check || !found.place.formats().is_empty();
    Some(Use { handle, consumers, in_check, at })
}

fn has_runners(documents: &[Document], workloads: &[Workload]) -> Option<bool> {
    let runs = |component| workloads.iter().any(|workload| workload.component == Some(component));
    if runs(Component::ClusterChecksRunner) {
        return Some(true);
    }
    let told = documents.iter().find_map(|document| match document.kind {
        Kind::DatadogAgent => {
            let path = ["spec", "features", "clusterChecks", "useClusterChecksRunners"];
            Some(document.node.at(&path).is_some_and(Node::is_true))
        }
        Kind::Values { .. } => {
            Some(document.values()?.at(&["clusterChecksRunner", "enabled"]).is_some_and(Node::is_true))
        }
        _ => None,
    });
    told.or_else(|| runs(Component::NodeAgent).then_some(false))
}
