//! The series about pods that are told of changed Secrets.

use std::time::Duration;

use prometheus::{Gauge, HistogramVec, IntCounterVec, Result};

use super::family::Families;
use super::{count, observe};

/// Seconds; from the first free moment to the last in which a nudge is of use.
const BUCKETS: [f64; 10] = [0.25, 0.35, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// What came of a nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nudged {
    /// The pod was annotated.
    Sent,
    /// The pod was gone, or another has its name.
    Gone,
    /// Too many were to be nudged; its kubelet comes to it by itself.
    Late,
    /// The API server would not have it.
    Failed,
    /// The pods of a namespace could not be listed; counts once for all of them.
    Unlisted,
}

impl Nudged {
    const ALL: [Self; 5] = [Self::Sent, Self::Gone, Self::Late, Self::Failed, Self::Unlisted];

    fn label(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Gone => "gone",
            Self::Late => "late",
            Self::Failed => "failed",
            Self::Unlisted => "unlisted",
        }
    }
}

/// Counts nudges.
#[derive(Debug)]
pub(super) struct Nudges {
    total: IntCounterVec,
    seconds: HistogramVec,
    waiting: Gauge,
}

impl Nudges {
    pub(super) fn new(families: &mut Families) -> Result<Self> {
        let total = families.counters(
            "keyferry_nudges_total",
            "Pods that were to be told of a changed Secret, by what came of it; unlisted counts namespaces.",
            &["outcome"],
        )?;
        let seconds = families.histograms(
            "keyferry_nudge_delay_seconds",
            "How long after the change of a Secret a pod was told of it.",
            &[],
            &BUCKETS,
        )?;
        let waiting = families.gauge("keyferry_nudges_waiting", "Pods that wait to be told of a changed Secret.")?;
        for outcome in Nudged::ALL {
            let _ = total.get_metric_with_label_values(&[outcome.label()]);
        }
        Ok(Self { total, seconds, waiting })
    }

    pub(super) fn ended(&self, outcome: Nudged, pods: usize) {
        if let Ok(counter) = self.total.get_metric_with_label_values(&[outcome.label()]) {
            counter.inc_by(u64::try_from(pods).unwrap_or(u64::MAX));
        }
    }

    pub(super) fn took(&self, delay: Duration) {
        observe(&self.seconds, &[], delay);
    }

    pub(super) fn waiting(&self, pods: usize) {
        self.waiting.set(count(pods));
    }
}
