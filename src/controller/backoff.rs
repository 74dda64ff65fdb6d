//! How long an object that failed waits: one second, doubled to seven minutes, with jitter; forgotten on success and on
//! deletion.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(7);

/// Failures in a row, by object.
#[derive(Debug)]
pub(super) struct Backoff<K>(Mutex<HashMap<K, u32>>);

impl<K> Default for Backoff<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Backoff<K> {
    /// Counts a failure and says how long to wait.
    pub(super) fn failed(&self, key: K) -> Duration {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(key).or_default();
        *count = count.saturating_add(1);
        delay(*count, rand::random_range(0.0..1.0))
    }

    /// Forgets the failures of an object that succeeded or is gone.
    pub(super) fn clear(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Between half and all of the doubled delay.
fn delay(failures: u32, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST);
    doubled.mul_f64(jitter.mul_add(0.5, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_from_a_second_to_seven_minutes() {
        let delays: Vec<u64> = (1..12).map(|failures| delay(failures, 1.0).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 420, 420]);
        assert_eq!(delay(1, 0.0), FIRST / 2);
    }

    #[test]
    fn a_success_begins_anew() {
        let backoff = Backoff::default();
        for _ in 0..5 {
            backoff.failed("a");
        }
        backoff.clear(&"a");
        assert!(backoff.failed("a") <= FIRST);
    }
}
