//! What is remembered of each ExternalSecret between two passes: identities, hashes and times, never a value.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::dwindle::Dwindled;
use crate::api::external_secret::{ExternalSecretStatus, StoreKind};
use crate::plan::problem::Problem;
use crate::plan::summary::Failure;
use crate::plan::target::Confirmed;
use crate::poll::{ObjectId, SessionId};

/// A store as an index has it; no namespace for a ClusterSecretStore.
pub(super) type StoreId = (StoreKind, Option<String>, String);

/// One object's memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// What the target was when it was last seen to be right.
    pub(super) confirmed: Option<Confirmed>,
    /// When that was.
    pub(super) confirmed_at: Option<Instant>,
    /// The target's name then.
    pub(super) target: String,
    /// There is no target yet, and somebody else is to make it.
    pub(super) lacks_target: bool,
    /// What was last fetched, by whichever outcome.
    pub(super) fetched: Option<Fetched>,
    /// Through which sessions its searches were last believed.
    pub(super) searched: BTreeSet<SessionId>,
    /// What a search found that is not believed yet.
    pub(super) dwindled: Option<Dwindled>,
    /// Whether the templates of a generation of the object parse.
    pub(super) parsed: Option<(Option<i64>, Result<(), Problem>)>,
    /// Inputs that cannot be rendered, and why not.
    pub(super) unrenderable: Option<(String, Failure)>,
    /// The target may not be what it should be.
    pub(super) doubtful: bool,
    /// The status that was written last, and the resourceVersion that the object had before.
    pub(super) reported: Option<(String, ExternalSecretStatus)>,
    /// Since when the object waits for its store.
    pub(super) waiting_since: Option<Instant>,
    /// When an unchanged status is written again.
    pub(super) beat_at: Option<Instant>,
    /// The target has a check of its own after the start, so that what happened meanwhile does not wait for a poll.
    checked_first: bool,
    /// At what pace the target is checked.
    pub(super) check_every: Option<Duration>,
    check_at: Option<Instant>,
    stores: BTreeSet<StoreId>,
}

/// What an object and its stores were when its remote secrets were last fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fetched {
    /// The object, as `syncedResourceVersion` has it.
    pub(super) version: String,
    /// UID and generation of each store.
    pub(super) stores: BTreeSet<(String, i64)>,
}

/// At what pace targets are checked whose objects are not polled.
const UNPOLLED: Duration = Duration::from_mins(1);

/// All records, and which objects use which store.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    records: HashMap<ObjectId, Record>,
    users: HashMap<StoreId, HashSet<ObjectId>>,
    checks: BTreeSet<(Instant, ObjectId)>,
    targets: HashMap<(Arc<str>, String), ObjectId>,
    /// A write that changes the target's data was begun, and its pods have not been told.
    untold: HashSet<ObjectId>,
}

impl Memory {
    /// A copy of an object's record; an empty one where there is none yet.
    pub(super) fn recall(&self, id: &ObjectId) -> Record {
        self.held().records.get(id).cloned().unwrap_or_default()
    }

    /// Changes an object's record.
    pub(super) fn note<T>(&self, id: &ObjectId, change: impl FnOnce(&mut Record) -> T) -> T {
        change(self.held().records.entry(id.clone()).or_default())
    }

    /// Changes the record of an object that is still remembered; one that is gone stays so.
    pub(super) fn amend(&self, id: &ObjectId, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.held().records.get_mut(id) {
            change(record);
        }
    }

    /// The target's data is about to be changed. That it was is remembered even if the write's answer never comes.
    pub(super) fn begin_change(&self, id: &ObjectId) {
        self.held().untold.insert(id.clone());
    }

    /// The target is known to be what was wanted, or not to have been written: whether a change of it is untold till now.
    pub(super) fn end_change(&self, id: &ObjectId) -> bool {
        self.held().untold.remove(id)
    }

