//! What is known of a session beyond its references: whether it may call now, and whether it can be believed.
//!
//! A credential that is refused is tried once an interval for the whole session; the others get the same failure without
//! a call. A session that is throttled takes its turns through [`Pace`].

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::provider::{Error, Kind};

use super::listed::Listings;
use super::pace::Pace;

/// Whether a call may leave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Granted,
    /// It may not, and this is what it would have found.
    Refused(Error),
}

/// The state of one session.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// The references that objects use through it.
    pub(super) references: BTreeSet<u32>,
    /// How many of them are polled.
    pub(super) polled: usize,
    pub(super) pace: Pace,
    pub(super) listings: Listings,
    answered: Option<Instant>,
    suspicion: Option<Suspicion>,
    recovered: bool,
}

#[derive(Debug)]
struct Suspicion {
    error: Error,
    tried: Instant,
}

impl Health {
    /// A call that asks now, and would ask again after `interval`. Under suspicion it may if there was no try for that
    /// long, give or take the lateness of a tick; so those that ask most often try for all.
    pub(super) fn admit(&mut self, now: Instant, interval: Duration) -> Admission {
        match &mut self.suspicion {
            Some(suspicion) if now < suspicion.tried + interval * 15 / 16 => {
                Admission::Refused(suspicion.error.clone())
            }
            Some(suspicion) => {
                suspicion.tried = now;
                Admission::Granted
            }
            None => Admission::Granted,
        }
    }

    /// The provider refused the credentials in a call that began at `began`.
    pub(super) fn suspect(&mut self, error: Error, began: Instant) {
        self.suspicion = Some(Suspicion { error, tried: began });
    }

    /// The provider knew the credentials.
    pub(super) fn trust(&mut self) {
        self.recovered |= self.suspicion.take().is_some();
    }

    /// Whether a suspicion has ended since this was last asked.
    pub(super) fn has_recovered(&mut self) -> bool {
        std::mem::take(&mut self.recovered)
    }

    /// A reference was answered with a value at `at`.
    pub(super) fn answered(&mut self, at: Instant) {
        self.answered = self.answered.max(Some(at));
    }

    /// No read of a call has had an answer. Where none has since listings were given up, it is not they that are broken.
    pub(super) fn unanswered(&mut self) {
        let answered = self.answered;
        self.listings.excuse(|at| answered.is_none_or(|answered| answered < at));
    }

    /// Whether an absence may be believed: a session that serves others must have answered one of them lately.
    pub(super) fn vouches(&self, at: Instant, interval: Duration) -> bool {
        self.polled <= 1 || self.answered.is_some_and(|answered| at.saturating_duration_since(answered) <= interval)
    }
}

/// Whether the provider knew who asked: then the credentials are good, whatever the answer was.
pub(super) fn authenticated(answer: Result<(), Kind>) -> bool {
    matches!(answer, Ok(()) | Err(Kind::NotFound | Kind::Denied))
}

/// `error` as all references of the session get it: the same words whichever of them was tried, and no other's key.
pub(super) fn for_all(error: &Error, keys: &[&str]) -> Error {
    let named = keys.iter().any(|key| error.doing.contains(*key));
    let doing = if named { "sign in".to_owned() } else { error.doing.clone() };
    Error { doing, ..error.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    fn refused() -> Error {
        Error { provider: "Fake", doing: "read \"a\"".into(), kind: Kind::Unauthenticated, cause: "expired".into() }
    }

    #[test]
    fn a_refused_credential_is_tried_once_an_interval() {
        let start = Instant::now();
        let mut health = Health::default();
        health.suspect(refused(), start);
        let granted = (0..300_u32).filter(|k| health.admit(start + INTERVAL / 10 * *k, INTERVAL) == Admission::Granted);
        assert_eq!(granted.count(), 29);
    }

    #[test]
    fn who_asks_a_little_earlier_than_the_last_time_is_not_put_off_for_another_interval() {
        let start = Instant::now();
        let mut health = Health::default();
        health.suspect(refused(), start + Duration::from_millis(30));
        assert_eq!(health.admit(start + INTERVAL, INTERVAL), Admission::Granted);
        assert_eq!(health.admit(start + INTERVAL + INTERVAL / 2, INTERVAL), Admission::Refused(refused()));
    }

    #[test]
    fn who_asks_seldom_does_not_keep_others_from_trying() {
        let start = Instant::now();
        let mut health = Health::default();
        health.suspect(refused(), start);
        assert_eq!(health.admit(start + INTERVAL, INTERVAL * 360), Admission::Refused(refused()));
        assert_eq!(health.admit(start + INTERVAL, INTERVAL), Admission::Granted);
    }

    #[test]
    fn trust_ends_suspicion() {
        let start = Instant::now();
        let mut health = Health::default();
        health.suspect(refused(), start);
        assert_eq!(health.admit(start, INTERVAL), Admission::Refused(refused()));
        health.trust();
        assert_eq!(health.admit(start, INTERVAL), Admission::Granted);
    }

    #[test]
    fn the_failure_that_all_share_names_nobodys_key() {
        assert_eq!(for_all(&refused(), &["a"]).doing, "sign in");
        assert_eq!(for_all(&refused(), &["b"]), refused());
    }

    #[test]
    fn a_session_of_one_vouches_for_itself_and_one_of_many_for_an_interval() {
        let start = Instant::now();
        let mut health = Health { polled: 1, ..Health::default() };
        assert!(health.vouches(start, INTERVAL));
        health.polled = 2;
        assert!(!health.vouches(start, INTERVAL));
        health.answered(start);
        assert!(health.vouches(start + INTERVAL, INTERVAL));
        assert!(!health.vouches(start + INTERVAL * 2, INTERVAL));
    }
}
