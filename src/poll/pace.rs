//! How fast a session may call, learned from being throttled.
//!
//! Nothing is held back until a provider says "too many". Then the gap between calls doubles, once for all calls that
//! were under way; while calls are answered the rate grows again, slowly at first, until it is what it was. A provider
//! that refused everything for a while and then answers is another case: what it had trouble with is over, and who has
//! waited is read within the interval; if it was not over, that is not tried again soon. Who waits for a turn waits in
//! line (in `read`), so none starves.

use std::time::{Duration, Instant};

use super::phase::scatter;

/// The least gap after being throttled.
const FLOOR: Duration = Duration::from_millis(50);
/// The widest gap, so that a session finds out that it may go on: half the default interval, so that the other half is
/// left for those who waited.
const CEILING: Duration = Duration::from_secs(5);
/// How many refusals in a row, with no answer between them, are a provider that refuses everything.
const SILENCE: u32 = 3;
/// By how much each answer after them narrows the gap.
const HASTE: u32 = 4;
/// How far below the usual one it goes: what waited, and what those ask for who were told that it failed, goes in a quarter
/// of an interval.
const RUSH: u32 = 8;
/// For how long after them the session catches up; the default interval.
const CATCH_UP: Duration = Duration::from_secs(10);
/// How many seconds the rate takes to grow from nothing to what it was, at its fastest.
const RECOVERY: f64 = 30.0;
/// How many seconds after the last throttling it grows at its fastest: at first it feels its way.
const RAMP: f64 = 60.0;

/// The gaps between the calls of one session.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The mean gap while nothing was held back.
    usual: Option<Duration>,
    last: Option<Instant>,
    limit: Option<Limit>,
    /// When catching up was last refused.
    burnt: Option<Instant>,
    rolls: u64,
}

#[derive(Debug)]
struct Limit {
    gap: Duration,
    free: Instant,
    cut: Instant,
    /// Refusals in a row.
    refusals: u32,
    /// When the provider answered again after it had refused everything.
    back: Option<Instant>,
}

impl Pace {
    /// Lets a call begin `now`, or says when to ask again: what is learned meanwhile counts for those that wait.
    pub(super) fn turn(&mut self, now: Instant) -> Result<(), Instant> {
        let jitter = self.roll();
        let Some(limit) = &mut self.limit else {
            let gap = self.last.replace(now).map(|last| now.saturating_duration_since(last).min(CEILING));
            self.usual = gap.map(|gap| self.usual.map_or(gap, |usual| (usual * 7 + gap) / 8)).or(self.usual);
            return Ok(());
        };
        if now < limit.free {
            return Err(limit.free);
        }
        limit.free = now + limit.gap.mul_f64(jitter);
        Ok(())
    }

    /// Between 0.9 and 1.1, so that clusters that share a quota do not march in step.
    fn roll(&mut self) -> f64 {
        self.rolls = self.rolls.wrapping_add(1);
        0.9 + f64::from(u16::try_from(scatter(self.rolls) >> 48).unwrap_or(0)) / 65_536.0 / 5.0
    }

    /// When the next call may begin, where it may not at once.
    pub(super) fn free(&self) -> Option<Instant> {
        self.limit.as_ref().map(|limit| limit.free)
    }

    /// So many calls are due `within` this time, whatever was usual: a listing has shown what there is to read.
    pub(super) fn expect(&mut self, calls: usize, within: Duration) {
        let gap = within / u32::try_from(calls.max(1)).unwrap_or(u32::MAX);
        if self.limit.is_some() {
            self.usual = Some(self.usual.map_or(gap, |usual| usual.min(gap)));
        }
    }

    /// A call that began at `began` was throttled.
    pub(super) fn throttled(&mut self, began: Instant, now: Instant) {
        let (gap, refusals) = match &self.limit {
            Some(limit) if began <= limit.cut => return,
            Some(limit) => (limit.gap, limit.refusals.saturating_add(1)),
            None => (self.usual.unwrap_or_default(), 1),
        };
        if self.limit.as_ref().is_some_and(|limit| limit.back.is_some()) {
            self.burnt = Some(now);
        }
        let gap = (gap * 2).clamp(FLOOR, CEILING);
        self.limit = Some(Limit { gap, free: now + gap, cut: now, refusals, back: None });
    }

    /// A call was answered.
    pub(super) fn answered(&mut self, now: Instant) {
        let Some(limit) = &mut self.limit else { return };
        let usual = self.usual.unwrap_or_default().max(FLOOR / 10);
        let burnt = self.burnt.is_some_and(|burnt| now.saturating_duration_since(burnt).as_secs_f64() < RAMP);
        if std::mem::take(&mut limit.refusals) >= SILENCE && !burnt {
            limit.back = Some(now);
        }
        if let Some(back) = limit.back {
            limit.gap = (limit.gap / HASTE).max(usual / RUSH);
            limit.free = limit.free.min(now + limit.gap);
            if now > back + CATCH_UP {
                self.lift();
            }
            return;
        }
        let gap = limit.gap.as_secs_f64();
        let courage = now.saturating_duration_since(limit.cut).as_secs_f64() / RAMP;
        // A step is what the time since the last call is worth, and never more than doubles the rate.
        let step = (gap / usual.as_secs_f64() / RECOVERY * courage.min(1.0)).min(1.0 / gap);
        limit.gap = Duration::from_secs_f64(1.0 / (1.0 / gap + step));
        if limit.gap <= usual {
            self.lift();
        }
    }

