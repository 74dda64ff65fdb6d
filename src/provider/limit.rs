//! A session that never asks for more than it may: so many calls at once, and so many a second.
//!
//! A call that gets no turn in time is refused here and never reaches the provider. While the server has asked for a
//! pause nobody has a turn.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::find::Turns;
use super::pause::Pause;
use super::{
    Batch, Capabilities, Close, Detect, Error, Find, Kind, Mark, Matches, Provider, Read, RemoteKey, Search, Validate,
    Validity,
};
use crate::sealed::Sealed;

/// How many calls one session may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls a second in the long run; 200 by default. A batch is one call.
    pub per_second: NonZeroU32,
    /// Calls that may start at once after a quiet time; 200 by default.
    pub burst: NonZeroU32,
    /// Calls that may be under way at once; 16 by default.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let calls = NonZeroU32::MIN.saturating_add(199);
        Self { per_second: calls, burst: calls, concurrency: 16 }
    }
}

/// Bounds the calls of `inner`.
#[derive(Debug)]
pub struct Limit {
    inner: Arc<dyn Provider>,
    under_way: Semaphore,
    pace: Arc<Pace>,
    pause: Arc<Pause>,
}

impl Limit {
    /// A call waits for its turn for `patience` at most.
    pub fn new(inner: Arc<dyn Provider>, limits: Limits, patience: Duration) -> Self {
        let pace = Arc::new(Pace::new(limits, patience));
        Self { inner, under_way: Semaphore::new(limits.concurrency.max(1)), pace, pause: Arc::default() }
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, (Kind, String)> {
        self.turn_of(1).await
    }

    /// A turn for what makes `calls` calls.
    async fn turn_of(&self, calls: usize) -> Result<SemaphorePermit<'_>, (Kind, String)> {
        let end = Instant::now() + self.pace.patience;
        self.wait_for_the_pause(end).await?;
        let Ok(Ok(permit)) = timeout_at(end, self.under_way.acquire()).await else {
            let cause = "too many earlier calls of this store are still without an answer";
            return Err((Kind::Unavailable, cause.to_owned()));
        };
        self.wait_for_the_pause(end).await?;
        self.pace.turn_before(end, calls).await.map_err(|(kind, cause)| (kind, cause.to_owned()))?;
        Ok(permit)
    }

    async fn wait_for_the_pause(&self, end: Instant) -> Result<(), (Kind, String)> {
        while let Some(until) = self.pause.until() {
            if until > end {
                return Err(self.pause.refusal());
            }
            sleep_until(until).await;
        }
        Ok(())
    }

    fn refused(&self, doing: String, (kind, cause): (Kind, String)) -> Error {
        Error { provider: self.inner.name(), doing, kind, cause }
    }

