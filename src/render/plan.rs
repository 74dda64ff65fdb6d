//! What each workload needs: decided from the handles, before anything is printed.

use std::collections::{BTreeMap, BTreeSet};

use keyferry_helper::mount::{self, Item};
use keyferry_helper::names;

use super::consumer::{Component, Consumer, Containers};
use super::document::{Document, Kind};
use super::harvest::{Harvest, Use};
use super::mapping::Remote;
use super::problem::{Note, Problem};
use super::settings::Settings;
use super::workload::Workload;

/// The most keys of one pod: a manifest has its limits too.
const MOST_KEYS: usize = 2_000;

/// Everything that is needed.
pub(super) struct Plan {
    /// What each component or workload gets, in a fixed order.
    pub bundles: Vec<Bundle>,
    /// The Secrets that must be there, by namespace and name.
    pub secrets: BTreeMap<(Option<String>, String), BTreeMap<String, Remote>>,
    /// The document of the DatadogAgent, if there is one.
    pub agent: Option<usize>,
}

/// What one component or workload gets.
#[derive(Clone, Debug)]
pub(super) struct Bundle {
    /// Whose it is.
    pub owner: Owner,
    /// The keys in its volume; empty where it only gets variables.
    pub items: BTreeSet<Mounted>,
    /// The containers that get the volume.
    pub containers: Containers,
    /// Whether it must leave the handles of checks to those who run them.
    pub skips_checks: bool,
    /// The workloads that it is; one that is assumed where the input has none.
    pub targets: Vec<Workload>,
}

/// Whose a bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// A component of Datadog's.
    Component(Component),
    /// Another workload of the input, by its number.
    Workload(usize),
}

/// A key of a Secret of the pod's own namespace, and its path in the volume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mounted {
    /// The Secret's name.
    pub secret: String,
    /// The key in its data.
    pub key: String,
    /// The path in the volume.
    pub path: String,
}

/// Decides what everybody needs.
///
/// # Errors
/// Paths that exclude each other, one key that two remote secrets claim, or more than one DatadogAgent.
pub(super) fn plan(
    harvest: &Harvest,
    documents: &[Document],
    workloads: Vec<Workload>,
    settings: &Settings,
    notes: &mut Vec<Note>,
) -> Result<Plan, Problem> {
    let agent = only_agent(documents)?;
    let mut planner = Planner {
        namespace: namespace(documents, &workloads, settings),
        workloads,
        settings,
        notes,
        bundles: BTreeMap::new(),
        secrets: BTreeMap::new(),
    };
    planner.take(harvest)?;
    let assumed = Assumed { agent: agent.and_then(|number| documents.get(number)), settings };
    let Planner { bundles, secrets, workloads, namespace, .. } = planner;
    let bundles =
        bundles.into_values().map(|bundle| aimed(bundle, &workloads, &assumed, namespace.as_deref())).collect();
    Ok(Plan { bundles, secrets, agent })
}

fn only_agent(documents: &[Document]) -> Result<Option<usize>, Problem> {
    let mut agents = documents.iter().enumerate().filter(|(_, document)| document.kind == Kind::DatadogAgent);
    let first = agents.next();
    match agents.next() {
        Some((_, second)) => {
            Err(Problem::new(second.at(1), "it is the second DatadogAgent of the input", "render them one by one"))
        }
        None => Ok(first.map(|(number, _)| number)),
    }
}

/// The namespace of Datadog's agents: that of the flag, else the first that the input names.
fn namespace(documents: &[Document], workloads: &[Workload], settings: &Settings) -> Option<String> {
    let agents =
        documents.iter().filter(|document| document.kind == Kind::DatadogAgent).filter_map(Document::namespace);
    let ours = workloads.iter().filter(|workload| workload.component.is_some());
    let named = agents.map(str::to_owned).chain(ours.filter_map(|workload| workload.namespace.clone()));
    settings.namespace.clone().or_else(|| named.into_iter().next())
}

struct Planner<'a> {
    namespace: Option<String>,
    workloads: Vec<Workload>,
    settings: &'a Settings,
    notes: &'a mut Vec<Note>,
    bundles: BTreeMap<Owner, Bundle>,
    secrets: BTreeMap<(Option<String>, String), BTreeMap<String, Remote>>,
}

