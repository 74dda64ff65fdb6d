//! What is remembered of listings, which say for many secrets at once whether they have changed.
//!
//! A listing may lag and may be wrong, so it is believed in one thing: a value that was read after its mark was taken is
//! there while the mark is. All else is read: what has another mark or none, what somebody waits for, and now and then
//! what seems unchanged. What a listing cannot say at all, or says at a higher price than reads, is read without it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::provider::Kind;

use super::fingerprint::Fingerprint;
use super::health::authenticated;
use super::identity::{Reference, SessionId};
use super::phase::scatter;
use super::record::Round;
use super::schedule::{Manner, Schedule};
use super::seen::Mark;
use super::slots::{Group, Way};

/// How often a secret is read whatever its mark says, give or take a quarter.
const RESYNC: Duration = Duration::from_hours(1);
/// The longest interval at which listings save enough: who polls more seldom gets the truth instead.
const LONGEST: Duration = Duration::from_mins(30);
/// When listings that may not be made, or cost too much, are given another chance.
const REPROBE: Duration = Duration::from_hours(1);
/// When those are that did not come to an end.
const RETRY: Duration = Duration::from_mins(10);
/// How many in a row may go without an answer until reads say whether it is the provider or the listing.
const PATIENCE: u8 = 2;

/// What listings have said of one reference.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The mark that was there when the value that is seen was read.
    mark: Option<Fingerprint>,
    /// When it is read whatever is listed.
    resync: Option<Instant>,
    /// Whether it is being read since a listing said so.
    sent: bool,
}

impl Listed {
    fn is_current(&self, mark: Option<Fingerprint>, now: Instant) -> bool {
        mark.is_some() && self.mark == mark && self.resync.is_some_and(|at| now < at)
    }

    /// A read has found a value, the `same` as before or another; `mark` was taken before it, if one was.
    pub(super) fn found(&mut self, mark: Option<Fingerprint>, same: bool, round: &Round) {
        let quarters = RESYNC / 4 * 3 + (RESYNC / 2).mul_f64(fraction(round.order));
        self.resync = Some(round.began + quarters);
        self.mark = match mark {
            None if same => self.mark,
            // The mark has moved and the value has not: the read may have been behind. The next one decides.
            Some(new) if same && self.mark.is_some_and(|old| old != new) => None,
            mark => mark,
        };
    }

    /// A read has found no value.
    pub(super) fn lost(&mut self) {
        self.mark = None;
    }
}

