//! Which references are read together, and when.
//!
//! References of one session, interval and way of polling are a group; a group has slots of at most a batch, or of as many
//! as a listing is asked for, numbered from 0, each with a phase of its own. A new reference joins the open slot with the
//! lowest number, so that it is the last slots that thin out; a slot that the others have room for is dissolved at its own
//! tick. At that moment its members have just been read, so wherever they go they are read again within their interval, and
//! it costs no further call. There are never more than ceil(n / size) slots but for the one interval that dissolving may take.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::provider::Batch;

use super::identity::SessionId;
use super::phase::{Grid, scatter};

/// What the references of a slot have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Group {
    pub(super) session: SessionId,
    pub(super) interval: Duration,
    pub(super) way: Way,
}

/// How a slot's references are polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// They are read in one call.
    Read(Batch),
    /// At most so many are asked for together whether they have changed; what has is read.
    List(usize),
}

impl Way {
    fn size(self) -> usize {
        match self {
            Self::Read(batch) => batch.size(),
            Self::List(most) => most.max(1),
        }
    }
}

impl Group {
    fn grid(&self, ordinal: u32) -> Grid {
        let interval = u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX);
        let seed = scatter(self.session.number() ^ scatter(interval ^ scatter(self.way.size() as u64)));
        Grid::new(self.interval, seed, ordinal)
    }

    fn needed(&self, members: usize) -> usize {
        members.div_ceil(self.way.size())
    }
}

/// A slot's name, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SlotId(u64);

#[derive(Debug)]
struct Slot {
    group: Group,
    ordinal: u32,
    members: BTreeSet<u32>,
    due: Instant,
    reading: bool,
}

/// The slots of one group, by number.
#[derive(Debug, Default)]
struct Family {
    slots: BTreeMap<u32, SlotId>,
    open: BTreeSet<u32>,
    members: usize,
}

impl Family {
    fn free_ordinal(&self) -> u32 {
        (0..)
            .zip(self.slots.keys())
            .find(|(free, taken)| free != *taken)
            .map_or_else(|| u32::try_from(self.slots.len()).unwrap_or(u32::MAX), |(free, _)| free)
    }
}

/// A slot that is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tick {
    /// Read these now.
    Read(Vec<u32>),
    /// The last read has not come back: there is never more than one.
    Busy,
}

/// All slots, by when they are due.
#[derive(Debug)]
pub(super) struct Slots {
    epoch: Instant,
    all: HashMap<SlotId, Slot>,
    families: HashMap<Group, Family>,
    due: BTreeSet<(Instant, SlotId)>,
    given: u64,
    reading: usize,
}

