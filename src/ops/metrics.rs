//! What the process counts, under External Secrets Operator's names where it counts the same, else under `keyferry_`.
//!
//! Callers say what happened; names, labels and units are decided here. Labels are closed enums and constants, except
//! the names of the objects themselves, whose series end with [`Metrics::forget`]. ESO's dashboards read two families:
//! its own, and those that controller-runtime gives every Go operator; both are here.

mod family;
mod nudges;
mod objects;

use std::time::Duration;

use prometheus::process_collector::ProcessCollector;
use prometheus::{Gauge, GaugeVec, HistogramVec, IntCounter, IntCounterVec, Registry, TextEncoder};

use self::family::Families;
pub use self::family::Family;
pub use self::nudges::Nudged;
use self::nudges::Nudges;
use self::objects::Objects;
pub use self::objects::{Kind, Object};

/// Seconds; from a cached answer to the deadline of a call.
const CALL_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// How a reconcile ended, as controller-runtime calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done until something changes.
    Success,
    /// Done until a known time.
    RequeueAfter,
    /// Failed, and tried again later.
    Error,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Success, Self::RequeueAfter, Self::Error];

    fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RequeueAfter => "requeue_after",
            Self::Error => "error",
        }
    }
}

/// A write to a target Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It was not there.
    Create,
    /// It was there.
    Update,
    /// It is no longer there.
    Delete,
}

impl Write {
    const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    fn label(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// The poller at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Poll {
    /// ExternalSecrets that subscribe to something.
    pub objects: usize,
    /// Remote secrets that are polled.
    pub references: usize,
    /// Calls that one interval takes.
    pub slots: usize,
    /// ExternalSecrets for which something else was seen than was applied.
    pub dirty: usize,
    /// How late the latest slot is.
    pub lateness: Duration,
    /// Answers of searches that were not believed, since the start.
    pub doubted: u64,
    /// Reads that were not made as a listing had no change to tell, since the start.
    pub spared: u64,
}

/// Every series of the process; shared behind an `Arc`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    catalogue: Vec<Family>,
    objects: Objects,
    provider_calls: IntCounterVec,
    provider_seconds: HistogramVec,
    reconciles: IntCounterVec,
    reconcile_errors: IntCounterVec,
    reconcile_seconds: HistogramVec,
    queued: GaugeVec,
    leading: GaugeVec,
    target_writes: IntCounterVec,
    poll: [Gauge; 5],
    doubted: IntCounter,
    spared: IntCounter,
    oldest_confirmation: Gauge,
    nudges: Nudges,
}

impl Metrics {
    /// All families, registered. `extended` adds the recommended labels of an object to its series.
    ///
    /// Fails only when two families here have one name.
    pub fn new(extended: bool) -> Result<Self, prometheus::Error> {
        let mut families = Families::default();
        let objects = Objects::new(&mut families, extended)?;
        let provider_calls = families.counters(
            "externalsecret_provider_api_calls_count",
            "Calls to a provider.",
            &["provider", "call", "status"],
        )?;
        let provider_seconds = families.histograms(
            "keyferry_provider_call_duration_seconds",
            "How long calls to a provider took.",
            &["provider", "call"],
            &CALL_BUCKETS,
        )?;
        let reconciles = families.counters(
            "controller_runtime_reconcile_total",
            "Reconciles by how they ended.",
            &["controller", "result"],
        )?;
        let reconcile_errors = families.counters(
            "controller_runtime_reconcile_errors_total",
            "Reconciles that failed.",
            &["controller"],
        )?;
        let reconcile_seconds = families.histograms(
            "controller_runtime_reconcile_time_seconds",
            "How long reconciles took.",
            &["controller"],
            &CALL_BUCKETS,
        )?;
        let queued =
            families.gauges("workqueue_depth", "Objects that wait for a reconcile.", &["controller", "name"])?;
        let leading = families.gauges(
            "leader_election_master_status",
            "1 while this replica holds the Lease of that name, else 0.",
            &["name"],
        )?;
        let target_writes =
            families.counters("keyferry_target_writes_total", "Writes to target Secrets.", &["kind"])?;
        let poll = [
            families.gauge("keyferry_poll_objects", "ExternalSecrets that are polled for.")?,
            families.gauge("keyferry_poll_references", "Remote secrets that are polled.")?,
            families.gauge("keyferry_poll_slots", "Calls that one interval takes.")?,
            families.gauge(
                "keyferry_poll_dirty",
                "ExternalSecrets whose remote secrets changed since they were applied.",
            )?,
            families.gauge("keyferry_poll_lateness_seconds", "How late the latest poll is.")?,
        ];
        let doubted = families.counter(
            "keyferry_poll_doubted_total",
            "Answers of searches that lacked half of what was there before, and were not believed yet.",
        )?;
        let spared = families.counter(
            "keyferry_poll_spared_total",
            "Reads that were not made, as a listing showed that nothing had changed.",
        )?;
        let oldest_confirmation = families.gauge(
            "keyferry_last_confirmed_age_seconds",
            "How long ago the least recently confirmed target of a Ready ExternalSecret was seen to hold its data.",
        )?;
        let nudges = Nudges::new(&mut families)?;
        families
            .gauges("keyferry_build_info", "1; the labels say what runs.", &["version"])?
            .get_metric_with_label_values(&[env!("CARGO_PKG_VERSION")])?
            .set(1.0);
        let (registry, catalogue) = families.finish();
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let metrics = Self {
            registry,
            catalogue,
            objects,
            provider_calls,
            provider_seconds,
            reconciles,
            reconcile_errors,
            reconcile_seconds,
            queued,
            leading,
            target_writes,
            poll,
            doubted,
            spared,
            oldest_confirmation,
            nudges,
        };
        metrics.start_at_zero();
        Ok(metrics)
    }

