//! What is polled when, and which objects have work: the poller's thinking, without a clock, a task or a call.
//!
//! It holds what every reference was last *seen* to be and what every object last *applied*; an object is dirty while
//! the two differ. Everything else is an index of that, kept so that no tick looks at more than it reads: references
//! know their subscribers and which of these are dirty, sessions know their references. How answers come in is in
//! `record.rs`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::provider::Batch;

use super::health::Health;
use super::identity::{ObjectId, Reference, SessionId};
use super::known::{Known, Object, Tie};
use super::phase::{Grid, LONGEST, number_of};
use super::seen::{Mark, Seen};
use super::slab::Slab;
use super::slots::{Group, SlotId, Slots, Tick, Way};

/// A reference that an object wants.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) reference: Reference,
    /// How its provider reads it; `None` where the session is closed.
    pub(super) manner: Option<Manner>,
}

/// How a provider reads a reference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) batch: Batch,
    /// Whether its value can never change.
    pub(super) immutable: bool,
    /// How many of its kind are asked for together whether they have changed.
    pub(super) detects: Option<usize>,
}

impl Manner {
    /// That of what cannot be asked for.
    const NONE: Self = Self { batch: Batch::Single, immutable: false, detects: None };
}

/// A slot's read, to be done now.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) slot: SlotId,
    pub(super) session: SessionId,
    pub(super) interval: Duration,
    pub(super) way: Way,
    pub(super) references: Vec<Reference>,
}

/// Bounds on what objects may ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The interval of those that want to be applied once.
    pub(super) once: Duration,
    /// The shortest interval.
    pub(super) least: Duration,
}

/// The poller's memory.
#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) bounds: Bounds,
    epoch: Instant,
    pub(super) objects: Slab<Object>,
    numbers: HashMap<ObjectId, u32>,
    pub(super) known: Slab<Known>,
    pub(super) references: HashMap<Reference, u32>,
    pub(super) slots: Slots,
    pub(super) sessions: HashMap<SessionId, Health>,
    ticks: BTreeSet<(Instant, u32)>,
    wakes: VecDeque<u32>,
    dirty: usize,
    pub(super) order: u64,
    missed: u64,
    pub(super) doubted: u64,
    pub(super) spared: u64,
}

impl Schedule {
    pub(super) fn new(bounds: Bounds, epoch: Instant) -> Self {
        Self {
            bounds,
            epoch,
            objects: Slab::new(),
            numbers: HashMap::new(),
            known: Slab::new(),
            references: HashMap::new(),
            slots: Slots::new(epoch),
            sessions: HashMap::new(),
            ticks: BTreeSet::new(),
            wakes: VecDeque::new(),
            dirty: 0,
            order: 0,
            missed: 0,
            doubted: 0,
            spared: 0,
        }
    }

    /// A session was opened: its references may be polled from now on.
    pub(super) fn open(&mut self, session: SessionId) {
        self.sessions.entry(session).or_default();
    }

    /// A session was closed: whoever depends on it is dirty until it names another, and is woken now.
    pub(super) fn close(&mut self, session: SessionId, now: Instant) {
        let Some(health) = self.sessions.remove(&session) else { return };
        for known in health.references {
            self.set_mark(known, Mark::Closed, now);
            self.place(known, now, false);
            let subscribers = self.known.get(known).map(|known| known.subscribers.clone()).unwrap_or_default();
            for object in subscribers.into_keys() {
                self.wake(object, now);
            }
        }
    }

