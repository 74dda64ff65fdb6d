//! When to stop: the first SIGTERM or SIGINT, or whoever holds the [`Trigger`].
//!
//! A second signal ends the process as it would without us only if the handler is gone; it is not, so the kubelet's
//! SIGKILL after the grace period is what bounds a stop that hangs.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Says when to stop; clones hear the same.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Makes every [`Stop`] of its pair come true, when told to or dropped.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// A trigger and what it sets off.
pub fn pair() -> (Trigger, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Stop(receiver))
}

/// Comes true at the first SIGTERM or SIGINT from here on. Must be called within a Tokio runtime.
pub fn on_signal() -> io::Result<Stop> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (trigger, stop) = pair();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("told to stop by SIGTERM"),
            _ = interrupt.recv() => tracing::info!("told to stop by SIGINT"),
        }
        trigger.stop();
    });
    Ok(stop)
}

impl Trigger {
    /// Stops everything.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Ends when it is time to stop; at once when it already was.
    pub async fn requested(mut self) {
        // An error says that the trigger is gone, which is a reason to stop too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether it is time to stop.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn nobody_stops_before_the_trigger_says_so() {
        let (trigger, stop) = pair();
        assert!(timeout(Duration::from_millis(20), stop.clone().requested()).await.is_err());
        assert!(!stop.is_requested());
        drop(trigger);
    }

    #[tokio::test]
    async fn the_trigger_stops_every_clone_even_a_late_one() {
        let (trigger, stop) = pair();
        let early = tokio::spawn(stop.clone().requested());
        trigger.stop();
        timeout(SOON, early).await.unwrap().unwrap();
        timeout(SOON, stop.clone().requested()).await.unwrap();
        assert!(stop.is_requested());
    }

    #[tokio::test]
    async fn a_trigger_that_is_dropped_stops_too() {
        let (trigger, stop) = pair();
        drop(trigger);
        timeout(SOON, stop.clone().requested()).await.unwrap();
        assert!(stop.is_requested());
    }
}
