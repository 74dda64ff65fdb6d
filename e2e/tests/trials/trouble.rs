//! What is tried, and the most calls that it may cost.

use std::time::Duration;

use keyferry::provider::conformance::wire::{Answer, Complaint, Fault};
use keyferry::provider::memory::key;

use super::Size;
use super::stand::Stand;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Outage,
    Throttling,
    BadCredentials,
}

/// In this order.
pub(super) const TROUBLES: [Trouble; 3] = [Trouble::Outage, Trouble::Throttling, Trouble::BadCredentials];

/// How soon a store that does not validate is tried again; at first sooner.
const STORE_RETRY: Duration = Duration::from_secs(10);
const FIRST_RETRIES: usize = 5;
/// The widest gap of a session that is throttled.
const WIDEST_GAP: Duration = Duration::from_secs(5);
/// How often the gap doubles from 50 ms until it is that wide.
const DOUBLINGS: usize = 7;
/// How many calls of a session may be under way.
pub(super) const UNDER_WAY: usize = 8;

impl Size {
    /// How many calls read everything of `stand` once.
    pub(super) fn calls(self, stand: &Stand) -> usize {
        self.objects.div_ceil(stand.fixture.provider().batch(&key(&remote(0))).size())
    }

    /// How many a round makes that has no answer: where changes are listed, the listing and no more reads than show that they
    /// have none either.
    fn calls_unanswered(self, stand: &Stand) -> usize {
        let listed = stand.fixture.provider().detects(&key(&remote(0))).map(|_| 1 + 2 * UNDER_WAY);
        listed.unwrap_or(usize::MAX).min(self.calls(stand))
    }
}

impl Trouble {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Throttling => "throttling",
            Self::BadCredentials => "bad credentials",
        }
    }

    pub(super) fn of(self, stand: &Stand) -> Fault {
        let own = |complaint, status| stand.fixture.says(complaint).unwrap_or_else(|| Answer::json(status, "{}"));
        match self {
            Self::Outage => Fault::Refuse,
            Self::Throttling => Fault::Answer(asking_for_a_second(own(Complaint::Throttled, 429))),
            Self::BadCredentials => Fault::Answer(own(Complaint::Unauthenticated, 401)),
        }
    }

    /// The most calls of one session and its store's validations while a fault lasts, as `docs/architecture.md` has them.
    pub(super) fn most_calls(self, size: Size, stand: &Stand) -> usize {
        let times = |every: Duration| usize::try_from(size.fault.as_millis() / every.as_millis()).unwrap_or(usize::MAX);
        let (polls, validations) = (times(size.interval) + 2, FIRST_RETRIES + times(STORE_RETRY));
        match self {
            Self::Outage => size.calls_unanswered(stand) * polls + validations,
            // As many as may be under way leave before the first refusal comes back.
            Self::Throttling => UNDER_WAY + size.late * DOUBLINGS + times(WIDEST_GAP) + 1 + validations,
            // A try is a call and a look at the token.
            Self::BadCredentials => 2 * (polls + validations),
        }
    }
}

fn asking_for_a_second(answer: Answer) -> Answer {
    let asks = answer.headers.iter().any(|(name, _)| *name == "retry-after");
    if asks { answer } else { answer.with("retry-after", "1") }
}

/// The name of a remote secret.
pub(super) fn remote(index: usize) -> String {
    format!("trial-{index:03}")
}
