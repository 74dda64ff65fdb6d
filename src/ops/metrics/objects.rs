//! The series that belong to one object each: they carry its name, and end with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{GaugeVec, IntCounterVec, Result};

use super::family::Families;
use super::{add, set};

/// The labels of every such family.
const NAMES: [&str; 2] = ["name", "namespace"];

/// The recommended labels, and what `--enable-extended-metric-labels` calls them.
const EXTENDED: [(&str, &str); 6] = [
    ("app.kubernetes.io/name", "app_kubernetes_io_name"),
    ("app.kubernetes.io/instance", "app_kubernetes_io_instance"),
    ("app.kubernetes.io/version", "app_kubernetes_io_version"),
    ("app.kubernetes.io/component", "app_kubernetes_io_component"),
    ("app.kubernetes.io/part-of", "app_kubernetes_io_part_of"),
    ("app.kubernetes.io/managed-by", "app_kubernetes_io_managed_by"),
];

/// The statuses of the one condition that is counted.
const STATUSES: [&str; 2] = ["True", "False"];

/// What is reconciled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `externalsecrets.external-secrets.io`
    ExternalSecret,
    /// `secretstores.external-secrets.io`
    SecretStore,
    /// `clustersecretstores.external-secrets.io`
    ClusterSecretStore,
}

impl Kind {
    /// Every kind, in the order of their families.
    pub const ALL: [Self; 3] = [Self::ExternalSecret, Self::SecretStore, Self::ClusterSecretStore];

    /// The controller's name, which is also what its families begin with.
    pub fn label(self) -> &'static str {
        match self {
            Self::ExternalSecret => "externalsecret",
            Self::SecretStore => "secretstore",
            Self::ClusterSecretStore => "clustersecretstore",
        }
    }
}

/// The object that something happened to.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Which families count it.
    pub kind: Kind,
    /// Empty for a ClusterSecretStore.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its labels, for `--enable-extended-metric-labels`.
    pub labels: Option<&'a BTreeMap<String, String>>,
}

type Key = (Kind, String, String);

#[derive(Debug)]
struct OfKind {
    condition: GaugeVec,
    duration: GaugeVec,
}

#[derive(Debug)]
pub(super) struct Objects {
    kinds: [OfKind; Kind::ALL.len()],
    sync_calls: IntCounterVec,
    sync_errors: IntCounterVec,
    /// The extended labels under which an object is counted; `None` when there are none to remember.
    known: Option<Mutex<HashMap<Key, Vec<String>>>>,
}

impl Objects {
    pub(super) fn new(families: &mut Families, extended: bool) -> Result<Self> {
        let extra: Vec<&str> = EXTENDED.iter().filter(|_| extended).map(|(_, label)| *label).collect();
        let labels = [NAMES.as_slice(), &extra].concat();
        let sync_calls =
            families.counters("externalsecret_sync_calls_total", "Syncs of an ExternalSecret that began.", &labels)?;
        let sync_errors =
            families.counters("externalsecret_sync_calls_error", "Syncs of an ExternalSecret that failed.", &labels)?;
        let [externalsecret, store, cluster_store] = Kind::ALL.map(|kind| OfKind::new(families, kind, &labels));
        let kinds = [externalsecret?, store?, cluster_store?];
        Ok(Self { kinds, sync_calls, sync_errors, known: extended.then(Mutex::default) })
    }

    pub(super) fn sync_started(&self, object: &Object<'_>) {
        self.synced(object, &self.sync_calls);
    }

    pub(super) fn sync_failed(&self, object: &Object<'_>) {
        self.synced(object, &self.sync_errors);
    }

    pub(super) fn ready(&self, object: &Object<'_>, ready: bool) {
        let Some(families) = self.kinds.get(object.kind as usize) else { return };
        self.with_labels(object, |labels| {
            for (status, holds) in STATUSES.into_iter().zip([ready, !ready]) {
                set(&families.condition, &with_condition(labels, status), f64::from(u8::from(holds)));
            }
        });
    }

    /// Nanoseconds, as in External Secrets Operator.
    #[expect(clippy::cast_precision_loss, reason = "a float is what the family has")]
    pub(super) fn took(&self, object: &Object<'_>, took: Duration) {
        let Some(families) = self.kinds.get(object.kind as usize) else { return };
        self.with_labels(object, |labels| set(&families.duration, labels, took.as_nanos() as f64));
    }

    pub(super) fn forget(&self, kind: Kind, namespace: &str, name: &str) {
        let Some(known) = &self.known else { return self.remove(kind, &[name, namespace]) };
        let key = (kind, namespace.to_owned(), name.to_owned());
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(extended) = known.remove(&key) {
            self.remove(kind, &all(name, namespace, &extended));
        }
    }

    /// Only an ExternalSecret is synced; a store of the same name must not be counted as one.
    fn synced(&self, object: &Object<'_>, counters: &IntCounterVec) {
        if object.kind == Kind::ExternalSecret {
            self.with_labels(object, |labels| add(counters, labels));
        }
    }

    /// Calls `count` with the values of [`NAMES`] and [`EXTENDED`]. Series under labels that the object no longer has
    /// end here, so that an object is never counted twice.
    fn with_labels(&self, object: &Object<'_>, count: impl FnOnce(&[&str])) {
        let Some(known) = &self.known else { return count(&[object.name, object.namespace]) };
        let now = extended(object.labels);
        let key = (object.kind, object.namespace.to_owned(), object.name.to_owned());
        // Held while counting: a concurrent `forget` comes before or after, never between.
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.insert(key, now.clone());
        if let Some(before) = before.filter(|before| *before != now) {
            self.remove(object.kind, &all(object.name, object.namespace, &before));
        }
        count(&all(object.name, object.namespace, &now));
    }

    /// A series that was never made is no error.
    fn remove(&self, kind: Kind, labels: &[&str]) {
        let Some(families) = self.kinds.get(kind as usize) else { return };
        let _ = families.duration.remove_label_values(labels);
        for status in STATUSES {
            let _ = families.condition.remove_label_values(&with_condition(labels, status));
        }
        if kind == Kind::ExternalSecret {
            let _ = self.sync_calls.remove_label_values(labels);
            let _ = self.sync_errors.remove_label_values(labels);
        }
    }
}

impl OfKind {
    fn new(families: &mut Families, kind: Kind, labels: &[&str]) -> Result<Self> {
        let label = kind.label();
        Ok(Self {
            condition: families.gauges(
                &format!("{label}_status_condition"),
                "1 for the status that the condition has, 0 for the other.",
                &[labels, &["condition", "status"]].concat(),
            )?,
            duration: families.gauges(
                &format!("{label}_reconcile_duration"),
                "How long the last reconcile took, in nanoseconds.",
                labels,
            )?,
        })
    }
}

fn with_condition<'a>(labels: &[&'a str], status: &'a str) -> Vec<&'a str> {
    [labels, &["Ready", status]].concat()
}

fn extended(labels: Option<&BTreeMap<String, String>>) -> Vec<String> {
    let value = |key: &str| labels.and_then(|labels| labels.get(key)).cloned().unwrap_or_default();
    EXTENDED.iter().map(|(key, _)| value(key)).collect()
}

fn all<'a>(name: &'a str, namespace: &'a str, extended: &'a [String]) -> Vec<&'a str> {
    [name, namespace].into_iter().chain(extended.iter().map(String::as_str)).collect()
}
