//! A call that AWS has said this principal may not make: it is left alone for an hour, and another way is taken.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When a principal is given another chance.
const REPROBE: Duration = Duration::from_hours(1);

/// Since when one kind of call is denied, if it is.
#[derive(Debug, Default)]
pub(super) struct Denied(Mutex<Option<Instant>>);

impl Denied {
    /// Whether it was denied within the last hour.
    pub(super) fn holds(&self) -> bool {
        let since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < REPROBE)
    }

    /// Remembers what AWS has said now.
    pub(super) fn note(&self, denied: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = denied.then(Instant::now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_denial_holds_for_an_hour_or_until_the_call_is_answered() {
        let denied = Denied::default();
        assert!(!denied.holds());
        denied.note(true);
        tokio::time::advance(REPROBE.checked_sub(Duration::from_secs(1)).unwrap()).await;
        assert!(denied.holds());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!denied.holds());
        denied.note(true);
        denied.note(false);
        assert!(!denied.holds());
    }
}