    /// A sync of an ExternalSecret begins; ESO counts the ones that find nothing to do too.
    pub fn sync_started(&self, object: &Object<'_>) {
        self.objects.sync_started(object);
    }

    /// A sync of an ExternalSecret failed.
    pub fn sync_failed(&self, object: &Object<'_>) {
        self.objects.sync_failed(object);
    }

    /// The object's `Ready` condition is now this: the series of its status is 1, that of the other is 0.
    pub fn ready(&self, object: &Object<'_>, ready: bool) {
        self.objects.ready(object, ready);
    }

    /// A reconcile of the object ended.
    pub fn reconciled(&self, object: &Object<'_>, outcome: Outcome, took: Duration) {
        self.objects.took(object, took);
        let controller = object.kind.label();
        add(&self.reconciles, &[controller, outcome.label()]);
        if outcome == Outcome::Error {
            add(&self.reconcile_errors, &[controller]);
        }
        observe(&self.reconcile_seconds, &[controller], took);
    }

    /// So many objects of `kind` wait for a reconcile.
    pub fn queued(&self, kind: Kind, waiting: usize) {
        set(&self.queued, &[kind.label(), kind.label()], count(waiting));
    }

    /// Ends every series of an object that is gone; `namespace` is empty for a ClusterSecretStore.
    pub fn forget(&self, kind: Kind, namespace: &str, name: &str) {
        self.objects.forget(kind, namespace, name);
    }

    /// A call to a provider ended; the names are ESO's, for example `AWS/SecretsManager` and `GetSecretValue`.
    pub fn provider_called(&self, provider: &'static str, call: &'static str, ok: bool, took: Duration) {
        add(&self.provider_calls, &[provider, call, if ok { "success" } else { "error" }]);
        observe(&self.provider_seconds, &[provider, call], took);
    }

    /// A target was written, and the API server has said so.
    pub fn target_written(&self, write: Write) {
        add(&self.target_writes, &[write.label()]);
    }

    /// The poller is here.
    pub fn polled(&self, poll: Poll) {
        let Poll { objects, references, slots, dirty, lateness, doubted, spared } = poll;
        let values = [count(objects), count(references), count(slots), count(dirty), lateness.as_secs_f64()];
        for (gauge, value) in self.poll.iter().zip(values) {
            gauge.set(value);
        }
        for (counter, value) in [(&self.doubted, doubted), (&self.spared, spared)] {
            counter.inc_by(value.saturating_sub(counter.get()));
        }
    }

    /// The age of the oldest confirmation among the ExternalSecrets that are Ready.
    pub fn oldest_confirmation(&self, age: Duration) {
        self.oldest_confirmation.set(age.as_secs_f64());
    }

    /// So many nudges came to this.
    pub fn nudged(&self, outcome: Nudged, pods: usize) {
        self.nudges.ended(outcome, pods);
    }

    /// A pod was told of a change that was made so long ago.
    pub fn nudge_took(&self, delay: Duration) {
        self.nudges.took(delay);
    }

    /// So many pods wait to be told of a change.
    pub fn nudges_waiting(&self, pods: usize) {
        self.nudges.waiting(pods);
    }

    /// Whether this replica holds the Lease called `name`.
    pub fn leading(&self, name: &str, leading: bool) {
        set(&self.leading, &[name], f64::from(u8::from(leading)));
    }

    /// Everything, in Prometheus' text format.
    pub fn text(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|error| {
            tracing::error!(%error, "could not print the metrics");
            String::new()
        })
    }

    /// The families, by name, for the reference; the process collector's are not among them.
    pub fn catalogue(&self) -> &[Family] {
        &self.catalogue
    }

    /// Makes the series with closed labels exist, so that the first increment is seen as one.
    fn start_at_zero(&self) {
        for kind in Kind::ALL {
            let controller = kind.label();
            let _ = self.reconcile_errors.get_metric_with_label_values(&[controller]);
            let _ = self.reconcile_seconds.get_metric_with_label_values(&[controller]);
            let _ = self.queued.get_metric_with_label_values(&[controller, controller]);
            for outcome in Outcome::ALL {
                let _ = self.reconciles.get_metric_with_label_values(&[controller, outcome.label()]);
            }
        }
        for write in Write::ALL {
            let _ = self.target_writes.get_metric_with_label_values(&[write.label()]);
        }
    }
}

/// The number of labels is fixed where a family is made, so no lookup below can fail.
fn add(counters: &IntCounterVec, labels: &[&str]) {
    if let Ok(counter) = counters.get_metric_with_label_values(labels) {
        counter.inc();
    }
}

fn set(gauges: &GaugeVec, labels: &[&str], value: f64) {
    if let Ok(gauge) = gauges.get_metric_with_label_values(labels) {
        gauge.set(value);
    }
}

fn observe(histograms: &HistogramVec, labels: &[&str], took: Duration) {
    if let Ok(histogram) = histograms.get_metric_with_label_values(labels) {
        histogram.observe(took.as_secs_f64());
    }
}

#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
fn count(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