    /// Remembers that the target is right as it stands, and has it checked an interval from now.
    pub(super) fn confirm(&self, id: &ObjectId, target: &str, confirmed: Option<Confirmed>, now: Instant) {
        let mut state = self.held();
        let exists = confirmed.is_some();
        let record = state.records.entry(id.clone()).or_default();
        record.doubtful = false;
        record.confirmed = confirmed;
        record.confirmed_at = exists.then_some(now);
        target.clone_into(&mut record.target);
        let due = now + record.check_every.unwrap_or(UNPOLLED);
        state.targets.insert((Arc::clone(&id.namespace), target.to_owned()), id.clone());
        state.check_at(id, exists.then_some(due));
    }

    /// Remembers that a check has found the target as it should be. A doubt about something else stays, such as a write
    /// that was refused or a status that could not be told.
    pub(super) fn checked(&self, id: &ObjectId, target: &str, confirmed: Confirmed, now: Instant) {
        let doubtful = self.recall(id).doubtful;
        self.confirm(id, target, Some(confirmed), now);
        self.amend(id, |record| record.doubtful |= doubtful);
    }

    /// A target was seen at a version (none when it was deleted): unless that is what was confirmed, its check is due
    /// at `soon`.
    pub(super) fn seen(&self, namespace: &str, target: &str, version: Option<&str>, soon: Instant) {
        let mut state = self.held();
        let Some(id) = state.targets.get(&(Arc::from(namespace), target.to_owned())).cloned() else { return };
        let confirmed = state.records.get(&id).and_then(|record| record.confirmed.as_ref());
        if confirmed.is_some_and(|confirmed| version != Some(confirmed.resource_version.as_str())) {
            state.check_at(&id, Some(soon));
        }
    }

    /// Has a target checked soon that nothing has been confirmed of since the start; once.
    pub(super) fn check_first(&self, id: &ObjectId, target: &str, now: Instant) {
        let mut state = self.held();
        let Some(record) = state.records.get_mut(id) else { return };
        if std::mem::replace(&mut record.checked_first, true) || record.confirmed.is_some() {
            return;
        }
        target.clone_into(&mut record.target);
        state.check_at(id, Some(now));
    }

    /// The check came to nothing: it is made again an interval from now.
    pub(super) fn check_again(&self, id: &ObjectId, now: Instant) {
        let mut state = self.held();
        let Some(record) = state.records.get(id) else { return };
        let due = now + record.check_every.map_or(UNPOLLED, |every| every.min(UNPOLLED));
        state.check_at(id, Some(due));
    }

    /// The target is not what was confirmed.
    pub(super) fn doubt(&self, id: &ObjectId) {
        let mut state = self.held();
        if let Some(record) = state.records.get_mut(id) {
            record.doubtful = true;
            record.confirmed_at = None;
            state.check_at(id, None);
        }
    }

    /// The object whose target has waited longest for its check, once that is due.
    pub(super) fn due_check(&self, now: Instant) -> Option<(ObjectId, String, Option<Confirmed>)> {
        let mut state = self.held();
        let (due, id) = state.checks.first().cloned()?;
        if due > now {
            return None;
        }
        state.check_at(&id, None);
        let record = state.records.get(&id)?;
        Some((id, record.target.clone(), record.confirmed.clone()))
    }

    /// Says which stores an object uses now.
    pub(super) fn uses(&self, id: &ObjectId, stores: BTreeSet<StoreId>) {
        let mut state = self.held();
        let old = state.records.entry(id.clone()).or_default().stores.clone();
        if old == stores {
            return;
        }
        state.unlink(id, &old);
        for store in &stores {
            state.users.entry(store.clone()).or_default().insert(id.clone());
        }
        state.records.entry(id.clone()).or_default().stores = stores;
    }

    /// The objects that use a store.
    pub(super) fn users(&self, store: &StoreId) -> Vec<ObjectId> {
        self.held().users.get(store).into_iter().flatten().cloned().collect()
    }

