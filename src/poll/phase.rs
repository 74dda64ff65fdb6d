//! When something that recurs is due: on a grid of its own, so that many do not come at once.
//!
//! The k-th slot of a group begins at the fraction `hash(group) + k * 0.618…` of the interval. Multiples of the golden
//! ratio split a circle such that, whatever their number, the widest gap is under twice the mean, and a further one
//! never moves those that stand; k/n would be perfectly even and move all of them at every change. The hash keeps
//! groups apart.

use std::time::{Duration, Instant};

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The longest interval: what is longer is treated as this, so that no sum of times overflows.
pub(super) const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Points in time, `interval` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    interval: Duration,
    offset: Duration,
}

impl Grid {
    /// The grid of the `ordinal`th of those that share `seed`.
    pub(super) fn new(interval: Duration, seed: u64, ordinal: u32) -> Self {
        let interval = interval.clamp(Duration::from_nanos(1), LONGEST);
        let fraction = seed.wrapping_add(u64::from(ordinal).wrapping_mul(GOLDEN));
        let offset = (u128::from(fraction) * interval.as_nanos()) >> 64;
        Self { interval, offset: nanos(offset) }
    }

    /// The first point after `now`: at most one interval away.
    pub(super) fn after(&self, epoch: Instant, now: Instant) -> Instant {
        let first = epoch + self.offset;
        let Some(since) = now.checked_duration_since(first) else { return first };
        let rounds = since.as_nanos() / self.interval.as_nanos() + 1;
        first + nanos(rounds * self.interval.as_nanos())
    }
}

/// Spreads the bits of `number` over all 64 (the finalizer of `SplitMix64`).
pub(super) fn scatter(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A number for `text` that is the same in every process.
pub(super) fn number_of(text: &str) -> u64 {
    text.bytes().fold(GOLDEN, |number, byte| scatter(number ^ u64::from(byte)))
}

fn nanos(count: u128) -> Duration {
    Duration::from_nanos(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    #[test]
    fn the_next_point_is_after_now_and_at_most_an_interval_away() {
        let epoch = Instant::now();
        for ordinal in 0..50 {
            let grid = Grid::new(INTERVAL, scatter(7), ordinal);
            for millis in (0..60_000).step_by(777) {
                let now = epoch + Duration::from_millis(millis);
                let next = grid.after(epoch, now);
                assert!(next > now && next <= now + INTERVAL || next == epoch + grid.offset, "{ordinal} {millis}");
                assert_eq!(grid.after(epoch, next), next + INTERVAL);
            }
        }
    }

    #[test]
    fn any_number_of_slots_is_spread_with_no_gap_of_twice_the_mean() {
        for count in 1..=300_u32 {
            let mut offsets: Vec<_> = (0..count).map(|k| Grid::new(INTERVAL, scatter(3), k).offset).collect();
            offsets.sort();
            offsets.push(offsets[0] + INTERVAL);
            let widest = offsets.windows(2).map(|pair| pair[1].abs_diff(pair[0])).max().unwrap();
            assert!(widest < INTERVAL * 2 / count || count == 1, "{count}: {widest:?}");
        }
    }

    #[test]
    fn an_endless_interval_overflows_nothing() {
        let epoch = Instant::now();
        let next = Grid::new(Duration::MAX, u64::MAX, 1).after(epoch, epoch + LONGEST * 3);
        assert!(next <= epoch + LONGEST * 4);
    }
}
