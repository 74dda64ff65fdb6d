//! Secrets that have changed and whose pods have not been looked for, by namespace.
//!
//! Changes that come together are paid together: a namespace is due when it has been quiet for a moment, or when the
//! first change has waited long enough. A Secret is in a batch only when the kubelets have had time to hear of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::LATE;
use crate::plan::nudge::Change;

/// A kubelet that looks before its own watch has brought the change finds the old data, and not another time for a minute.
const HEARD: Duration = Duration::from_millis(250);
/// How long the first change waits for others at most.
const TOGETHER: Duration = Duration::from_secs(1);

/// What is owed.
#[derive(Debug, Default)]
pub(super) struct Debts(HashMap<Arc<str>, Debt>);

/// What is owed in one namespace.
#[derive(Debug)]
struct Debt {
    due: Instant,
    secrets: BTreeMap<String, (Change, Instant)>,
}

/// What one list of pods is made for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) namespace: Arc<str>,
    pub(super) changes: BTreeMap<String, Change>,
    /// When the first of the changes was made.
    pub(super) since: Instant,
    /// When the kubelets have found the last of them by themselves.
    pub(super) until: Instant,
}

impl Debts {
    /// A Secret has changed; only its last change counts.
    pub(super) fn owe(&mut self, namespace: &str, secret: &str, change: Change, now: Instant) {
        let fresh = || Debt { due: now, secrets: BTreeMap::new() };
        let debt = self.0.entry(Arc::from(namespace)).or_insert_with(fresh);
        debt.secrets.insert(secret.to_owned(), (change, now));
        debt.settle_due();
    }

    /// When the next namespace is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.values().map(|debt| debt.due).min()
    }

    /// The changes of the namespace that has been due the longest.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Batch> {
        let (namespace, _) = self.0.iter().filter(|(_, debt)| debt.due <= now).min_by_key(|(_, debt)| debt.due)?;
        let namespace = Arc::clone(namespace);
        let mut debt = self.0.remove(&namespace)?;
        let heard = |at: &Instant| *at + HEARD <= now;
        let taken: BTreeMap<_, _> = debt.secrets.extract_if(.., |_, (_, at)| heard(at)).collect();
        if !debt.secrets.is_empty() {
            debt.settle_due();
            self.0.insert(Arc::clone(&namespace), debt);
        }
        let times = || taken.values().map(|(_, at)| *at);
        let (since, until) = (times().min()?, times().max()? + LATE);
        Some(Batch {
            namespace,
            since,
            until,
            changes: taken.into_iter().map(|(name, (change, _))| (name, change)).collect(),
        })
    }

    /// The list could not be made: it is due again, unless the kubelets have found the changes meanwhile.
    pub(super) fn put_back(&mut self, batch: Batch, now: Instant) -> bool {
        if batch.until <= now {
            return false;
        }
        let fresh = || Debt { due: now, secrets: BTreeMap::new() };
        let debt = self.0.entry(batch.namespace).or_insert_with(fresh);
        for (secret, change) in batch.changes {
            debt.secrets.entry(secret).or_insert((change, batch.since));
        }
        debt.settle_due();
        true
    }
}

impl Debt {
    /// Never before one of the Secrets can be in the batch.
    fn settle_due(&mut self) {
        let times = || self.secrets.values().map(|(_, at)| *at);
        if let (Some(first), Some(last)) = (times().min(), times().max()) {
            self.due = (last + HEARD).min(first + TOGETHER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn names(batch: Option<Batch>) -> Vec<String> {
        batch.map(|batch| batch.changes.into_keys().collect()).unwrap_or_default()
    }

    #[test]
    fn a_change_is_due_when_the_kubelets_have_heard_of_it_and_once() {
        let (mut debts, start) = (Debts::default(), Instant::now());
        assert_eq!((debts.next_due(), debts.take_due(start)), (None, None));
        debts.owe("a", "s", Change::Written, start);
        assert_eq!(debts.next_due(), Some(start + HEARD));
        assert_eq!(debts.take_due(start + MS), None);
        let batch = debts.take_due(start + HEARD).unwrap();
        assert_eq!((&*batch.namespace, batch.since, batch.until), ("a", start, start + LATE));
        assert_eq!(batch.changes, BTreeMap::from([("s".to_owned(), Change::Written)]));
        assert_eq!((debts.next_due(), debts.take_due(start + LATE)), (None, None));
    }

    #[test]
    fn changes_of_a_namespace_that_come_together_are_paid_together() {
        let (mut debts, start) = (Debts::default(), Instant::now());
        for (number, secret) in ["s", "t", "u"].into_iter().enumerate() {
            let at = start + 200 * MS * u32::try_from(number).unwrap();
            debts.owe("a", secret, Change::Written, at);
        }
        assert_eq!(debts.take_due(start + 600 * MS), None);
        assert_eq!(names(debts.take_due(start + 650 * MS)), ["s", "t", "u"]);
    }

    #[test]
    fn a_stream_of_changes_holds_the_first_back_for_a_second_and_takes_none_too_early() {
        let (mut debts, start) = (Debts::default(), Instant::now());
        for number in 0..6 {
            debts.owe("a", &format!("s{number}"), Change::Written, start + 200 * MS * number);
        }
        assert_eq!(debts.next_due(), Some(start + TOGETHER));
        assert_eq!(names(debts.take_due(start + TOGETHER)), ["s0", "s1", "s2", "s3"]);
        assert_eq!(names(debts.take_due(start + 1250 * MS)), ["s4", "s5"]);
    }

    #[test]
    fn a_secret_that_keeps_changing_waits_until_its_last_change_is_heard_of() {
        let (mut debts, start) = (Debts::default(), Instant::now());
        for number in 0..20 {
            debts.owe("a", "s", Change::Written, start + 200 * MS * number);
        }
        debts.owe("a", "s", Change::Gone, start + 4000 * MS);
        assert_eq!(debts.next_due(), Some(start + 4250 * MS));
        let batch = debts.take_due(start + 4250 * MS).unwrap();
        assert_eq!(batch.changes, BTreeMap::from([("s".to_owned(), Change::Gone)]));
    }

    #[test]
    fn the_namespace_that_has_waited_longest_comes_first() {
        let (mut debts, start) = (Debts::default(), Instant::now());
        for (namespace, at) in [("b", start + MS), ("a", start), ("c", start + 2 * MS)] {
            debts.owe(namespace, "s", Change::Written, at);
        }
        let later = start + TOGETHER;
        let order: Vec<_> = std::iter::from_fn(|| debts.take_due(later)).map(|batch| batch.namespace).collect();
        assert_eq!(order.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a", "b", "c"]);
    }

    #[test]
    fn what_could_not_be_listed_is_owed_until_the_kubelets_have_found_it_and_news_wins() {
        let (mut debts, start) = (Debts::default(), Instant::now());
        debts.owe("a", "s", Change::Written, start);
        debts.owe("a", "t", Change::Written, start);
        let batch = debts.take_due(start + HEARD).unwrap();
        debts.owe("a", "t", Change::Gone, start + HEARD);
        assert!(debts.put_back(batch, start + 2 * HEARD));
        let again = debts.take_due(start + 2 * HEARD).unwrap();
        assert_eq!(again.changes, BTreeMap::from([("s".into(), Change::Written), ("t".into(), Change::Gone)]));
        assert!(!debts.put_back(again, start + HEARD + LATE));
        assert_eq!(debts.next_due(), None);
    }
}
