//! Whether the caches are filled: what waits for all of them at once.
//!
//! kube's own `wait_until_ready` wakes only the last of several waiters (kube-runtime 5.0, `delayed_init.rs`), and each
//! controller waits for its cache already.

use tokio::sync::watch;

/// How many caches are still to be filled.
#[derive(Debug)]
pub(super) struct Loading(watch::Sender<usize>);

/// One cache's part in it.
#[derive(Debug)]
pub(super) struct Ticket(Option<watch::Sender<usize>>);

impl Loading {
    /// Nothing to wait for yet.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One cache more.
    pub(super) fn ticket(&self) -> Ticket {
        self.0.send_modify(|waiting| *waiting += 1);
        Ticket(Some(self.0.clone()))
    }

    /// Comes true when every ticket is filled.
    pub(super) async fn done(&self) {
        // The sender is ours, so it cannot be gone.
        let _ = self.0.subscribe().wait_for(|waiting| *waiting == 0).await;
    }
}

impl Ticket {
    /// The cache has its first list; later ones do not count.
    pub(super) fn fill(&mut self) {
        if let Some(sender) = self.0.take() {
            sender.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn all_waiters_hear_when_the_last_cache_is_filled() {
        let loading = Loading::new();
        let (mut first, mut second) = (loading.ticket(), loading.ticket());
        let waiters = futures::future::join(loading.done(), loading.done());
        let mut waiters = std::pin::pin!(waiters);
        first.fill();
        first.fill();
        assert!(waiters.as_mut().now_or_never().is_none());
        second.fill();
        assert!(waiters.now_or_never().is_some());
    }
}
