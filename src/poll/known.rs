//! What the schedule remembers of one reference and of one object.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::absence::Absence;
use super::identity::{ObjectId, Reference};
use super::listed::Listed;
use super::schedule::Manner;
use super::seen::Mark;
use super::shrink::Names;
use super::slots::SlotId;

/// A reference that at least one object uses.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) reference: Reference,
    pub(super) manner: Manner,
    /// What was last seen, by the read that began last.
    pub(super) mark: Mark,
    pub(super) order: u64,
    /// When a read that was answered last began.
    pub(super) answered: Option<Instant>,
    pub(super) absence: Absence,
    /// Whose values a search last found, and whose it has found since, which is not believed yet.
    pub(super) names: Option<Names>,
    pub(super) doubted: Option<Names>,
    pub(super) listed: Listed,
    pub(super) slot: Option<SlotId>,
    /// The objects that use it, and where among their ties.
    pub(super) subscribers: BTreeMap<u32, u32>,
    /// Those of them that are dirty, for whatever reason.
    pub(super) dirty: BTreeSet<u32>,
    pub(super) demand: Demand,
}

impl Known {
    pub(super) fn new(reference: Reference, manner: Manner, mark: Mark) -> Self {
        Self {
            reference,
            manner,
            mark,
            order: 0,
            answered: None,
            absence: Absence::default(),
            names: None,
            doubted: None,
            listed: Listed::default(),
            slot: None,
            subscribers: BTreeMap::new(),
            dirty: BTreeSet::new(),
            demand: Demand::default(),
        }
    }

    /// Whether a search that found `names` lost too much to be believed at once. What it lost may not change meanwhile.
    pub(super) fn doubts(&mut self, names: Option<&Names>) -> bool {
        let Some(names) = names.filter(|names| names.lack(self.names.as_ref())) else { return false };
        if self.doubted.as_ref() != Some(names) {
            self.absence.end();
            self.doubted = Some(names.clone());
        }
        true
    }

    /// How often it is to be polled, if it is: at the shortest interval that is asked for, and never again once what can
    /// never change has been read.
    pub(super) fn polled_every(&self) -> Option<Duration> {
        let polled = match &self.mark {
            Mark::Closed => false,
            Mark::Value(_) => !self.manner.immutable,
            _ => true,
        };
        self.demand.shortest().filter(|_| polled)
    }
}

/// How often a reference is wanted, by how many.
#[derive(Debug, Default)]
pub(super) struct Demand(Vec<(Duration, u32)>);

impl Demand {
    pub(super) fn add(&mut self, interval: Duration) {
        if let Some((_, count)) = self.0.iter_mut().find(|(other, _)| *other == interval) {
            *count += 1;
        } else {
            self.0.reserve_exact(1);
            self.0.push((interval, 1));
        }
    }

    pub(super) fn remove(&mut self, interval: Duration) {
        if let Some((_, count)) = self.0.iter_mut().find(|(other, _)| *other == interval) {
            *count -= 1;
        }
        self.0.retain(|(_, count)| *count > 0);
    }

    pub(super) fn shortest(&self) -> Option<Duration> {
        self.0.iter().map(|(interval, _)| *interval).min()
    }
}

/// An object that uses references.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) id: ObjectId,
    pub(super) interval: Duration,
    /// Until applied once.
    pub(super) once: bool,
    pub(super) ties: Vec<Tie>,
    /// How many ties differ: dirty where it is not zero.
    pub(super) differing: u32,
    /// Its own next due time; only while it is dirty.
    pub(super) tick: Option<Instant>,
    /// When it was last woken.
    pub(super) woken: Option<Instant>,
    /// Whether a wake waits to be delivered.
    pub(super) queued: bool,
}

/// An object's use of a reference.
#[derive(Debug)]
pub(super) struct Tie {
    pub(super) known: u32,
    pub(super) applied: Mark,
    pub(super) differs: bool,
}

impl Object {
    pub(super) fn new(id: ObjectId) -> Self {
        Self {
            id,
            interval: Duration::ZERO,
            once: false,
            ties: Vec::new(),
            differing: 0,
            tick: None,
            woken: None,
            queued: false,
        }
    }

    /// Whether it was woken within this interval, give or take the lateness of a tick.
    pub(super) fn woken_lately(&self, now: Instant) -> bool {
        self.woken.is_some_and(|woken| now.saturating_duration_since(woken) < self.interval * 7 / 8)
    }

    /// Whether every reference was applied with a value.
    pub(super) fn is_settled(&self) -> bool {
        self.ties.iter().all(|tie| matches!(tie.applied, Mark::Value(_)))
    }
}
