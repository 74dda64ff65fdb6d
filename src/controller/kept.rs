//! The values of objects whose templates are kept in other objects: a changed text is rendered with them, so that it costs
//! no call to a provider.
//!
//! Nobody else's values outlive their pass. They are sealed, bounded in bytes, and used only while the poller knows of no
//! newer ones; what finds no place here is fetched.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::poll::{ObjectId, Reading, Reference};

/// The most bytes of all values together.
const BYTES: usize = 16 << 20;
/// The most bytes of one object's.
const LARGEST: usize = 2 << 20;

/// All that is kept.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    objects: HashMap<ObjectId, Entry>,
    /// By age, the oldest first.
    order: BTreeMap<u64, ObjectId>,
    bytes: usize,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    readings: Vec<Reading>,
    bytes: usize,
    number: u64,
}

impl Kept {
    /// Keeps what was read for an object, if all of it is values; the oldest of others make room.
    pub(super) fn keep(&self, id: &ObjectId, readings: &[Reading]) {
        let mut state = self.held();
        state.take_out(id);
        let sizes = readings.iter().map(|reading| Some(reading.value.as_ref()?.len()));
        let Some(bytes) = sizes.sum::<Option<usize>>().filter(|bytes| *bytes <= LARGEST) else { return };
        while state.bytes + bytes > BYTES {
            let Some((_, oldest)) = state.order.first_key_value() else { break };
            let oldest = oldest.clone();
            state.take_out(&oldest);
        }
        let number = state.next;
        (state.next, state.bytes) = (number + 1, state.bytes + bytes);
        state.order.insert(number, id.clone());
        state.objects.insert(id.clone(), Entry { readings: readings.to_vec(), bytes, number });
    }

    /// What was read last of exactly these references.
    pub(super) fn of(&self, id: &ObjectId, references: &[Reference]) -> Option<Vec<Reading>> {
        let state = self.held();
        let readings = &state.objects.get(id)?.readings;
        readings.iter().map(|reading| &reading.reference).eq(references).then(|| readings.clone())
    }

    /// Forgets an object.
    pub(super) fn forget(&self, id: &ObjectId) {
        self.held().take_out(id);
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_out(&mut self, id: &ObjectId) {
        if let Some(entry) = self.objects.remove(id) {
            self.order.remove(&entry.number);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::external_secret::RemoteRef;
    use crate::poll::{Seen, SessionId};
    use crate::sealed::Sealed;

    fn id(name: &str) -> ObjectId {
        ObjectId::new("ns", name, "uid")
    }

    fn reading(session: u64, size: Option<usize>) -> Reading {
        let reference = Reference::new(SessionId::new(session), RemoteRef::default().remote_key());
        let value = size.map(|size| Arc::new(Sealed::new(vec![0; size])));
        Reading { reference, seen: Seen::Absent { confirmed: false }, value }
    }

    fn has(kept: &Kept, name: &str) -> bool {
        kept.of(&id(name), &[reading(1, None).reference]).is_some()
    }

    #[test]
    fn values_are_given_for_the_references_they_were_read_of_and_for_no_others() {
        let kept = Kept::default();
        kept.keep(&id("a"), &[reading(1, Some(1))]);
        assert!(has(&kept, "a"));
        assert!(kept.of(&id("a"), &[reading(2, None).reference]).is_none());
        assert!(kept.of(&id("a"), &[]).is_none());
        kept.forget(&id("a"));
        assert!(!has(&kept, "a"));
    }

    #[test]
    fn what_lacks_a_value_or_is_too_large_is_not_kept() {
        let kept = Kept::default();
        for size in [None, Some(LARGEST + 1)] {
            kept.keep(&id("a"), &[reading(1, Some(1))]);
            kept.keep(&id("a"), &[reading(1, size)]);
            assert!(!has(&kept, "a"), "{size:?}");
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let kept = Kept::default();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            kept.keep(&id(name), &[reading(1, Some(LARGEST))]);
        }
        kept.keep(&id("a"), &[reading(1, Some(LARGEST))]);
        kept.keep(&id("i"), &[reading(1, Some(1))]);
        assert!(has(&kept, "a") && has(&kept, "i") && !has(&kept, "b") && has(&kept, "c"));
        assert!(kept.held().bytes <= BYTES);
    }
}