    fn lift(&mut self) {
        self.limit = None;
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When `pace` lets a call begin that is ready `now`.
    fn begin(pace: &mut Pace, now: Instant) -> Instant {
        let Err(later) = pace.turn(now) else { return now };
        assert!(later > now && pace.turn(later).is_ok());
        later
    }

    /// Plays `seconds` of calls that come every `every` against a provider that allows one call each `allowed`; returns
    /// how many were answered and how many throttled in the last quarter.
    fn play(every: Duration, allowed: Duration, seconds: u64) -> (u32, u32) {
        let start = Instant::now();
        let (mut pace, mut now, mut free) = (Pace::default(), start, start);
        let (mut answered, mut throttled) = (0, 0);
        while now < start + Duration::from_secs(seconds) {
            let began = begin(&mut pace, now);
            let counts = u32::from(began > start + Duration::from_secs(seconds * 3 / 4));
            if began >= free {
                free = began + allowed;
                pace.answered(began);
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
            assert_eq!(pace.turn(start), Ok(()));
            pace.answered(start);
        }
    }

    #[test]
    fn a_throttled_session_settles_below_what_it_is_allowed_and_not_far_below() {
        let (answered, throttled) = play(Duration::from_millis(200), Duration::from_secs(1), 1_200);
        assert!(throttled * 10 <= answered, "{throttled} throttled, {answered} answered");
        assert!(answered >= 300 / 2, "{answered} of 300");
    }

    #[test]
    fn a_burst_counts_as_one_throttling() {
        let start = Instant::now();
        let mut pace = Pace::default();
        (0..20).for_each(|_| assert_eq!(pace.turn(start), Ok(())));
        (0..20).for_each(|_| pace.throttled(start, start + Duration::from_millis(5)));
        assert_eq!(pace.limit.unwrap().gap, FLOOR);
    }

    #[test]
    fn who_waits_learns_that_the_gap_has_grown() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.turn(start).unwrap();
        pace.throttled(start, start);
        let first = pace.turn(start).unwrap_err();
        pace.throttled(start + FLOOR / 2, start + FLOOR / 2);
        assert!(pace.turn(first).unwrap_err() > first);
    }

    #[test]
    fn what_is_throttled_at_every_try_is_tried_at_the_widest_gap() {
        let start = Instant::now();
        let (mut pace, mut now, mut tries) = (Pace::default(), start, 0);
        while now < start + CEILING * 10 {
            now = begin(&mut pace, now);
            pace.throttled(now, now);
            tries += 1;
        }
        assert!((10..=20).contains(&tries), "{tries}");
    }

    #[test]
    fn it_recovers_when_the_provider_does() {
        let start = Instant::now();
        let (mut pace, mut now) = (Pace::default(), start);
        for _ in 0..50 {
            pace.turn(now).unwrap();
            now += Duration::from_millis(200);
        }
        for _ in 0..10 {
            pace.throttled(now, now);
            now += CEILING;
        }
        let recovering = now;
        assert!(pace.limit.is_some());
        while pace.limit.is_some() {
            now = begin(&mut pace, now).max(now + Duration::from_millis(200));
            pace.answered(now);
            assert!(now < recovering + Duration::from_secs(90), "{:?}", pace.limit);
        }
    }

    /// A session of `calls` an interval of 10 s, all of which are refused for a minute; how long it then takes until
    /// each of them was answered.
    fn catch_up(calls: u32) -> Duration {
        let start = Instant::now();
        let every = Duration::from_secs(10) / calls;
        let (mut pace, mut now) = (Pace::default(), start);
        for _ in 0..calls {
            pace.turn(now).unwrap();
            now += every;
        }
        let end = now + Duration::from_mins(1);
        while now < end {
            pace.throttled(now, now);
            now = begin(&mut pace, now);
        }
        for _ in 0..calls {
            pace.answered(now);
            now = begin(&mut pace, now);
        }
        now - end
    }

    #[test]
    fn who_was_refused_altogether_is_read_within_an_interval_after_the_end() {
        for calls in [1, 2, 10, 50, 200, 1_000] {
            let took = catch_up(calls);
            assert!(took <= Duration::from_secs(10), "{calls}: {took:?}");
        }
    }

    #[test]
    fn what_a_listing_shows_is_read_within_an_interval_however_seldom_the_session_calls() {
        let start = Instant::now();
        let (mut pace, mut now) = (Pace::default(), start);
        for _ in 0..6 {
            pace.turn(now).unwrap();
            now += Duration::from_secs(10);
        }
        while now < start + Duration::from_mins(2) {
            pace.throttled(now, now);
            now = begin(&mut pace, now);
        }
        let end = now;
        pace.answered(now);
        pace.expect(200, Duration::from_secs(10));
        for _ in 0..200 {
            now = begin(&mut pace, now);
            pace.answered(now);
        }
        assert!(now - end <= CEILING, "{:?}", now - end);
    }

    #[test]
    fn who_catches_up_too_early_is_careful_for_a_while() {
        // One call each 8 s is allowed, where twenty would be made: to try again and again would find nearly all refused.
        let (answered, throttled) = play(Duration::from_millis(400), Duration::from_secs(8), 3_600);
        assert!(throttled <= answered * 2, "{throttled} throttled, {answered} answered");
    }
}