/// A number between 0 and 1 that follows from `seed`.
fn fraction(seed: u64) -> f64 {
    f64::from(u32::try_from(scatter(seed) >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// What a session's listings are worth, by the most keys that each kind takes.
#[derive(Debug, Default)]
pub(super) struct Listings(BTreeMap<usize, Listing>);

#[derive(Debug, Default)]
struct Listing {
    /// How many calls one takes, and since when that is known.
    calls: Option<(usize, Instant)>,
    /// Until when none is made.
    refused: Option<Instant>,
    /// How many in a row had no answer.
    unanswered: u8,
    /// When reads were made in its place because it had none.
    given_up: Option<Instant>,
}

impl Listings {
    /// Whether one is made of this `kind`, where it saves so many `reads`.
    fn are_worth(&self, kind: usize, reads: usize, now: Instant) -> bool {
        let Some(listing) = self.0.get(&kind) else { return true };
        let known = listing.calls.filter(|(_, since)| now < *since + REPROBE);
        known.is_none_or(|(calls, _)| calls < reads) && listing.refused.is_none_or(|until| until <= now)
    }

    /// One of this `kind` took so many `calls`; says whether its answer says something of the secrets.
    fn note(&mut self, kind: usize, calls: usize, answer: Result<(), Kind>, now: Instant) -> bool {
        let listing = self.0.entry(kind).or_default();
        listing.calls = Some((calls, now));
        match answer {
            Ok(()) => (listing.refused, listing.unanswered, listing.given_up) = (None, 0, None),
            Err(Kind::Throttled | Kind::Unauthenticated) => {}
            Err(Kind::Unavailable) if listing.unanswered < PATIENCE => listing.unanswered += 1,
            Err(why) => {
                let pause = match why {
                    Kind::Denied => REPROBE,
                    Kind::Unavailable => RETRY,
                    _ => Duration::ZERO,
                };
                listing.refused = Some(now + pause);
                listing.given_up = (why == Kind::Unavailable).then_some(now);
                return false;
            }
        }
        true
    }

    /// Makes those again that were given up, if the provider has been `silent` since then.
    pub(super) fn excuse(&mut self, silent: impl Fn(Instant) -> bool) {
        for listing in self.0.values_mut() {
            if listing.given_up.is_some_and(&silent) {
                (listing.refused, listing.given_up) = (None, None);
            }
        }
    }
}

/// A reference that is to be read, and its mark.
pub(super) type Suspect = (Reference, Option<Fingerprint>);

impl Schedule {
    /// How references of one manner are polled: by listings where these are possible, allowed and worth it.
    pub(super) fn way(&self, session: SessionId, interval: Duration, manner: Manner, now: Instant) -> Way {
        let read = Way::Read(manner.batch);
        let Some(kind) = manner.detects.filter(|_| interval <= LONGEST) else { return read };
        let polled = [read, Way::List(kind)].map(|way| self.slots.members(Group { session, interval, way }));
        let reads = polled.iter().sum::<usize>().clamp(1, kind.max(1)).div_ceil(manner.batch.size());
        let listings = self.sessions.get(&session).map(|health| &health.listings);
        if listings.is_some_and(|listings| listings.are_worth(kind, reads, now)) { Way::List(kind) } else { read }
    }

    /// Takes in the marks of a slot's references: those that are as they were count as seen, the others are answered, in
    /// an order that is another each time, so that none is always behind one that hangs.
    pub(super) fn sift(&mut self, round: &Round, marked: Vec<Suspect>, now: Instant) -> Vec<Suspect> {
        let (mut suspects, mut vouches) = (Vec::new(), false);
        for (reference, mark) in marked {
            if self.is_unchanged(round, &reference, mark, now) {
                vouches = true;
                self.spared += 1;
            } else if let Some(number) = self.send(&reference) {
                suspects.push((scatter(u64::from(number) ^ round.order), (reference, mark)));
            }
        }
        if let Some(health) = self.sessions.get_mut(&round.session).filter(|_| vouches) {
            health.answered(round.began);
        }
        suspects.sort_by_key(|(place, _)| *place);
        suspects.into_iter().map(|(_, suspect)| suspect).collect()
    }

    /// A listing of a `kind` took so many `calls`; says whether its answer says something of the secrets.
    pub(super) fn listed(
        &mut self,
        round: &Round,
        kind: usize,
        calls: usize,
        answer: Result<(), Kind>,
        now: Instant,
    ) -> bool {
        let Some(health) = self.sessions.get_mut(&round.session) else { return true };
        if authenticated(answer) {
            health.trust();
            health.pace.answered(now);
        }
        health.listings.note(kind, calls, answer, now)
    }

    fn is_unchanged(&mut self, round: &Round, reference: &Reference, mark: Option<Fingerprint>, now: Instant) -> bool {
        let waits = round.polled.is_some_and(|interval| !self.concerned(reference, interval).is_empty());
        let known = self.references.get(reference).and_then(|number| self.known.get_mut(*number));
        let Some(known) = known.filter(|known| !waits && known.listed.is_current(mark, now)) else { return false };
        let has_value = matches!(known.mark, Mark::Value(_));
        if has_value {
            known.answered = known.answered.max(Some(round.began));
        }
        has_value
    }

    /// Notes that `reference` is about to be read; none if it is already, or nobody wants it any more.
    fn send(&mut self, reference: &Reference) -> Option<u32> {
        let number = *self.references.get(reference)?;
        let known = self.known.get_mut(number)?;
        (!std::mem::replace(&mut known.listed.sent, true)).then_some(number)
    }

    /// The reads of `references` have come back, or were given up.
    pub(super) fn returned<'a>(&mut self, references: impl Iterator<Item = &'a Reference>) {
        for reference in references {
            let number = self.references.get(reference);
            if let Some(known) = number.and_then(|number| self.known.get_mut(*number)) {
                known.listed.sent = false;
            }
        }
    }
}