    /// Whether objects use `session`.
    pub(super) fn uses(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|health| !health.references.is_empty())
    }

    /// Whether `object` already wants exactly `references`, every `interval`.
    pub(super) fn wants(&self, object: &ObjectId, references: &[Reference], interval: Option<Duration>) -> bool {
        let Some(object) = self.numbers.get(object).and_then(|number| self.objects.get(*number)) else { return false };
        let (interval, once) = self.bounded(interval);
        let mut named = object.ties.iter().map(|tie| self.known.get(tie.known).map(|known| &known.reference));
        object.interval == interval
            && object.once == once
            && object.ties.len() == references.len()
            && references.iter().all(|reference| named.next().flatten() == Some(reference))
    }

    fn bounded(&self, interval: Option<Duration>) -> (Duration, bool) {
        match interval.filter(|interval| !interval.is_zero()) {
            Some(interval) => (interval.clamp(self.bounds.least, LONGEST), false),
            None => (self.bounds.once, true),
        }
    }

    /// Notes that `object` wants `wanted` every `interval` (`None`: until applied once), and nothing else any more.
    ///
    /// What it has applied of those that it wanted before is still applied.
    pub(super) fn subscribe(
        &mut self,
        object: &ObjectId,
        wanted: Vec<Wanted>,
        interval: Option<Duration>,
        now: Instant,
    ) {
        let number = self.number(object);
        self.clean(number);
        let (interval, once) = self.bounded(interval);
        let Some(object) = self.objects.get_mut(number) else { return };
        let old = std::mem::take(&mut object.ties);
        let old_interval = std::mem::replace(&mut object.interval, interval);
        object.once = once;
        object.differing = 0;
        let ties = self.tie(number, wanted, &old, interval);
        let mut touched: Vec<u32> = ties.iter().map(|tie| tie.known).collect();
        self.untie(number, &old, &ties, old_interval);
        touched.extend(old.iter().map(|tie| tie.known));
        if let Some(object) = self.objects.get_mut(number) {
            object.ties = ties;
        }
        for known in touched {
            self.settle(known, now);
        }
        self.compare_all(number, now);
    }

    fn number(&mut self, object: &ObjectId) -> u32 {
        if let Some(number) = self.numbers.get(object) {
            return *number;
        }
        let number = self.objects.insert(Object::new(object.clone()));
        self.numbers.insert(object.clone(), number);
        number
    }

    /// Enters an object with each reference it wants, once. Until [`Self::untie`] the old ties count as well, so that
    /// what is in both is never without a subscriber.
    fn tie(&mut self, object: u32, wanted: Vec<Wanted>, old: &[Tie], interval: Duration) -> Vec<Tie> {
        let mut ties: Vec<Tie> = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let number = self.intern(wanted);
            let Some(known) = self.known.get_mut(number) else { continue };
            let before = known.subscribers.get(&object).map(|place| *place as usize);
            let at =
                |ties: &[Tie]| before.and_then(|place| ties.get(place).filter(|tie| tie.known == number)).is_some();
            if at(&ties) {
                continue;
            }
            let applied = before
                .and_then(|place| old.get(place).filter(|tie| tie.known == number))
                .map(|tie| tie.applied.clone())
                .unwrap_or_default();
            known.subscribers.insert(object, u32::try_from(ties.len()).unwrap_or(u32::MAX));
            known.demand.add(interval);
            ties.push(Tie { known: number, applied, differs: false });
        }
        ties
    }

    fn untie(&mut self, object: u32, old: &[Tie], ties: &[Tie], interval: Duration) {
        for tie in old {
            let Some(known) = self.known.get_mut(tie.known) else { continue };
            known.demand.remove(interval);
            let place = known.subscribers.get(&object).map_or(usize::MAX, |place| *place as usize);
            if ties.get(place).is_none_or(|new| new.known != tie.known) {
                known.subscribers.remove(&object);
            }
        }
    }

    fn intern(&mut self, wanted: Wanted) -> u32 {
        let Wanted { reference, manner } = wanted;
        if let Some(number) = self.references.get(&reference) {
            return *number;
        }
        let health = self.sessions.get_mut(&reference.session);
        let mark = if health.is_some() && manner.is_some() { Mark::Unknown } else { Mark::Closed };
        let manner = manner.unwrap_or(Manner::NONE);
        let number = self.known.insert(Known::new(reference.clone(), manner, mark));
        if let Some(health) = health {
            health.references.insert(number);
        }
        self.references.insert(reference, number);
        number
    }

    /// Drops what nobody wants any more; else sees that it is in the right slot.
    fn settle(&mut self, number: u32, now: Instant) {
        self.place(number, now, false);
        let Some(known) = self.known.get(number).filter(|known| known.subscribers.is_empty()) else { return };
        if let Some(health) = self.sessions.get_mut(&known.reference.session) {
            health.references.remove(&number);
        }
        self.references.remove(&known.reference);
        self.known.remove(number);
    }

    /// Moves a reference to the slot where it belongs. One that may wait longer than before moves at its slot's tick
    /// only (`ticking`), when it has just been read: so it never waits for longer than its interval.
    pub(super) fn place(&mut self, number: u32, now: Instant, ticking: bool) {
        let wanted = self.group(number, now);
        let Some(known) = self.known.get_mut(number) else { return };
        let current = known.slot.and_then(|slot| self.slots.group(slot));
        let stays = match (current, wanted) {
            (None, None) => true,
            (Some(current), Some(wanted)) => {
                let longer = current.way == wanted.way && current.interval < wanted.interval;
                current == wanted || longer && !ticking
            }
            _ => false,
        };
        if stays {
            return;
        }
        if let Some(slot) = known.slot.take() {
            self.slots.leave(slot, number);
        }
        known.slot = wanted.map(|group| self.slots.join(group, number, now));
        let polled = usize::from(known.slot.is_some());
        if let Some(health) = self.sessions.get_mut(&known.reference.session) {
            health.polled = health.polled + polled - usize::from(current.is_some());
        }
    }

    fn group(&self, number: u32, now: Instant) -> Option<Group> {
        let known = self.known.get(number)?;
        let (session, interval) = (known.reference.session, known.polled_every()?);
        Some(Group { session, interval, way: self.way(session, interval, known.manner, now) })
    }

    /// Forgets `object`; references that only it used are forgotten too.
    pub(super) fn forget(&mut self, object: &ObjectId, now: Instant) {
        let Some(number) = self.numbers.remove(object) else { return };
        self.clean(number);
        let Some(object) = self.objects.remove(number) else { return };
        self.untie(number, &object.ties, &[], object.interval);
        object.ties.iter().for_each(|tie| self.settle(tie.known, now));
    }

    /// Notes what `object` has taken over, or has told its user.
    ///
    /// Who wanted to be applied once, and has been with nothing but values, is forgotten.
    pub(super) fn applied(&mut self, object: &ObjectId, readings: &[(Reference, Seen)], now: Instant) {
        let Some(number) = self.numbers.get(object).copied() else { return };
        for (reference, seen) in readings {
            self.apply(number, reference, seen, now);
        }
        if self.objects.get(number).is_some_and(|object| object.once && object.is_settled()) {
            self.forget(object, now);
        }
    }

    fn apply(&mut self, object: u32, reference: &Reference, seen: &Seen, now: Instant) {
        let Some(number) = self.references.get(reference).copied() else { return };
        let Some(known) = self.known.get(number) else { return };
        let Some(place) = known.subscribers.get(&object).copied() else { return };
        let mark = Mark::from(seen);
        // Equal failures share one allocation.
        let applied = if mark == known.mark { known.mark.clone() } else { mark };
        if known.mark == Mark::Unknown {
            self.set_mark(number, applied.clone(), now);
            self.place(number, now, false);
        }
        if let Some(tie) = self.objects.get_mut(object).and_then(|object| object.ties.get_mut(place as usize)) {
            tie.applied = applied;
        }
        self.compare(object, place, now);
    }

    /// Whether `object` has work.
    pub(super) fn is_dirty(&self, object: &ObjectId) -> bool {
        let object = self.numbers.get(object).and_then(|number| self.objects.get(*number));
        object.is_some_and(|object| object.differing > 0)
    }

    pub(super) fn set_mark(&mut self, number: u32, mark: Mark, now: Instant) {
        let Some(known) = self.known.get_mut(number).filter(|known| known.mark != mark) else { return };
        known.mark = mark;
        for (object, place) in known.subscribers.clone() {
            self.compare(object, place, now);
        }
    }

    fn compare_all(&mut self, number: u32, now: Instant) {
        let ties = self.objects.get(number).map_or(0, |object| object.ties.len());
        (0..u32::try_from(ties).unwrap_or(u32::MAX)).for_each(|place| self.compare(number, place, now));
        let Some(object) = self.objects.get(number) else { return };
        let closed = |tie: &Tie| self.known.get(tie.known).is_some_and(|known| known.mark == Mark::Closed);
        if object.ties.iter().any(closed) {
            self.wake(number, now);
        }
    }

    fn compare(&mut self, number: u32, place: u32, now: Instant) {
        let Some(object) = self.objects.get_mut(number) else { return };
        let Some(tie) = object.ties.get_mut(place as usize) else { return };
        let differs = self.known.get(tie.known).is_some_and(|known| known.mark != tie.applied);
        match (std::mem::replace(&mut tie.differs, differs), differs) {
            (false, true) => {
                object.differing += 1;
                self.soil(number, now);
            }
            (true, false) if object.differing == 1 => self.clean(number),
            (true, false) => object.differing -= 1,
            _ => {}
        }
    }

    /// A first difference: the references learn that the object is dirty, and it gets its own tick.
    fn soil(&mut self, number: u32, now: Instant) {
        let Some(object) = self.objects.get_mut(number).filter(|object| object.differing == 1) else { return };
        for tie in &object.ties {
            if let Some(known) = self.known.get_mut(tie.known) {
                known.dirty.insert(number);
            }
        }
        self.dirty += 1;
        let tick = Grid::new(object.interval, number_of(&object.id.uid), 0).after(self.epoch, now);
        object.tick = Some(tick);
        self.ticks.insert((tick, number));
    }

    /// The last difference is gone.
    fn clean(&mut self, number: u32) {
        let Some(object) = self.objects.get_mut(number).filter(|object| object.differing > 0) else { return };
        object.differing = 0;
        for tie in &object.ties {
            if let Some(known) = self.known.get_mut(tie.known) {
                known.dirty.remove(&number);
            }
        }
        self.dirty -= 1;
        if let Some(tick) = object.tick.take() {
            self.ticks.remove(&(tick, number));
        }
    }

    /// Queues a wake for an object that is dirty and has none waiting.
    pub(super) fn wake(&mut self, number: u32, now: Instant) {
        let Some(object) = self.objects.get_mut(number).filter(|object| object.differing > 0) else { return };
        object.woken = Some(now);
        if !std::mem::replace(&mut object.queued, true) {
            self.wakes.push_back(number);
        }
    }

    /// The object that has waited longest for its wake, if it is still dirty.
    pub(super) fn next_wake(&mut self) -> Option<ObjectId> {
        while let Some(number) = self.wakes.pop_front() {
            let Some(object) = self.objects.get_mut(number) else { continue };
            if std::mem::take(&mut object.queued) && object.differing > 0 {
                return Some(object.id.clone());
            }
        }
        None
    }

    /// Whether a wake waits.
    pub(super) fn has_wakes(&self) -> bool {
        !self.wakes.is_empty()
    }

    /// When there is something to do next; in the past where it is late.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let tick = self.ticks.first().map(|(tick, _)| *tick);
        self.slots.next_due().into_iter().chain(tick).min()
    }

    /// Wakes the objects whose own tick is due, and takes the slots that are.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Job> {
        while let Some((tick, number)) = self.ticks.first().copied().filter(|(tick, _)| *tick <= now) {
            self.ticks.remove(&(tick, number));
            self.tick(number, now);
        }
        let mut jobs = Vec::new();
        while let Some((slot, tick)) = self.slots.take(now) {
            match tick {
                Tick::Read(members) => jobs.extend(self.job(slot, &members, now)),
                Tick::Busy => self.missed += 1,
            }
        }
        jobs
    }

    fn tick(&mut self, number: u32, now: Instant) {
        let Some(object) = self.objects.get_mut(number) else { return };
        let next = Grid::new(object.interval, number_of(&object.id.uid), 0).after(self.epoch, now);
        object.tick = Some(next);
        self.ticks.insert((next, number));
        if !object.woken_lately(now) {
            self.wake(number, now);
        }
    }

    fn job(&mut self, slot: SlotId, members: &[u32], now: Instant) -> Option<Job> {
        let group = self.slots.group(slot)?;
        let known = members.iter().filter_map(|member| self.known.get(*member));
        let references = known.map(|known| known.reference.clone()).collect();
        for member in members {
            self.place(*member, now, true);
        }
        for (member, slot) in self.slots.dissolve(slot, now) {
            if let Some(known) = self.known.get_mut(member) {
                known.slot = Some(slot);
            }
        }
        Some(Job { slot, session: group.session, interval: group.interval, way: group.way, references })
    }

    /// How much there is of everything.
    pub(super) fn stats(&self, now: Instant) -> super::Stats {
        super::Stats {
            objects: self.objects.len(),
            references: self.known.len(),
            sessions: self.sessions.len(),
            slots: self.slots.len(),
            reading: self.slots.reading(),
            dirty: self.dirty,
            waking: self.wakes.len(),
            late: self.next_due().map(|due| now.saturating_duration_since(due)).unwrap_or_default(),
            missed: self.missed,
            doubted: self.doubted,
            spared: self.spared,
            buffer_bytes: 0,
        }
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