    /// The objects of a namespace that use a ClusterSecretStore.
    pub(super) fn cluster_users(&self, namespace: &str) -> Vec<ObjectId> {
        let state = self.held();
        let stores = state.users.iter().filter(|((kind, _, _), _)| *kind == StoreKind::ClusterSecretStore);
        let users: HashSet<&ObjectId> = stores.flat_map(|(_, users)| users).collect();
        users.into_iter().filter(|id| *id.namespace == *namespace).cloned().collect()
    }

    /// Every object that is remembered.
    pub(super) fn ids(&self) -> Vec<ObjectId> {
        self.held().records.keys().cloned().collect()
    }

    /// Forgets an object.
    pub(super) fn forget(&self, id: &ObjectId) {
        let mut state = self.held();
        state.check_at(id, None);
        state.untold.remove(id);
        if let Some(record) = state.records.remove(id) {
            state.unlink(id, &record.stores);
            let place = (Arc::clone(&id.namespace), record.target);
            if state.targets.get(&place) == Some(id) {
                state.targets.remove(&place);
            }
        }
    }

    /// How old the oldest confirmation is.
    pub(super) fn oldest_confirmation(&self, now: Instant) -> Duration {
        let times = self.held().records.values().filter_map(|record| record.confirmed_at).min();
        times.map(|then| now.saturating_duration_since(then)).unwrap_or_default()
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Moves an object's place among the checks.
    fn check_at(&mut self, id: &ObjectId, due: Option<Instant>) {
        let Some(record) = self.records.get_mut(id) else { return };
        if let Some(old) = std::mem::replace(&mut record.check_at, due) {
            self.checks.remove(&(old, id.clone()));
        }
        self.checks.extend(due.map(|due| (due, id.clone())));
    }

    fn unlink(&mut self, id: &ObjectId, stores: &BTreeSet<StoreId>) {
        for store in stores {
            if let Some(users) = self.users.get_mut(store) {
                users.remove(id);
            }
            if self.users.get(store).is_some_and(HashSet::is_empty) {
                self.users.remove(store);
            }
        }
    }
}

impl Record {
    /// The status as it is known best: what was written, until the cache has it.
    pub(super) fn status(
        &self,
        cached_version: &str,
        cached: Option<&ExternalSecretStatus>,
    ) -> Option<ExternalSecretStatus> {
        match &self.reported {
            Some((before, written)) if before == cached_version => Some(written.clone()),
            _ => cached.cloned(),
        }
    }
}

/// The first heartbeat of an object: anywhere within the period, so that a restart writes no status of all at once.
pub(super) fn first_beat(id: &ObjectId, now: Instant, every: Duration) -> Instant {
    now + every.mul_f64(share(id))
}

/// The next one: in the second half of the period.
pub(super) fn next_beat(id: &ObjectId, now: Instant, every: Duration) -> Instant {
    now + every.mul_f64(share(id).mul_add(0.5, 0.5))
}

/// A stable number in [0, 1).
fn share(id: &ObjectId) -> f64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    f64::from(u16::try_from(hasher.finish() >> 48).unwrap_or_default()) / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ObjectId {
        ObjectId::new("ns", name, "uid")
    }

    fn store(name: &str) -> StoreId {
        (StoreKind::SecretStore, Some("ns".to_owned()), name.to_owned())
    }

    #[test]
    fn an_object_is_found_by_the_stores_that_it_uses_now() {
        let memory = Memory::default();
        memory.uses(&id("a"), BTreeSet::from([store("x"), store("y")]));
        memory.uses(&id("a"), BTreeSet::from([store("y")]));
        assert!(memory.users(&store("x")).is_empty());
        assert_eq!(memory.users(&store("y")), [id("a")]);
        memory.forget(&id("a"));
        assert!(memory.users(&store("y")).is_empty() && memory.ids().is_empty());
    }

    #[test]
    fn a_written_status_counts_until_the_cache_has_moved_on() {
        let written = ExternalSecretStatus { synced_resource_version: Some("1-x".into()), ..Default::default() };
        let record = Record { reported: Some(("7".into(), written.clone())), ..Record::default() };
        assert_eq!(record.status("7", None), Some(written));
        assert_eq!(record.status("8", None), None);
    }

