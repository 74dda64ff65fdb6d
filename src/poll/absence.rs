//! When a missing secret counts as gone.
//!
//! Outages look like absence: an ingress without a backend, a wrong region, a revoked role all answer 404. So absence
//! is believed after three typed answers in a row that span two intervals. Where the session serves other references
//! too, an answer counts only if one of those was answered with a value within the interval before it.

use std::time::{Duration, Instant};

/// How many answers in a row it takes.
const ANSWERS: u8 = 3;
/// How many intervals they must span.
const INTERVALS: u32 = 2;

/// A reference's row of "there is no such secret".
#[derive(Clone, Copy, Debug, Default)]
pub struct Absence {
    row: Option<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    since: Instant,
    answers: u8,
    confirmed: bool,
}

impl Absence {
    /// Anything else than "there is no such secret" ends the row.
    pub fn end(&mut self) {
        self.row = None;
    }

    /// Notes one more answer; says whether the absence is confirmed. `vouched`: the session is known to answer for
    /// others, or has no others. Once confirmed, it stays so until the row ends.
    pub fn note(&mut self, at: Instant, interval: Duration, vouched: bool) -> bool {
        // A storm counts for nothing: the first sign of its end must not make all that it has said true.
        if !vouched && !self.row.is_some_and(|row| row.confirmed) {
            self.row = None;
            return false;
        }
        let row = self.row.get_or_insert(Row { since: at, answers: 0, confirmed: false });
        row.answers = row.answers.saturating_add(1);
        let long = at.saturating_duration_since(row.since) >= interval.saturating_mul(INTERVALS);
        row.confirmed |= long && row.answers >= ANSWERS;
        row.confirmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    fn notes(seconds: &[u64], vouched: bool) -> Vec<bool> {
        let start = Instant::now();
        let mut absence = Absence::default();
        seconds.iter().map(|at| absence.note(start + Duration::from_secs(*at), INTERVAL, vouched)).collect()
    }

    #[test]
    fn three_answers_over_two_intervals_confirm() {
        assert_eq!(notes(&[0, 10, 20, 30], true), [false, false, true, true]);
    }

    #[test]
    fn many_answers_in_a_short_time_do_not_confirm() {
        assert_eq!(notes(&[0, 1, 2, 3, 19, 20], true), [false, false, false, false, false, true]);
    }

    #[test]
    fn two_answers_over_a_long_time_do_not_confirm() {
        assert_eq!(notes(&[0, 300], true), [false, false]);
    }

    #[test]
    fn a_session_that_answers_for_nobody_confirms_nothing() {
        assert_eq!(notes(&[0, 10, 20, 30, 40], false), [false; 5]);
    }

    #[test]
    fn what_a_storm_has_said_does_not_count_when_it_ends() {
        let start = Instant::now();
        let mut absence = Absence::default();
        let mut note = |seconds, vouched| absence.note(start + Duration::from_secs(seconds), INTERVAL, vouched);
        assert!([0, 10, 20, 30, 40].into_iter().all(|seconds| !note(seconds, false)));
        assert_eq!([50, 60, 70].map(|seconds| note(seconds, true)), [false, false, true]);
        assert!(note(80, false), "what is confirmed stays so until the row ends");
    }

    #[test]
    fn a_row_that_ended_begins_anew() {
        let start = Instant::now();
        let mut absence = Absence::default();
        for seconds in [0, 10] {
            absence.note(start + Duration::from_secs(seconds), INTERVAL, true);
        }
        absence.end();
        assert!(!absence.note(start + Duration::from_secs(20), INTERVAL, true));
    }
}