    /// Makes a call of one outcome.
    async fn make<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let outcome = self.pause.hear(call).await;
        self.pause.explain(outcome.as_ref().err());
        outcome
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Limit {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn batch(&self, key: &RemoteKey) -> Batch {
        self.inner.batch(key)
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        self.inner.is_immutable(key)
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        if keys.is_empty() {
            return Vec::new();
        }
        match self.turn().await {
            Ok(_permit) => {
                let answers = self.pause.hear(self.inner.read_many(keys)).await;
                self.pause.explain(answers.iter().filter_map(|answer| answer.as_ref().err()));
                answers
            }
            Err(why) => keys.iter().map(|key| Err(self.refused(format!("read {:?}", key.key), why.clone()))).collect(),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Detect for Limit {
    fn detects(&self, key: &RemoteKey) -> Option<usize> {
        self.inner.detects(key)
    }

    /// A listing counts as many calls in the rate as the last one took, a burst at most.
    async fn marks(&self, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, Error> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let turn = self.turn_of(self.inner.listing_calls(first)).await;
        let _permit = turn.map_err(|why| self.refused("look for changes".to_owned(), why))?;
        self.make(self.inner.marks(keys)).await
    }

    fn listing_calls(&self, key: &RemoteKey) -> usize {
        self.inner.listing_calls(key)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Limit {
    /// A search counts as one call under way, and each of its calls in the rate.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        let _permit = self.turn().await.map_err(|why| self.refused(search.doing(), why))?;
        self.make(self.inner.find(&search.paced(self.pace.clone()))).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Close for Limit {
    /// Without waiting for a turn: it is the last call.
    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Limit {
    async fn validate(&self) -> Result<Validity, Error> {
        let _permit = self.turn().await.map_err(|why| self.refused("validate the store".to_owned(), why))?;
        self.make(self.inner.validate()).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

/// A token bucket that is kept as one instant: when the bucket will be full again.
#[derive(Debug)]
pub(super) struct Pace {
    each: Duration,
    capacity: Duration,
    patience: Duration,
    full_at: Mutex<Option<Instant>>,
}

#[async_trait]
impl Turns for Pace {
    async fn turn(&self) -> Result<(), (Kind, &'static str)> {
        self.turn_before(Instant::now() + self.patience, 1).await
    }
}

impl Pace {
    /// `limits` without its concurrency; a turn is waited for as long as `patience`.
    pub(super) fn new(limits: Limits, patience: Duration) -> Self {
        let each = Duration::from_secs(1) / limits.per_second.get();
        Self { each, capacity: each * limits.burst.get(), patience, full_at: Mutex::new(None) }
    }

    async fn turn_before(&self, end: Instant, calls: usize) -> Result<(), (Kind, &'static str)> {
        let start = self.book(Instant::now(), end, calls);
        let start = start.ok_or((Kind::Throttled, "this store's calls are at the operator's own rate limit"))?;
        sleep_until(start).await;
        Ok(())
    }

    /// When the next calls may start; nothing is taken where that is after `end`.
    fn book(&self, now: Instant, end: Instant, calls: usize) -> Option<Instant> {
        let cost = self.each.saturating_mul(u32::try_from(calls.max(1)).unwrap_or(u32::MAX)).min(self.capacity);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let booked = full_at.map_or(now, |at| at.max(now)) + cost;
        let start = booked.checked_sub(self.capacity).map_or(now, |at| at.max(now));
        (start <= end).then(|| {
            *full_at = Some(booked);
            start
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::memory::{Memory, Shelf, key};
    use crate::provider::{Query, conformance};
    use futures::future::join_all;

    fn limits(per_second: u32, burst: u32, concurrency: usize) -> Limits {
        let count = |number| NonZeroU32::new(number).unwrap();
        Limits { per_second: count(per_second), burst: count(burst), concurrency }
    }

    fn limited(memory: &Arc<Memory>, limits: Limits) -> Limit {
        Limit::new(memory.clone(), limits, Duration::from_secs(15))
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_burst_calls_start_at_the_rate() {
        let memory = Arc::new(Memory::default());
        memory.set("a", "1");
        let session = limited(&memory, limits(10, 5, 100));
        let started = Instant::now();
        let keys = [key("a")];
        join_all((0..25).map(|_| session.read_many(&keys))).await;
        assert_eq!(memory.calls(), 25);
        assert_eq!(started.elapsed().as_millis().div_ceil(100), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_gets_no_turn_in_time_is_throttled_and_never_made() {
        let memory = Arc::new(Memory::default());
        let session = limited(&memory, limits(1, 1, 100));
        let keys = [key("a")];
        let answers = join_all((0..30).map(|_| session.read_many(&keys))).await;
        let throttled = answers.iter().filter(|answer| answer[0].as_ref().unwrap_err().kind == Kind::Throttled).count();
        assert_eq!((throttled, memory.calls()), (14, 16));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_waited_for_where_there_is_time_and_else_no_call_is_made() {
        let memory = Arc::new(Memory::default());
        memory.set("a", "1");
        let session = limited(&memory, Limits::default());
        session.pause.ask(Duration::from_secs(5));
        let started = Instant::now();
        assert_eq!(session.read_many(&[key("a")]).await, [Ok("1".into())]);
        assert_eq!(started.elapsed().as_secs(), 5);
        session.pause.ask(Duration::from_secs(30));
        let everything = Search::new(&Query::default()).unwrap();
        assert_eq!(session.read_many(&[key("a")]).await[0].as_ref().unwrap_err().kind, Kind::Throttled);
        assert_eq!(session.find(&everything).await.unwrap_err().kind, Kind::Throttled);
        assert_eq!(session.validate().await.unwrap_err().kind, Kind::Throttled);
        assert_eq!((memory.calls(), memory.searches(), memory.validations()), (1, 0, 0));
        assert_eq!(started.elapsed().as_secs(), 5, "nobody waits in vain");
    }

    #[tokio::test(start_paused = true)]
    async fn every_call_of_a_search_is_in_the_rate() {
        let memory = Arc::new(Memory::default());
        for name in 0..31 {
            memory.set(&name.to_string(), "1");
        }
        memory.page(Some(1));
        let session = limited(&memory, limits(10, 1, 100));
        let started = Instant::now();
        let found = session.find(&Search::new(&Query::default()).unwrap()).await.unwrap();
        assert_eq!((found.entries().len(), started.elapsed().as_millis().div_ceil(100)), (31, 30));
    }

    #[tokio::test(start_paused = true)]
    async fn every_page_of_a_listing_is_in_the_rate_and_none_is_too_long_for_it() {
        let memory = Arc::new(Memory::default().detecting(100));
        (0..40).for_each(|name| drop(memory.set(&name.to_string(), "1")));
        memory.page(Some(1));
        let session = limited(&memory, limits(10, 20, 1));
        let started = Instant::now();
        for _ in 0..6 {
            session.marks(&[key("1")]).await.unwrap();
        }
        // Each is taken for a burst of 20; the first finds one ready.
        assert_eq!(started.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_without_an_answer_hold_back_the_next() {
        let memory = Arc::new(Memory::default());
        memory.hang(true);
        let session = Arc::new(limited(&memory, limits(100, 100, 2)));
        let hanging: Vec<_> = (0..2)
            .map(|_| {
                let session = session.clone();
                tokio::spawn(async move { session.read_many(&[key("a")]).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let error = session.validate().await.unwrap_err();
        assert_eq!((error.kind, memory.calls()), (Kind::Unavailable, 2));
        hanging.iter().for_each(tokio::task::JoinHandle::abort);
        for task in hanging {
            assert!(task.await.is_err());
        }
        memory.hang(false);
        assert_eq!(session.validate().await, Ok(Validity::Valid));
    }

    #[tokio::test]
    async fn the_decorated_session_conforms() {
        let memory = Arc::new(Memory::default());
        let session = Arc::new(limited(&memory, Limits::default()));
        conformance::assert_all(&Shelf::new(memory, session)).await;
    }
}