    #[test]
    fn targets_are_checked_in_the_order_in_which_they_were_confirmed() {
        let (memory, now) = (Memory::default(), Instant::now());
        let confirmed = Confirmed { uid: "u".into(), resource_version: "1".into(), digest: String::new() };
        for (name, second) in [("a", 1), ("b", 0)] {
            let at = now + Duration::from_secs(second);
            memory.confirm(&id(name), "target", Some(confirmed.clone()), at);
        }
        assert_eq!(memory.due_check(now + UNPOLLED / 2), None);
        let later = now + UNPOLLED * 2;
        let due = |memory: &Memory| memory.due_check(later).map(|(id, _, _)| id.name.to_string());
        assert_eq!(due(&memory).as_deref(), Some("b"));
        memory.doubt(&id("a"));
        assert_eq!(due(&memory), None);
        assert!(memory.recall(&id("a")).doubtful);
    }

    #[test]
    fn a_target_that_was_seen_changed_is_checked_soon() {
        let (memory, now) = (Memory::default(), Instant::now());
        let confirmed = Confirmed { uid: "u".into(), resource_version: "1".into(), digest: String::new() };
        memory.confirm(&id("a"), "target", Some(confirmed), now);
        memory.seen("ns", "target", Some("1"), now);
        memory.seen("ns", "other", Some("2"), now);
        assert_eq!(memory.due_check(now), None);
        memory.seen("ns", "target", None, now);
        assert!(memory.due_check(now).is_some());
        memory.forget(&id("a"));
        memory.seen("ns", "target", None, now);
        assert_eq!(memory.due_check(now), None);
    }

    #[test]
    fn a_check_that_finds_the_target_as_it_was_leaves_other_doubts() {
        let (memory, now) = (Memory::default(), Instant::now());
        let confirmed = || Confirmed { uid: "u".into(), resource_version: "1".into(), digest: "d".into() };
        memory.confirm(&id("a"), "target", Some(confirmed()), now);
        memory.amend(&id("a"), |record| record.doubtful = true);
        memory.checked(&id("a"), "target", confirmed(), now);
        assert!(memory.recall(&id("a")).doubtful);
    }

    #[test]
    fn a_target_of_which_nothing_is_known_is_checked_once_after_the_start() {
        let (memory, now) = (Memory::default(), Instant::now());
        memory.check_first(&id("gone"), "target", now);
        memory.note(&id("a"), |_| {});
        memory.check_first(&id("a"), "target", now);
        assert_eq!(memory.due_check(now), Some((id("a"), "target".to_owned(), None)));
        memory.check_first(&id("a"), "target", now);
        assert_eq!(memory.due_check(now), None);
        memory.check_again(&id("a"), now);
        assert_eq!(memory.due_check(now + UNPOLLED / 2), None);
        assert!(memory.due_check(now + UNPOLLED).is_some());
    }

    #[test]
    fn a_change_is_told_once_however_late_its_answer_comes() {
        let memory = Memory::default();
        assert!(!memory.end_change(&id("a")));
        memory.begin_change(&id("a"));
        memory.begin_change(&id("a"));
        assert!(memory.end_change(&id("a")));
        assert!(!memory.end_change(&id("a")));
        memory.begin_change(&id("a"));
        memory.forget(&id("a"));
        assert!(!memory.end_change(&id("a")));
    }

    #[test]
    fn an_amendment_does_not_bring_back_what_was_forgotten() {
        let memory = Memory::default();
        memory.amend(&id("a"), |record| record.doubtful = true);
        assert!(memory.ids().is_empty());
    }

    #[test]
    fn heartbeats_lie_in_the_second_half_of_the_period() {
        let (now, hour) = (Instant::now(), Duration::from_hours(1));
        for name in ["a", "b", "c", "d"] {
            let wait = next_beat(&id(name), now, hour) - now;
            assert!(wait >= hour / 2 && wait < hour);
            assert!(first_beat(&id(name), now, hour) - now < hour);
        }
    }
}