impl Slots {
    /// No slots; phases count from `epoch`.
    pub(super) fn new(epoch: Instant) -> Self {
        let (all, families) = (HashMap::new(), HashMap::new());
        Self { epoch, all, families, due: BTreeSet::new(), given: 0, reading: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many slots have a read under way.
    pub(super) fn reading(&self) -> usize {
        self.reading
    }

    /// How many references of `group` there are.
    pub(super) fn members(&self, group: Group) -> usize {
        self.families.get(&group).map_or(0, |family| family.members)
    }

    /// What the members of `slot` have in common.
    pub(super) fn group(&self, slot: SlotId) -> Option<Group> {
        self.all.get(&slot).map(|slot| slot.group)
    }

    /// When the next slot is due; in the past where one is late.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Puts `member` into a slot that is due within the group's interval.
    pub(super) fn join(&mut self, group: Group, member: u32, now: Instant) -> SlotId {
        let id = self.open_slot(group).unwrap_or_else(|| self.add_slot(group, now));
        if let (Some(slot), Some(family)) = (self.all.get_mut(&id), self.families.get_mut(&group)) {
            slot.members.insert(member);
            family.members += 1;
            if slot.members.len() >= group.way.size() {
                family.open.remove(&slot.ordinal);
            }
        }
        id
    }

    fn open_slot(&self, group: Group) -> Option<SlotId> {
        let family = self.families.get(&group)?;
        family.slots.get(family.open.first()?).copied()
    }

    fn add_slot(&mut self, group: Group, now: Instant) -> SlotId {
        let id = SlotId(self.given);
        self.given += 1;
        let family = self.families.entry(group).or_default();
        let ordinal = family.free_ordinal();
        let due = group.grid(ordinal).after(self.epoch, now);
        family.slots.insert(ordinal, id);
        family.open.insert(ordinal);
        self.due.insert((due, id));
        self.all.insert(id, Slot { group, ordinal, members: BTreeSet::new(), due, reading: false });
        id
    }

    /// Takes `member` out of `slot`; an empty slot goes away.
    pub(super) fn leave(&mut self, id: SlotId, member: u32) {
        let Some(slot) = self.all.get_mut(&id) else { return };
        if !slot.members.remove(&member) {
            return;
        }
        let (group, ordinal, empty) = (slot.group, slot.ordinal, slot.members.is_empty());
        if let Some(family) = self.families.get_mut(&group) {
            family.members -= 1;
            family.open.insert(ordinal);
        }
        if empty {
            self.remove_slot(id);
        }
    }

    fn remove_slot(&mut self, id: SlotId) -> BTreeSet<u32> {
        let Some(slot) = self.all.remove(&id) else { return BTreeSet::new() };
        self.due.remove(&(slot.due, id));
        self.reading -= usize::from(slot.reading);
        if let Some(family) = self.families.get_mut(&slot.group) {
            family.slots.remove(&slot.ordinal);
            family.open.remove(&slot.ordinal);
            family.members -= slot.members.len();
            if family.slots.is_empty() {
                self.families.remove(&slot.group);
            }
        }
        slot.members
    }

    /// The slot that has been due longest, if one is due; it is due again an interval later.
    pub(super) fn take(&mut self, now: Instant) -> Option<(SlotId, Tick)> {
        let (due, id) = self.due.first().copied().filter(|(due, _)| *due <= now)?;
        self.due.remove(&(due, id));
        let slot = self.all.get_mut(&id)?;
        slot.due = slot.group.grid(slot.ordinal).after(self.epoch, now);
        self.due.insert((slot.due, id));
        if slot.reading {
            return Some((id, Tick::Busy));
        }
        slot.reading = true;
        self.reading += 1;
        Some((id, Tick::Read(slot.members.iter().copied().collect())))
    }

    /// Has a slot due now, unless it is being read.
    pub(super) fn hasten(&mut self, id: SlotId, now: Instant) {
        if self.all.get(&id).is_some_and(|slot| !slot.reading) {
            self.bring_forward(id, now);
        }
    }

    /// Has a slot due at `at`, if that is sooner.
    pub(super) fn bring_forward(&mut self, id: SlotId, at: Instant) {
        let Some(slot) = self.all.get_mut(&id).filter(|slot| at < slot.due) else { return };
        self.due.remove(&(slot.due, id));
        slot.due = at;
        self.due.insert((at, id));
    }

    /// The read of `slot` has come back.
    pub(super) fn finish(&mut self, id: SlotId) {
        if let Some(slot) = self.all.get_mut(&id).filter(|slot| slot.reading) {
            slot.reading = false;
            self.reading -= 1;
        }
    }

    /// Empties a slot that its group can do without; says where its members are now. To be called at its tick.
    pub(super) fn dissolve(&mut self, id: SlotId, now: Instant) -> Vec<(u32, SlotId)> {
        if !self.is_surplus(id) {
            return Vec::new();
        }
        let Some(group) = self.group(id) else { return Vec::new() };
        self.remove_slot(id).into_iter().map(|member| (member, self.join(group, member, now))).collect()
    }

    fn is_surplus(&self, id: SlotId) -> bool {
        let Some(slot) = self.all.get(&id) else { return false };
        let Some(family) = self.families.get(&slot.group) else { return false };
        let needed = slot.group.needed(family.members);
        family.slots.len() > needed && slot.ordinal as usize >= needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    fn group(session: u64, seconds: u64, size: usize) -> Group {
        let interval = Duration::from_secs(seconds);
        Group { session: SessionId::new(session), interval, way: Way::Read(Batch::Many(size)) }
    }

    /// Slots with a model beside them: where each member is and when it was last read.
    struct Model {
        slots: Slots,
        members: BTreeMap<u32, (Group, SlotId, Instant)>,
        now: Instant,
        seed: u64,
    }

    impl Model {
        fn new(seed: u64) -> Self {
            let now = Instant::now();
            Self { slots: Slots::new(now), members: BTreeMap::new(), now, seed }
        }

        fn dice(&mut self, sides: u64) -> u64 {
            self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            scatter(self.seed) % sides
        }

        fn join(&mut self, member: u32, group: Group) {
            let slot = self.slots.join(group, member, self.now);
            self.members.insert(member, (group, slot, self.now));
        }

        fn leave(&mut self, member: u32) {
            if let Some((_, slot, _)) = self.members.remove(&member) {
                self.slots.leave(slot, member);
            }
        }

        /// Plays every tick up to `time` from now and returns how many reads there were.
        fn advance(&mut self, time: Duration) -> usize {
            let end = self.now + time;
            let mut reads = 0;
            while let Some(due) = self.slots.next_due().filter(|due| *due <= end) {
                self.now = self.now.max(due);
                let Some((slot, Tick::Read(read))) = self.slots.take(self.now) else { panic!("not taken") };
                reads += 1;
                for member in &read {
                    let (group, at, last) = self.members.get_mut(member).unwrap();
                    assert!(self.now - *last <= group.interval, "{member} waited {:?}", self.now - *last);
                    assert_eq!(*at, slot);
                    *last = self.now;
                }
                for (member, place) in self.slots.dissolve(slot, self.now) {
                    self.members.get_mut(&member).unwrap().1 = place;
                }
                self.slots.finish(slot);
            }
            self.now = end;
            reads
        }

        /// Each member is in exactly one slot, the one it was told, and no slot is too big or empty.
        fn check(&self) {
            let mut found = BTreeMap::new();
            for (id, slot) in &self.slots.all {
                assert!((1..=slot.group.way.size()).contains(&slot.members.len()));
                for member in &slot.members {
                    assert!(found.insert(*member, (slot.group, *id)).is_none(), "{member} is in two slots");
                }
            }
            let told: BTreeMap<_, _> = self.members.iter().map(|(m, (group, slot, _))| (*m, (*group, *slot))).collect();
            assert_eq!(found, told);
            assert_eq!(self.slots.due.len(), self.slots.all.len());
            assert_eq!(self.slots.reading, 0);
            for (group, family) in &self.slots.families {
                assert_eq!(family.members, told.values().filter(|(other, _)| other == group).count());
            }
        }

        fn needed(&self) -> usize {
            let mut sizes: HashMap<Group, usize> = HashMap::new();
            self.members.values().for_each(|(group, ..)| *sizes.entry(*group).or_default() += 1);
            sizes.iter().map(|(group, size)| group.needed(*size)).sum()
        }
    }

    #[test]
    fn a_thousand_references_are_fifty_slots_in_whatever_order_they_come() {
        for seed in 0..5 {
            let mut model = Model::new(seed);
            while model.members.len() < 1000 {
                let member = u32::try_from(model.dice(1000)).unwrap();
                if !model.members.contains_key(&member) {
                    model.join(member, group(1, 10, 20));
                }
            }
            assert_eq!(model.slots.len(), 50);
            model.check();
        }
    }

    #[test]
    fn a_thousand_references_are_fifty_calls_a_round_and_never_two_at_once() {
        let mut model = Model::new(1);
        (0..1000).for_each(|member| model.join(member, group(1, 10, 20)));
        model.advance(INTERVAL);
        assert_eq!(model.advance(INTERVAL), 50);
        for _ in 0..100 {
            assert!(model.advance(INTERVAL / 100) <= 1);
        }
    }

    #[test]
    fn slots_that_thinned_out_merge_within_an_interval() {
        for seed in 0..20 {
            let mut model = Model::new(seed);
            (0..1000).for_each(|member| model.join(member, group(1, 10, 20)));
            model.advance(Duration::from_millis(3_333));
            for _ in 0..700 {
                let member = u32::try_from(model.dice(1000)).unwrap();
                model.leave(member);
            }
            model.advance(INTERVAL);
            model.check();
            assert_eq!(model.slots.len(), model.members.len().div_ceil(20));
        }
    }

    #[test]
    fn slots_of_which_no_two_fit_into_one_merge_too() {
        let mut model = Model::new(1);
        (0..1000).for_each(|member| model.join(member, group(1, 10, 20)));
        (0..1000).filter(|member| member % 20 >= 11).for_each(|member| model.leave(member));
        assert_eq!((model.slots.len(), model.members.len()), (50, 550));
        model.advance(INTERVAL);
        assert_eq!(model.slots.len(), 28);
    }

    #[test]
    fn whatever_comes_and_goes_each_reference_is_in_one_slot_and_read_in_time() {
        for seed in 0..30 {
            let mut model = Model::new(seed);
            for _ in 0..3_000 {
                let member = u32::try_from(model.dice(150)).unwrap();
                let (session, interval, size) = (model.dice(2), 10 * (1 + model.dice(2)), 1 + 6 * model.dice(2));
                match model.dice(5) {
                    0 | 1 => model.leave(member),
                    2 | 3 if !model.members.contains_key(&member) => {
                        model.join(member, group(session, interval, usize::try_from(size).unwrap()));
                    }
                    _ => {
                        let millis = model.dice(900);
                        model.advance(Duration::from_millis(millis));
                    }
                }
            }
            model.check();
            model.advance(INTERVAL * 2);
            model.check();
            assert_eq!(model.slots.len(), model.needed());
            model.members.keys().copied().collect::<Vec<_>>().into_iter().for_each(|member| model.leave(member));
            assert!(model.slots.all.is_empty() && model.slots.families.is_empty() && model.slots.due.is_empty());
        }
    }

    #[test]
    fn a_slot_whose_read_has_not_come_back_is_not_read_again() {
        let mut slots = Slots::new(Instant::now());
        slots.join(group(1, 10, 20), 1, Instant::now());
        let due = slots.next_due().unwrap();
        let (slot, _) = slots.take(due).unwrap();
        assert_eq!(slots.take(due), None);
        assert_eq!(slots.take(due + INTERVAL), Some((slot, Tick::Busy)));
        slots.finish(slot);
        assert_eq!(slots.take(due + INTERVAL * 2), Some((slot, Tick::Read(vec![1]))));
    }

    #[test]
    fn a_late_slot_is_read_once_and_is_on_its_grid_again() {
        let mut slots = Slots::new(Instant::now());
        slots.join(group(1, 10, 20), 1, Instant::now());
        let due = slots.next_due().unwrap();
        slots.take(due + INTERVAL * 6 + Duration::from_secs(3)).unwrap();
        assert_eq!(slots.next_due(), Some(due + INTERVAL * 7));
    }

    #[test]
    fn sessions_do_not_tick_together() {
        let mut slots = Slots::new(Instant::now());
        (0..100).for_each(|session| {
            slots.join(group(session, 10, 20), 1, slots.epoch);
        });
        let dues: Vec<_> = slots.due.iter().map(|(due, _)| *due).collect();
        let crowd = dues
            .iter()
            .map(|due| dues.iter().filter(|other| **other >= *due && **other < *due + INTERVAL / 20).count());
        assert!(crowd.max().unwrap() <= 15);
    }
}
