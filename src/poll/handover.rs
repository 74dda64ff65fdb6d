//! What was just read, for those who are about to ask for it.
//!
//! The only place where a value stays beyond the read that got it: sealed, for about two seconds, in a bounded number of
//! bytes, the first to expire out first. Polls put in only what they wake somebody for, so in a quiet cluster it is empty. Failures
//! hold no value and stay for longer, so that a thousand objects of one dead store do not ask it a thousand times.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::identity::Reference;
use super::seen::{Reading, Seen};

/// What an entry costs beside its value.
const OVERHEAD: usize = 256;

/// The bounds of a hand-over buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    pub(super) age: Duration,
    pub(super) failure_age: Duration,
}

/// Recent readings, by when they have to go.
#[derive(Debug)]
pub(super) struct Handover {
    bounds: Bounds,
    entries: HashMap<Reference, Entry>,
    ends: BTreeMap<End, Reference>,
    bytes: usize,
    given: u64,
}

/// When an entry has to go, and a number that tells it from the others of that moment.
type End = (Instant, u64);

#[derive(Debug)]
struct Entry {
    reading: Reading,
    end: End,
}

impl Handover {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, entries: HashMap::new(), ends: BTreeMap::new(), bytes: 0, given: 0 }
    }

    /// How many bytes it holds, with what the entries cost themselves.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps `reading` for a moment. What alone would fill the buffer is not kept.
    pub(super) fn put(&mut self, reading: Reading, now: Instant) {
        self.remove(&reading.reference.clone());
        let bytes = size(&reading);
        if bytes > self.bounds.bytes {
            return;
        }
        while self.bytes + bytes > self.bounds.bytes {
            self.remove_first();
        }
        let age = if matches!(reading.seen, Seen::Failed(_)) { self.bounds.failure_age } else { self.bounds.age };
        let end = (now + age, self.given);
        self.given += 1;
        self.bytes += bytes;
        self.ends.insert(end, reading.reference.clone());
        self.entries.insert(reading.reference.clone(), Entry { reading, end });
    }

    /// What was read of `reference` a moment ago.
    pub(super) fn get(&self, reference: &Reference, now: Instant) -> Option<Reading> {
        self.entries.get(reference).filter(|entry| entry.end.0 > now).map(|entry| entry.reading.clone())
    }

    /// When the first entry has to go.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.ends.first_key_value().map(|(end, _)| end.0)
    }

    /// Drops what is too old.
    pub(super) fn expire(&mut self, now: Instant) {
        while self.next_end().is_some_and(|end| end <= now) {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        if let Some(reference) = self.ends.first_key_value().map(|(_, reference)| reference.clone()) {
            self.remove(&reference);
        }
    }

    fn remove(&mut self, reference: &Reference) {
        if let Some(entry) = self.entries.remove(reference) {
            self.ends.remove(&entry.end);
            self.bytes -= size(&entry.reading);
        }
    }
}

fn size(reading: &Reading) -> usize {
    OVERHEAD + reading.value.as_ref().map_or(0, |value| value.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::poll::fingerprint::Fingerprinter;
    use crate::poll::identity::SessionId;
    use crate::provider::{Error, Kind, Part, RemoteKey};
    use crate::sealed::Sealed;

    use super::*;

    const BOUNDS: Bounds = Bounds { bytes: 10_000, age: Duration::from_secs(2), failure_age: Duration::from_secs(10) };

    fn reference(key: &str) -> Reference {
        let key = RemoteKey { key: key.into(), version: None, part: Part::Value, property: None };
        Reference::new(SessionId::new(1), key)
    }

    fn value(key: &str, bytes: usize) -> Reading {
        let value = Arc::new(Sealed::new(vec![b'x'; bytes]));
        let seen = Seen::Value(Fingerprinter::random().of(&value));
        Reading { reference: reference(key), seen, value: Some(value) }
    }

    fn failure(key: &str) -> Reading {
        let error = Error { provider: "Fake", doing: "read".into(), kind: Kind::Unavailable, cause: "down".into() };
        Reading { reference: reference(key), seen: Seen::Failed(error), value: None }
    }

    #[test]
    fn values_go_after_their_age_and_failures_after_theirs() {
        let now = Instant::now();
        let mut handover = Handover::new(BOUNDS);
        handover.put(value("a", 10), now);
        handover.put(failure("b"), now);
        assert!(handover.get(&reference("a"), now + BOUNDS.age / 2).is_some());
        assert!(handover.get(&reference("a"), now + BOUNDS.age).is_none());
        assert_eq!(handover.next_end(), Some(now + BOUNDS.age));
        handover.expire(now + BOUNDS.age);
        assert_eq!((handover.entries.len(), handover.bytes()), (1, OVERHEAD));
        assert!(handover.get(&reference("b"), now + BOUNDS.age).is_some());
        handover.expire(now + BOUNDS.failure_age);
        assert!(handover.entries.is_empty() && handover.ends.is_empty() && handover.bytes() == 0);
    }

    #[test]
    fn an_expired_value_is_dropped_and_not_only_hidden() {
        let now = Instant::now();
        let mut handover = Handover::new(BOUNDS);
        let reading = value("a", 10);
        let value = Arc::downgrade(reading.value.as_ref().unwrap());
        handover.put(reading, now);
        assert!(value.upgrade().is_some());
        handover.expire(now + BOUNDS.age);
        assert!(value.upgrade().is_none());
    }

    #[test]
    fn it_never_holds_more_than_its_bytes_and_lets_the_oldest_go_first() {
        let now = Instant::now();
        let mut handover = Handover::new(BOUNDS);
        for count in 0..100 {
            handover.put(value(&count.to_string(), 1_000), now + Duration::from_millis(count));
            assert!(handover.bytes() <= BOUNDS.bytes);
        }
        assert!(handover.get(&reference("99"), now).is_some() && handover.get(&reference("0"), now).is_none());
        handover.put(value("huge", BOUNDS.bytes), now);
        assert!(handover.get(&reference("huge"), now).is_none());
        assert!(handover.get(&reference("99"), now).is_some());
    }

    #[test]
    fn a_newer_reading_replaces_an_older_one() {
        let now = Instant::now();
        let mut handover = Handover::new(BOUNDS);
        handover.put(value("a", 10), now);
        handover.put(failure("a"), now);
        assert!(handover.get(&reference("a"), now).unwrap().value.is_none());
        assert_eq!((handover.ends.len(), handover.bytes()), (1, OVERHEAD));
    }
}
