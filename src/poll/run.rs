//! The loop: it sleeps until something is due, and hands out what is.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::read::Question;
use super::schedule::Job;
use super::slots::{SlotId, Way};
use super::{Inner, Poller, held, now};

/// How much later than it must a value may leave the hand-over buffer, so that in most cases a tick takes it along.
const GRACE: Duration = Duration::from_millis(500);
/// How often the loop looks after what is not due at a time of its own.
const HOUSEKEEPING: Duration = Duration::from_mins(1);

impl Poller {
    /// Polls until `shutdown` ends or nobody receives wakes any more. Reads that are under way are given up.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let inner = &self.inner;
        let mut reads = JoinSet::new();
        let mut kept = now();
        loop {
            let now = now();
            let jobs = held(&inner.schedule).due(now);
            for job in jobs {
                let inner = Arc::clone(inner);
                reads.spawn(async move { inner.poll(job).await });
            }
            held(&inner.handover).expire(now);
            if now >= kept + HOUSEKEEPING {
                inner.sessions.close_idle();
                kept = now;
            }
            let (next, has_wakes) = inner.next(kept + HOUSEKEEPING);
            tokio::select! {
                () = &mut shutdown => return,
                () = tokio::time::sleep_until(next.into()) => {}
                () = inner.changed.notified() => {}
                Some(_) = reads.join_next() => {}
                permit = inner.wake.reserve(), if has_wakes => {
                    let Ok(permit) = permit else { return };
                    if let Some(object) = held(&inner.schedule).next_wake() {
                        permit.send(object);
                    }
                }
                () = inner.wake.closed() => return,
            }
        }
    }
}

impl Inner {
    /// When the loop has something to do at the latest, and whether a wake waits.
    fn next(&self, latest: Instant) -> (Instant, bool) {
        let end = held(&self.handover).next_end().map(|end| end + GRACE);
        let schedule = held(&self.schedule);
        let next = schedule.next_due().into_iter().chain(end).min();
        (next.map_or(latest, |next| next.min(latest)), schedule.has_wakes())
    }

    async fn poll(self: Arc<Self>, job: Job) {
        let under_way = UnderWay { inner: &self, slot: job.slot };
        let session = self.sessions.get(job.session).filter(|session| self.fence.may_read(session.id));
        let Some(session) = session else { return };
        let question = Question { references: job.references, ..Question::poll(job.interval) };
        match job.way {
            Way::Read(_) => drop(self.read(&session, question).await),
            Way::List(kind) => {
                let suspects = self.look(&session, kind, question).await;
                // They are read beside the next listing, so that one that is slow delays no other.
                drop(under_way);
                self.read_apart(&session, job.interval, suspects).await;
            }
        }
    }
}

/// A slot's read: over when this goes, whatever became of it.
struct UnderWay<'a> {
    inner: &'a Inner,
    slot: SlotId,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        held(&self.inner.schedule).slots.finish(self.slot);
    }
}
