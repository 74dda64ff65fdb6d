//! How answers become what is seen, and what is seen becomes wakes.

use std::time::{Duration, Instant};

use crate::provider::{Error, Kind};

use super::fingerprint::Fingerprint;
use super::health::{Admission, authenticated, for_all};
use super::identity::{Reference, SessionId};
use super::known::Known;
use super::schedule::{Manner, Schedule};
use super::seen::{Mark, Seen};
use super::shrink::{self, Names};

/// For how many intervals a reference that is throttled is what it was.
const THROTTLED_INTERVALS: u32 = 2;

/// One call, or what stands for one.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) session: SessionId,
    /// Reads that begin later count more, whenever they end.
    pub(super) order: u64,
    pub(super) began: Instant,
    /// The interval of the slot that was polled; `None` for a fetch.
    pub(super) polled: Option<Duration>,
    /// Whether a call left at all.
    pub(super) called: bool,
}

impl Round {
    /// One that has made no call yet.
    pub(super) fn new(session: SessionId, polled: Option<Duration>, began: Instant) -> Self {
        Self { session, order: 0, began, polled, called: false }
    }
}

/// What a call said of one reference.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) reference: Reference,
    pub(super) answer: Result<Fingerprint, Error>,
    /// Whose values the answer holds, where it is a search's.
    pub(super) names: Option<Names>,
    /// How its provider reads it now.
    pub(super) manner: Manner,
    /// Its mark in the listing that it was read after.
    pub(super) mark: Option<Fingerprint>,
}

/// What that means.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) seen: Seen,
    /// Whether somebody will fetch it soon.
    pub(super) wanted: bool,
}

impl Schedule {
    /// Begins a call, so that its answer can be told from those of earlier and later ones.
    pub(super) fn begin(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// Whether a call of `session` may leave; a closed one's may not.
    pub(super) fn admit(&mut self, session: SessionId, now: Instant, interval: Duration) -> Option<Admission> {
        self.sessions.get_mut(&session).map(|health| health.admit(now, interval))
    }

    /// Lets a call of `session` begin now, or says when to ask again.
    pub(super) fn turn(&mut self, session: SessionId, now: Instant) -> Result<(), Instant> {
        self.sessions.get_mut(&session).map_or(Ok(()), |health| health.pace.turn(now))
    }

    /// So many calls of `session` are due `within` this time.
    pub(super) fn expect(&mut self, session: SessionId, calls: usize, within: Duration) {
        if let Some(health) = self.sessions.get_mut(&session) {
            health.pace.expect(calls, within);
        }
    }

    /// The failure that `reference` is known to be in.
    pub(super) fn failure(&self, reference: &Reference) -> Option<Error> {
        match &self.known.get(*self.references.get(reference)?)?.mark {
            Mark::Failed(error) => Some(Error::clone(error)),
            _ => None,
        }
    }

    /// Takes in the answers of one call; says of each, in order, what it means.
    ///
    /// A poll wakes the dirty objects whose interval is the slot's, whether or not anything changed just now. A fetch
    /// wakes nobody: what it changed for others they learn at their next poll or tick. Else two objects that share a
    /// secret that is new at every read would chase each other.
    pub(super) fn record(&mut self, round: &Round, mut found: Vec<Found>, now: Instant) -> Vec<Noted> {
        if round.called {
            self.judge(round, &mut found, now);
        }
        // The call that answers for one reference vouches for the others in it; `judge` has seen all of them.
        let seen: Vec<_> = found.iter().map(|found| self.note(round, found, now)).collect();
        let wanted: Vec<_> = found.iter().map(|found| self.rouse(round, &found.reference, now)).collect();
        self.revive(round.session, now);
        self.retry(round, &found);
        seen.into_iter().zip(wanted).map(|(seen, wanted)| Noted { seen, wanted }).collect()
    }

    /// What the call says about its session.
    fn judge(&mut self, round: &Round, found: &mut [Found], now: Instant) {
        let Some(health) = self.sessions.get_mut(&round.session) else { return };
        let kind = |found: &Found| found.answer.as_ref().map(|_| ()).map_err(|error| error.kind);
        if found.iter().any(|found| found.answer.is_ok()) {
            health.answered(round.began);
        }
        if found.iter().any(|found| kind(found) == Err(Kind::Throttled)) {
            health.pace.throttled(round.began, now);
        } else if found.iter().any(|found| authenticated(kind(found))) {
            health.pace.answered(now);
        }
        if found.iter().any(|found| authenticated(kind(found))) {
            health.trust();
            return;
        }
        if found.iter().all(|found| kind(found) == Err(Kind::Unavailable)) {
            health.unanswered();
        }
        let refused = found.iter().filter_map(|found| found.answer.as_ref().err());
        let Some(error) = refused.clone().find(|error| error.kind == Kind::Unauthenticated) else { return };
        let keys: Vec<_> = found.iter().filter_map(|found| found.reference.key()).collect();
        let error = for_all(error, &keys);
        health.suspect(error.clone(), round.began);
        for found in found {
            found.answer = found.answer.clone().map_err(|own| match own.kind {
                Kind::Unauthenticated => error.clone(),
                _ => own,
            });
        }
    }

    fn note(&mut self, round: &Round, found: &Found, now: Instant) -> Seen {
        let number = self.references.get(&found.reference).copied();
        let Some((number, known)) = number.and_then(|number| Some((number, self.known.get_mut(number)?))) else {
            return unknown(&found.answer);
        };
        if known.mark == Mark::Closed || known.order > round.order {
            let lacks = found.names.as_ref().is_some_and(|names| names.lack(known.names.as_ref()));
            return if lacks { Seen::Failed(shrink::doubt()) } else { unknown(&found.answer) };
        }
        known.order = round.order;
        known.manner = found.manner;
        let interval = known.demand.shortest().unwrap_or(self.bounds.once);
        let health = self.sessions.get(&found.reference.session);
        let vouched = health.is_some_and(|health| health.vouches(round.began, interval));
        let doubts = known.doubts_answer(found);
        let seen = known.judge(found, doubts, (round.began, interval, vouched));
        // A provider that is merely busy says nothing new; only who has not been answered for long is told.
        let bears = is_throttled(&seen) && known.was_answered_within(interval * THROTTLED_INTERVALS, round.began);
        known.keep(&seen, found, round, bears);
        self.doubted += u64::from(doubts && matches!(seen, Seen::Failed(_)));
        if !bears {
            self.set_mark(number, Mark::from(&seen), now);
        }
        self.place(number, now, false);
        seen
    }

    /// Wakes whom the poll of `reference` is to wake; says whether its value is wanted.
    fn rouse(&mut self, round: &Round, reference: &Reference, now: Instant) -> bool {
        let Some(interval) = round.polled else { return true };
        let woken = self.concerned(reference, interval);
        for number in &woken {
            self.wake(*number, now);
        }
        !woken.is_empty()
    }

    /// The dirty objects that use `reference` and want to move at least once an `interval`.
    pub(super) fn concerned(&self, reference: &Reference, interval: Duration) -> Vec<u32> {
        let known = self.references.get(reference).and_then(|number| self.known.get(*number));
        let due = |number: &u32| self.objects.get(*number).is_some_and(|object| object.interval <= interval);
        known.map(|known| known.dirty.iter().copied().filter(due).collect()).unwrap_or_default()
    }
}

impl Known {
    fn doubts_answer(&mut self, found: &Found) -> bool {
        found.answer.is_ok() && self.doubts(found.names.as_ref())
    }

