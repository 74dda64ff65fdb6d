//! The pods that wait to be nudged: a line for each namespace, the namespaces by turns.
//!
//! In a line the oldest comes first, and a pod stands in it once, however many Secrets it is to be told of. By turns,
//! so that a namespace with a thousand pods does not hold up the one pod of another.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::debts::Batch;
use crate::plan::nudge::Pod;

/// Pods that wait in all lines together.
const ROOM: usize = 10_000;

/// A pod that is to be nudged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) namespace: Arc<str>,
    pub(super) name: String,
    pub(super) uid: String,
    /// When the first change was made that it has not been told of.
    pub(super) since: Instant,
    /// When it is too late for the last one.
    pub(super) until: Instant,
    /// How often it was tried.
    pub(super) tries: u8,
}

/// All lines.
#[derive(Debug)]
pub(super) struct Queue {
    lines: HashMap<Arc<str>, Line>,
    turns: VecDeque<Arc<str>>,
    longest: usize,
    len: usize,
}

/// One namespace's pods by UID, and the order in which they came.
#[derive(Debug, Default)]
struct Line {
    order: VecDeque<String>,
    pods: HashMap<String, Waiting>,
}

impl Waiting {
    /// `pod`, to be told of what is in `batch`.
    pub(super) fn new(batch: &Batch, pod: &Pod) -> Self {
        let (name, uid) = (pod.name().to_owned(), pod.uid().to_owned());
        Self { namespace: Arc::clone(&batch.namespace), name, uid, since: batch.since, until: batch.until, tries: 0 }
    }
}

impl Queue {
    /// No line is longer than `longest`: what can be served in time.
    pub(super) fn new(longest: usize) -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new(), longest: longest.min(ROOM), len: 0 }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts a pod at the end of its line; one that stands there keeps its place. Whether there was room.
    pub(super) fn join(&mut self, pod: Waiting) -> bool {
        let line = self.lines.get_mut(&pod.namespace);
        if let Some(there) = line.and_then(|line| line.pods.get_mut(&pod.uid)) {
            there.until = there.until.max(pod.until);
            return true;
        }
        let length = self.lines.get(&pod.namespace).map_or(0, |line| line.order.len());
        let room = self.len < ROOM && length < self.longest;
        if room {
            self.add(pod);
        }
        room
    }

    fn add(&mut self, pod: Waiting) {
        let line = self.lines.entry(Arc::clone(&pod.namespace)).or_default();
        if line.order.is_empty() {
            self.turns.push_back(Arc::clone(&pod.namespace));
        }
        line.order.push_back(pod.uid.clone());
        line.pods.insert(pod.uid.clone(), pod);
        self.len += 1;
    }

    /// Drops those at the front for whom it is too late, and counts them.
    pub(super) fn drop_late(&mut self, now: Instant) -> usize {
        let mut late = 0;
        while self.front().is_some_and(|pod| pod.until <= now) {
            self.take();
            late += 1;
        }
        late
    }

    /// The pod whose turn it is.
    pub(super) fn take(&mut self) -> Option<Waiting> {
        let namespace = self.turns.pop_front()?;
        let line = self.lines.get_mut(&namespace)?;
        let uid = line.order.pop_front()?;
        let pod = line.pods.remove(&uid)?;
        self.len -= 1;
        if line.order.is_empty() {
            self.lines.remove(&namespace);
        } else {
            self.turns.push_back(namespace);
        }
        Some(pod)
    }

    fn front(&self) -> Option<&Waiting> {
        let line = self.lines.get(self.turns.front()?)?;
        line.pods.get(line.order.front()?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pod(namespace: &str, name: &str, until: Instant) -> Waiting {
        let uid = format!("uid-{name}");
        Waiting { namespace: namespace.into(), name: name.to_owned(), uid, since: until, until, tries: 0 }
    }

    fn order(queue: &mut Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.take()).map(|pod| pod.name).collect()
    }

    #[test]
    fn a_line_serves_the_oldest_first_and_the_lines_take_turns() {
        let (mut queue, now) = (Queue::new(10), Instant::now());
        for name in ["a1", "a2", "a3"] {
            assert!(queue.join(pod("a", name, now)));
        }
        assert!(queue.join(pod("b", "b1", now)));
        assert_eq!(order(&mut queue), ["a1", "b1", "a2", "a3"]);
        assert_eq!(queue.len(), 0);
        assert!(queue.lines.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn a_pod_stands_in_line_once_and_keeps_its_place_and_its_age() {
        let (mut queue, now) = (Queue::new(10), Instant::now());
        let later = now + Duration::from_secs(9);
        queue.join(pod("a", "first", now));
        queue.join(pod("a", "second", now));
        assert!(queue.join(pod("a", "first", later)));
        assert_eq!(queue.len(), 2);
        let first = queue.take().unwrap();
        assert_eq!((first.name.as_str(), first.since, first.until), ("first", now, later));
        assert!(queue.join(pod("a", "first", later)), "it has been told and may be told again");
        assert_eq!(order(&mut queue), ["second", "first"]);
    }

    #[test]
    fn a_pod_of_the_same_name_is_another_pod() {
        let (mut queue, now) = (Queue::new(10), Instant::now());
        queue.join(pod("a", "p", now));
        queue.join(Waiting { uid: "new".to_owned(), ..pod("a", "p", now) });
        assert_eq!(queue.len(), 2);
    }

    #[test]
    fn a_line_is_no_longer_than_what_can_be_served_and_a_full_one_costs_no_other() {
        let (mut queue, now) = (Queue::new(2), Instant::now());
        let joined: Vec<bool> = ["a1", "a2", "a3"].map(|name| queue.join(pod("a", name, now))).into();
        assert_eq!(joined, [true, true, false]);
        assert!(queue.join(pod("b", "b1", now)));
        assert_eq!(queue.len(), 3);
    }

    #[test]
    fn all_lines_together_have_a_bound() {
        let (mut queue, now) = (Queue::new(usize::MAX), Instant::now());
        let joined =
            (0..ROOM + 5).filter(|number| queue.join(pod(&format!("{}", number % 7), &format!("{number}"), now)));
        assert_eq!(joined.count(), ROOM);
        assert!(!queue.join(pod("new", "p", now)));
        assert!(!queue.lines.contains_key("new"), "a namespace that found no room leaves nothing behind");
    }

    #[test]
    fn those_for_whom_it_is_too_late_are_dropped_and_counted() {
        let (mut queue, now) = (Queue::new(10), Instant::now());
        queue.join(pod("a", "late", now));
        queue.join(pod("b", "late too", now));
        queue.join(pod("a", "in time", now + Duration::from_secs(1)));
        assert_eq!(queue.drop_late(now), 2);
        assert_eq!(order(&mut queue), ["in time"]);
        assert_eq!(queue.drop_late(now), 0);
    }
}