impl Planner<'_> {
    fn take(&mut self, harvest: &Harvest) -> Result<(), Problem> {
        let is_cluster_check = |of: &&Use| of.consumers.contains(&Consumer::ClusterCheck);
        // The Cluster Agent can leave all checks' handles to others, or none.
        let own_checks = harvest.uses.iter().any(|of| {
            let own = |consumer: &Consumer| matches!(consumer, Consumer::Component(Component::ClusterAgent, _));
            of.in_check && of.consumers.iter().any(own)
        });
        for of in &harvest.uses {
            for consumer in &of.consumers {
                self.serve(of, consumer, harvest.has_runners.unwrap_or(true), own_checks)?;
            }
        }
        if harvest.uses.iter().any(|of| is_cluster_check(&of)) {
            self.leave_checks(own_checks);
        }
        Ok(())
    }

    fn serve(&mut self, of: &Use, consumer: &Consumer, runners: bool, own_checks: bool) -> Result<(), Problem> {
        let main = |component: Component| Containers::Named(BTreeSet::from([component.main_container().to_owned()]));
        match consumer {
            Consumer::Component(component, containers) => self.add(of, Owner::Component(*component), containers),
            Consumer::Workload(number, containers) => self.add(of, Owner::Workload(*number), containers),
            Consumer::ClusterCheck => {
                let runner = if runners { Component::ClusterChecksRunner } else { Component::NodeAgent };
                self.add(of, Owner::Component(runner), &main(runner))?;
                let cluster_agent = Component::ClusterAgent;
                if own_checks { self.add(of, Owner::Component(cluster_agent), &main(cluster_agent)) } else { Ok(()) }
            }
        }
    }

    /// Has the Cluster Agent hand on cluster checks with their handles, where it resolves none of its own checks.
    fn leave_checks(&mut self, own_checks: bool) {
        if own_checks {
            self.notes.push(Note::hint(
                "the Cluster Agent has handles of its own, so it resolves those of cluster checks too and gets their keys",
            ));
        } else {
            self.bundle(Owner::Component(Component::ClusterAgent)).skips_checks = true;
        }
    }

    fn bundle(&mut self, owner: Owner) -> &mut Bundle {
        self.bundles.entry(owner).or_insert_with(|| Bundle {
            owner,
            items: BTreeSet::new(),
            containers: Containers::Named(BTreeSet::new()),
            skips_checks: false,
            targets: Vec::new(),
        })
    }

    fn add(&mut self, of: &Use, owner: Owner, containers: &Containers) -> Result<(), Problem> {
        let item = match mount::item(&of.handle, Some(&self.settings.secret), &self.settings.root) {
            Ok(item) => item,
            Err(error) => {
                self.notes.push(Note::warning(format!("{}: ENC[{}]: {error}", of.at, of.handle)));
                return Ok(());
            }
        };
        let namespace = match owner {
            Owner::Workload(number) => self.workloads.get(number).and_then(|workload| workload.namespace.clone()),
            Owner::Component(_) => None,
        };
        let key = self.need(of, item, namespace.or_else(|| self.namespace.clone()))?;
        let bundle = self.bundle(owner);
        if !bundle.items.contains(&key) {
            check_path(&bundle.items, &key, of)?;
            bundle.items.insert(key);
        }
        bundle.containers.join(containers);
        Ok(())
    }

    /// Has the Secret there that `item` is read from; the key as a pod of `namespace` sees it.
    fn need(&mut self, of: &Use, item: Item, namespace: Option<String>) -> Result<Mounted, Problem> {
        let remote =
            self.settings.mapping.remote(item.namespace.as_deref().or(namespace.as_deref()), &item.secret, &item.key);
        let foreign = item.namespace.filter(|own| Some(own) != namespace.as_ref());
        let secret = match &foreign {
            // A namespace has no dot, so no two pairs come to the same name.
            Some(foreign) => format!("{foreign}.{}", item.secret),
            None => item.secret,
        };
        if let Some(foreign) = foreign {
            self.tell_foreign(&foreign, &secret, namespace.is_none());
        }
        if !names::is_secret(&secret) {
            return Err(Problem::new(&of.at, format!("{secret:?} is no name of a Secret"), "shorten the names"));
        }
        let keys = self.secrets.entry((namespace, secret.clone())).or_default();
        if let Some(other) = keys.insert(item.key.clone(), remote.clone())
            && other != remote
        {
            let cause = format!("key {:?} of Secret {secret:?} is to come from two remote keys", item.key);
            return Err(Problem::new(&of.at, cause, "give one of the handles another Secret"));
        }
        Ok(Mounted { secret, key: item.key, path: item.path })
    }

    fn tell_foreign(&mut self, foreign: &str, secret: &str, unknown: bool) {
        let cure = if unknown { " (if that is the agents' own namespace, say --namespace)" } else { "" };
        self.notes.push(Note::hint(format!(
            "a pod cannot mount Secrets of namespace {foreign}{cure}: Secret {secret} in the agents' namespace holds the same \
             remote keys, at the path that the handle names"
        )));
    }
}

