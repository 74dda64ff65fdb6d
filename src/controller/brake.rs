//! The brake on deletions: many secrets that vanish together are an outage until somebody says otherwise.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_mins(1);

/// Lets so many deletions a minute pass.
#[derive(Debug)]
pub(super) struct Brake {
    limit: usize,
    passed: Mutex<VecDeque<Instant>>,
}

impl Brake {
    /// Zero lets nothing pass.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), passed: Mutex::default() }
    }

    /// Whether one more may be deleted now; it counts if so.
    pub(super) fn pass(&self, now: Instant) -> bool {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        while passed.front().is_some_and(|then| now.saturating_duration_since(*then) >= MINUTE) {
            passed.pop_front();
        }
        let free = passed.len() < self.limit;
        if free {
            passed.push_back(now);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_pass_in_any_minute_and_no_more() {
        let (brake, start) = (Brake::new(2), Instant::now());
        let passed: Vec<bool> = [0, 1, 2, 59, 60, 61, 62].map(|s| brake.pass(start + Duration::from_secs(s))).into();
        assert_eq!(passed, [true, true, false, false, true, true, false]);
        assert!(!Brake::new(0).pass(start));
    }
}
