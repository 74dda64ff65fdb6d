//! A search that finds much less than its target holds, where nothing is known of what it found before.
//!
//! The poller doubts a search that finds much less than the last time (`poll::shrink`). After a start, a change of leader
//! or another session there is no last time; then what the target holds stands for it. Such an answer is believed when it
//! has come back often and long enough, and at once where the user has changed the object meanwhile.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use super::context::Context;
use super::memory::Record;
use super::sources::Sources;
use crate::plan::dwindle::dwindles;
use crate::plan::standing::Standing;
use crate::plan::target::Desired;
use crate::poll::{Absence, ObjectId, Reading, Seen, SessionId, doubt};

/// An answer that is not believed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dwindled {
    /// Stands for the keys that would be left.
    left: u64,
    row: Absence,
}

/// The sessions that an object searches through.
pub(super) fn searched(sources: &Sources) -> BTreeSet<SessionId> {
    sources.references.iter().filter(|one| one.is_search()).map(|one| one.session).collect()
}

/// Whether nothing is known of what an object's searches found before, though it was synced as it stands.
pub(super) fn is_new(record: &Record, sources: &Sources, was_synced: bool) -> bool {
    was_synced && !searched(sources).is_subset(&record.searched)
}

/// Whether a target may become what is desired, or must wait until that has come back often enough.
pub(super) fn is_believed(
    id: &ObjectId,
    desired: &Desired,
    standing: Option<&Standing>,
    interval: Duration,
    ctx: &Context,
) -> bool {
    let believed = ctx.memory.note(id, |record| record.believes(desired, standing, interval, Instant::now()));
    if !believed {
        ctx.poller.doubted();
    }
    believed
}

/// What was acted upon: of a search that is not believed, its failure; so its object is woken at each of its polls.
pub(super) fn acted_upon(reading: &Reading, record: &Record) -> Seen {
    if record.dwindled.is_some() && reading.reference.is_search() {
        return Seen::Failed(doubt());
    }
    reading.seen.clone()
}

impl Record {
    fn believes(&mut self, desired: &Desired, standing: Option<&Standing>, interval: Duration, now: Instant) -> bool {
        if !standing.is_some_and(|standing| dwindles(desired, &standing.ours.data)) {
            self.dwindled = None;
            return true;
        }
        let left = hash(desired);
        let same = self.dwindled.filter(|dwindled| dwindled.left == left);
        let mut row = same.map(|dwindled| dwindled.row).unwrap_or_default();
        let believed = row.note(now, interval, true);
        self.dwindled = (!believed).then_some(Dwindled { left, row });
        believed
    }
}

fn hash(desired: &Desired) -> u64 {
    let mut hasher = DefaultHasher::new();
    desired.rendered.data.keys().for_each(|key| key.hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::standing::Fields;
    use crate::plan::template::Rendered;
    use crate::sealed::Sealed;

    const INTERVAL: Duration = Duration::from_secs(10);

    fn keys(names: &str) -> impl Iterator<Item = String> {
        names.chars().map(String::from)
    }

    /// What is believed of each of `answers`, one an interval, where the target holds a to d.
    fn told(answers: &[&str]) -> Vec<bool> {
        let ours = Fields { data: keys("abcd").collect(), ..Fields::default() };
        let standing = Standing { ours, ..Standing::default() };
        let (mut record, mut now) = (Record::default(), Instant::now());
        let mut believes = |answer: &&str| {
            let data = keys(answer).map(|key| (key, Sealed::from("value"))).collect();
            let desired = Desired { rendered: Rendered { data, ..Rendered::default() }, ..Desired::default() };
            now += INTERVAL;
            record.believes(&desired, Some(&standing), INTERVAL, now)
        };
        answers.iter().map(&mut believes).collect()
    }

    #[test]
    fn the_loss_of_half_is_believed_when_it_has_come_back_for_two_intervals() {
        assert_eq!(told(&["a", "a", "a"]), [false, false, true]);
        assert_eq!(told(&["abc"]), [true]);
    }

    #[test]
    fn another_loss_is_doubted_anew_and_what_is_whole_again_ends_the_doubt() {
        assert_eq!(told(&["a", "a", "b", "b", "b"]), [false, false, false, false, true]);
        assert_eq!(told(&["a", "a", "abcd", "a", "a", "a"]), [false, false, true, false, false, true]);
    }

    #[test]
    fn where_there_is_no_target_nothing_is_lost() {
        let mut record = Record::default();
        assert!(record.believes(&Desired::default(), None, INTERVAL, Instant::now()));
    }
}