/// A path cannot be a file for one handle and a folder for another.
fn check_path(items: &BTreeSet<Mounted>, key: &Mounted, of: &Use) -> Result<(), Problem> {
    if items.len() >= MOST_KEYS {
        let cure = "put several values into one JSON file, as ENC[file.json;key]";
        return Err(Problem::new(&of.at, format!("one pod would need more than {MOST_KEYS} keys"), cure));
    }
    let beneath = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
    let clash = items.iter().find(|other| {
        let same = other.path == key.path && *other != key;
        same || beneath(&other.path, &key.path) || beneath(&key.path, &other.path)
    });
    let Some(other) = clash else { return Ok(()) };
    let cause = format!("ENC[{}] and the file {:?} of another handle exclude each other", of.handle, other.path);
    Err(Problem::new(&of.at, cause, "rename one of the two keys"))
}

/// What stands for workloads that the input does not have.
struct Assumed<'a> {
    agent: Option<&'a Document>,
    settings: &'a Settings,
}

/// Gives a bundle its workloads.
fn aimed(mut bundle: Bundle, workloads: &[Workload], assumed: &Assumed<'_>, namespace: Option<&str>) -> Bundle {
    let component = match bundle.owner {
        Owner::Workload(number) => {
            bundle.targets = workloads.get(number).cloned().into_iter().collect();
            return bundle;
        }
        Owner::Component(component) => component,
    };
    let known = workloads.iter().filter(|workload| workload.component == Some(component));
    bundle.targets = known.cloned().collect();
    if bundle.targets.is_empty() {
        bundle.targets.push(assumed.workload(component, namespace));
    }
    bundle
}

impl Assumed<'_> {
    /// The workload that the chart or the operator makes of a component.
    fn workload(&self, component: Component, namespace: Option<&str>) -> Workload {
        let (name, label) = match self.agent {
            Some(agent) => of_operator(component, agent.name().unwrap_or("datadog")),
            None => self.of_chart(component),
        };
        Workload {
            document: None,
            api_version: "apps/v1".to_owned(),
            kind: if component == Component::NodeAgent { "DaemonSet" } else { "Deployment" }.to_owned(),
            name,
            namespace: namespace.map(str::to_owned),
            component: Some(component),
            labels: BTreeMap::from([label]),
            containers: None,
            pod: None,
        }
    }

    /// The chart appends its own name to a release that does not have it.
    fn of_chart(&self, component: Component) -> (String, (String, String)) {
        let release = &self.settings.release;
        let base = if release.contains("datadog") { release.clone() } else { format!("{release}-datadog") };
        let (name, value) = match component {
            Component::NodeAgent => (base, "agent"),
            Component::ClusterAgent => (format!("{base}-cluster-agent"), "cluster-agent"),
            Component::ClusterChecksRunner => (format!("{base}-clusterchecks"), "clusterchecks-agent"),
        };
        (name, ("app.kubernetes.io/component".to_owned(), value.to_owned()))
    }
}

/// The names that Datadog's operator gives.
fn of_operator(component: Component, agent: &str) -> (String, (String, String)) {
    let (name, value) = match component {
        Component::NodeAgent => ("agent", "agent"),
        Component::ClusterAgent => ("cluster-agent", "cluster-agent"),
        Component::ClusterChecksRunner => ("cluster-checks-runner", "cluster-checks-runner"),
    };
    (format!("{agent}-{name}"), ("agent.datadoghq.com/component".to_owned(), value.to_owned()))
}
