//! Whether the process can be given work, and whether it must be restarted; two questions, one table.
//!
//! Each part of the process says where it is. `/readyz` asks whether all have started; `/healthz` only whether one is
//! stuck, since a restart mends nothing else: it brings no missing CRD and no unreachable provider.

use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A part of the process that says where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The caches of our own kinds.
    Watches,
    /// The schedule of the polls.
    Poller,
}

impl Part {
    /// Every part, in the order of the answers.
    pub const ALL: [Self; 2] = [Self::Watches, Self::Poller];

    fn name(self) -> &'static str {
        match self {
            Self::Watches => "watches",
            Self::Poller => "poller",
        }
    }
}

/// Where a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not at work yet; every part begins here.
    Starting,
    /// Not the leader. Counts as ready, or a rolling update with one surge pod would wait for ever.
    Standby,
    /// At work.
    Ready,
    /// Stuck: only a restart helps.
    Stalled,
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Starting => "starting",
            Self::Standby => "standby",
            Self::Ready => "ready",
            Self::Stalled => "stalled",
        })
    }
}

/// The states of all parts; shared behind an `Arc`.
#[derive(Debug)]
pub struct Health([Mutex<Entry>; Part::ALL.len()]);

#[derive(Clone, Copy, Debug)]
struct Entry {
    state: State,
    /// When a part that does not speak again counts as stalled.
    until: Option<Instant>,
}

/// What a probe is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the probe succeeds.
    pub ok: bool,
    /// One line for each part.
    pub text: String,
}

impl Default for Health {
    fn default() -> Self {
        Self(Part::ALL.map(|_| Mutex::new(Entry { state: State::Starting, until: None })))
    }
}

impl Health {
    /// Notes where `part` is, until it says otherwise.
    pub fn set(&self, part: Part, state: State) {
        self.write(part, Entry { state, until: None });
    }

    /// Notes that `part` is at work, and that it is stalled if it does not say so again within `limit`.
    ///
    /// The poller calls this each round with three of its intervals; a task that died or hangs cannot call it.
    pub fn ready_for(&self, part: Part, limit: Duration) {
        self.write(part, Entry { state: State::Ready, until: Instant::now().checked_add(limit) });
    }

    /// Where `part` is now.
    pub fn state(&self, part: Part) -> State {
        let entry = self.0.get(part as usize).map(|entry| *entry.lock().unwrap_or_else(PoisonError::into_inner));
        match entry {
            Some(Entry { until: Some(until), .. }) if until < Instant::now() => State::Stalled,
            Some(entry) => entry.state,
            None => State::Stalled,
        }
    }

    /// Whether the process is better left running: no part is stalled.
    pub fn live(&self) -> Answer {
        self.answer(|state| state != State::Stalled)
    }

    /// Whether every part is at work or standing by.
    pub fn ready(&self) -> Answer {
        self.answer(|state| matches!(state, State::Ready | State::Standby))
    }

    fn write(&self, part: Part, new: Entry) {
        if let Some(entry) = self.0.get(part as usize) {
            *entry.lock().unwrap_or_else(PoisonError::into_inner) = new;
        }
    }

    fn answer(&self, good: fn(State) -> bool) -> Answer {
        let states = Part::ALL.map(|part| (part, self.state(part)));
        let mut text = String::new();
        for (part, state) in states {
            let _ = writeln!(text, "{}: {state}", part.name());
        }
        Answer { ok: states.iter().all(|(_, state)| good(*state)), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(watches: State, poller: State) -> Health {
        let health = Health::default();
        health.set(Part::Watches, watches);
        health.set(Part::Poller, poller);
        health
    }

    #[test]
    fn every_part_has_its_own_place() {
        for (place, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, place);
        }
    }

    #[test]
    fn a_process_is_live_and_not_ready_while_a_part_is_starting() {
        for health in [Health::default(), health(State::Ready, State::Starting), health(State::Starting, State::Ready)]
        {
            assert_eq!((health.live().ok, health.ready().ok), (true, false));
        }
    }

    #[test]
    fn a_standby_is_live_and_ready() {
        let health = health(State::Ready, State::Standby);
        assert_eq!((health.live().ok, health.ready().ok), (true, true));
        assert_eq!(health.ready().text, "watches: ready\npoller: standby\n");
    }

    #[test]
    fn a_stalled_part_fails_both_probes() {
        let health = health(State::Ready, State::Stalled);
        assert_eq!((health.live().ok, health.ready().ok), (false, false));
    }

    #[test]
    fn a_part_that_falls_silent_is_stalled_until_it_speaks_again() {
        let health = health(State::Ready, State::Starting);
        health.ready_for(Part::Poller, Duration::from_mins(1));
        assert_eq!((health.live().ok, health.ready().ok), (true, true));
        health.ready_for(Part::Poller, Duration::ZERO);
        while health.state(Part::Poller) == State::Ready {}
        assert_eq!((health.live().ok, health.ready().ok), (false, false));
        health.ready_for(Part::Poller, Duration::from_mins(1));
        assert!(health.live().ok);
    }
}