    /// What an answer means; a loss is believed when it has come back often and long enough.
    fn judge(&mut self, found: &Found, doubts: bool, (began, interval, vouched): (Instant, Duration, bool)) -> Seen {
        let gone = found.answer.as_ref().is_err_and(|error| error.kind == Kind::NotFound);
        if !gone && !doubts {
            self.absence.end();
            return unknown(&found.answer);
        }
        match self.absence.note(began, interval, vouched) {
            confirmed if gone => Seen::Absent { confirmed },
            true => unknown(&found.answer),
            false => Seen::Failed(shrink::doubt()),
        }
    }

    fn was_answered_within(&self, time: Duration, now: Instant) -> bool {
        self.answered.is_some_and(|at| now.saturating_duration_since(at) <= time)
    }

    /// Remembers what was seen; `bears`: a failure that is not told.
    fn keep(&mut self, seen: &Seen, found: &Found, round: &Round, bears: bool) {
        if !matches!(seen, Seen::Failed(_)) {
            self.answered = Some(round.began);
        }
        match seen {
            Seen::Value(print) => {
                (self.names, self.doubted) = (found.names.clone(), None);
                self.listed.found(found.mark, self.mark == Mark::Value(*print), round);
            }
            _ if !bears => self.listed.lost(),
            _ => {}
        }
    }
}

fn is_throttled(seen: &Seen) -> bool {
    matches!(seen, Seen::Failed(error) if error.kind == Kind::Throttled)
}

/// What an answer means where nothing is remembered.
fn unknown(answer: &Result<Fingerprint, Error>) -> Seen {
    match answer {
        Ok(fingerprint) => Seen::Value(*fingerprint),
        Err(error) if error.kind == Kind::NotFound => Seen::Absent { confirmed: false },
        Err(error) => Seen::Failed(error.clone()),
    }
}
