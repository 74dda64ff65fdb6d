//! How fast a session may call, learned from being throttled.
//!
//! Nothing is held back until a provider says "too many". Then the gap between calls doubles, once for all calls that
//! were under way; while calls are answered the rate grows by a fixed step a second, until it is what it was. Every
//! call takes its turn when it asks, so none starves.

use std::time::{Duration, Instant};

use super::phase::scatter;

/// The least gap after being throttled.
const FLOOR: Duration = Duration::from_millis(50);
/// The widest gap, so that a session finds out that it may go on.
const CEILING: Duration = Duration::from_secs(10);
/// How long the rate takes to grow from nothing to what it was.
const RECOVERY: f64 = 30.0;

/// The gaps between the calls of one session.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The mean gap while nothing was held back.
    usual: Option<Duration>,
    last: Option<Instant>,
    limit: Option<Limit>,
    rolls: u64,
}

#[derive(Debug)]
struct Limit {
    gap: Duration,
    free: Instant,
    cut: Instant,
}

impl Pace {
    /// When a call that is asked for `now` may begin; it keeps that turn.
    pub(super) fn turn(&mut self, now: Instant) -> Instant {
        let jitter = self.roll();
        match &mut self.limit {
            None => {
                let gap = self.last.replace(now).map(|last| now.saturating_duration_since(last).min(CEILING));
                self.usual = gap.map(|gap| self.usual.map_or(gap, |usual| (usual * 7 + gap) / 8)).or(self.usual);
                now
            }
            Some(limit) => {
                let turn = limit.free.max(now);
                limit.free = turn + limit.gap.mul_f64(jitter);
                turn
            }
        }
    }

    /// When a call that is asked for now would begin.
    pub(super) fn next(&self, now: Instant) -> Instant {
        self.limit.as_ref().map_or(now, |limit| limit.free.max(now))
    }

    /// Between 0.9 and 1.1, so that clusters that share a quota do not march in step.
    fn roll(&mut self) -> f64 {
        self.rolls = self.rolls.wrapping_add(1);
        0.9 + f64::from(u16::try_from(scatter(self.rolls) >> 48).unwrap_or(0)) / 65_536.0 / 5.0
    }

    /// A call that began at `began` was throttled.
    pub(super) fn throttled(&mut self, began: Instant, now: Instant) {
        let gap = match &self.limit {
            Some(limit) if began <= limit.cut => return,
            Some(limit) => limit.gap,
            None => self.usual.unwrap_or_default(),
        };
        let gap = (gap * 2).clamp(FLOOR, CEILING);
        self.limit = Some(Limit { gap, free: now + gap, cut: now });
    }

    /// A call was answered.
    pub(super) fn answered(&mut self) {
        let Some(limit) = &mut self.limit else { return };
        let usual = self.usual.unwrap_or_default().max(FLOOR / 10);
        let gap = limit.gap.as_secs_f64();
        let rate = 1.0 / gap;
        // A step is what the time since the last call is worth, and never more than doubles the rate.
        let rate = (rate + gap / usual.as_secs_f64() / RECOVERY).min(rate * 2.0);
        limit.gap = Duration::from_secs_f64(1.0 / rate);
        if limit.gap <= usual {
            self.limit = None;
            self.last = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays `seconds` of calls that come every `every` against a provider that allows one call each `allowed`; returns
    /// how many were let through and how many throttled in the last quarter.
    fn play(every: Duration, allowed: Duration, seconds: u64) -> (u32, u32) {
        let start = Instant::now();
        let (mut pace, mut now, mut free) = (Pace::default(), start, start);
        let (mut answered, mut throttled) = (0, 0);
        while now < start + Duration::from_secs(seconds) {
            let began = pace.turn(now);
            let counts = u32::from(began > start + Duration::from_secs(seconds * 3 / 4));
            if began >= free {
                free = began + allowed;
                pace.answered();
                answered += counts;
            } else {
                pace.throttled(began, began + Duration::from_millis(20));
                throttled += counts;
            }
            now = began.max(now + every);
        }
        (answered, throttled)
    }

    #[test]
    fn nothing_waits_that_was_never_throttled() {
        let start = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..100 {
            assert_eq!(pace.turn(start), start);
            pace.answered();
        }
    }

    #[test]
    fn a_throttled_session_settles_below_what_it_is_allowed() {
        let (answered, throttled) = play(Duration::from_millis(200), Duration::from_millis(1_000), 1_200);
        assert!(throttled * 10 <= answered + throttled * 9, "{throttled} of {answered}");
        assert!(answered >= 300 / 2, "{answered} of 300");
    }

    #[test]
    fn a_burst_counts_as_one_throttling() {
        let start = Instant::now();
        let mut pace = Pace::default();
        (0..20).for_each(|_| assert_eq!(pace.turn(start), start));
        (0..20).for_each(|_| pace.throttled(start, start + Duration::from_millis(5)));
        assert!(pace.turn(start) <= start + Duration::from_secs(20));
        assert!(pace.limit.unwrap().gap < CEILING);
    }

    #[test]
    fn turns_are_given_in_order_and_apart() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.turn(start);
        pace.throttled(start, start);
        let turns: Vec<_> = (0..10).map(|_| pace.turn(start)).collect();
        assert!(turns.windows(2).all(|pair| pair[1] - pair[0] >= FLOOR.mul_f64(0.8)));
    }

    #[test]
    fn it_recovers_when_the_provider_does() {
        let start = Instant::now();
        let (mut pace, mut now) = (Pace::default(), start);
        for _ in 0..50 {
            pace.turn(now);
            now += Duration::from_millis(200);
        }
        for _ in 0..10 {
            pace.throttled(now, now);
            now += CEILING;
        }
        let recovering = now;
        while pace.limit.is_some() {
            now = pace.turn(now).max(now + Duration::from_millis(200));
            pace.answered();
            assert!(now < recovering + Duration::from_secs(90), "{:?}", pace.limit);
        }
    }
}
