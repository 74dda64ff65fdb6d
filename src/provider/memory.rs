//! A provider, its credentials and its fixture in memory, for the tests of everything that uses a provider.
//!
//! What a test does to the server side (set, remove, fail, hang) is seen by the next read; what the other side did is
//! counted. Nothing of the operator uses this module.

mod keyring;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::Instant;

use super::conformance::wire::{Wired, Without};
use super::conformance::{Fixture, Searches};
use super::{
    Batch, Capabilities, Close, Detect, Error, Find, Kind, Mark, Matches, Observer, Part, Provider, Read, RemoteKey,
    Search, Validate, Validity,
};
use crate::sealed::Sealed;

pub use keyring::Keyring;

/// The value of `name`, in its latest version.
pub fn key(name: &str) -> RemoteKey {
    RemoteKey { key: name.to_owned(), version: None, part: Part::Value, property: None }
}

/// The value of `name` in one version.
pub fn key_at(name: &str, version: &str) -> RemoteKey {
    RemoteKey { version: Some(version.to_owned()), ..key(name) }
}

/// A provider whose secrets are what the test says. Versions are counted from "1" and immutable.
#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
    hanging: watch::Sender<bool>,
    batch: usize,
    detects: Option<usize>,
    latency: Duration,
}

#[derive(Debug, Default)]
struct State {
    versions: BTreeMap<String, Vec<Sealed>>,
    tags: BTreeMap<String, BTreeMap<String, String>>,
    page: Option<usize>,
    failing_page: Option<(usize, Kind)>,
    searches: usize,
    failing: Option<Kind>,
    failing_keys: BTreeMap<String, Kind>,
    calls: usize,
    reads: BTreeMap<RemoteKey, usize>,
    validations: usize,
    closed: usize,
    listing: Listing,
}

/// What is listed: the number of the last change of each name, which it shows some time later.
#[derive(Debug, Default)]
struct Listing {
    shown: BTreeMap<String, u64>,
    coming: VecDeque<(Instant, String, Option<u64>)>,
    changes: u64,
    lag: Duration,
    failing: Option<Kind>,
    calls: usize,
}

impl Listing {
    /// A name has another value, or none any more.
    fn note(&mut self, name: &str, exists: bool) {
        self.changes += 1;
        self.coming.push_back((Instant::now(), name.to_owned(), exists.then_some(self.changes)));
    }

    fn show(&mut self) -> &BTreeMap<String, u64> {
        let now = Instant::now();
        while let Some((_, name, mark)) = self.coming.pop_front_if(|(at, ..)| *at + self.lag <= now) {
            match mark {
                Some(mark) => self.shown.insert(name, mark),
                None => self.shown.remove(&name),
            };
        }
        &self.shown
    }
}

impl Default for Memory {
    /// Empty, in batches of 20.
    fn default() -> Self {
        Self::in_batches_of(20)
    }
}

impl Memory {
    /// Empty; a `size` of 1 means one key a call.
    pub fn in_batches_of(size: usize) -> Self {
        let (state, hanging) = (Mutex::default(), watch::Sender::new(false));
        Self { state, hanging, batch: size, detects: None, latency: Duration::ZERO }
    }

    /// One whose calls take so long.
    #[must_use]
    pub fn slow(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// One that can say which secrets have changed, of `most` at once.
    #[must_use]
    pub fn detecting(self, most: usize) -> Self {
        Self { detects: Some(most), ..self }
    }

    /// Adds a version and returns its name.
    pub fn set(&self, name: &str, value: impl Into<Sealed>) -> String {
        let mut state = self.state();
        state.listing.note(name, true);
        let versions = state.versions.entry(name.to_owned()).or_default();
        versions.push(value.into());
        versions.len().to_string()
    }

    /// Takes a secret away with all its versions and tags.
    pub fn remove(&self, name: &str) {
        let mut state = self.state();
        state.versions.remove(name);
        state.tags.remove(name);
        state.listing.note(name, false);
    }

    /// Gives a secret these tags, in place of those it had.
    pub fn tag(&self, name: &str, tags: &BTreeMap<String, String>) {
        self.state().tags.insert(name.to_owned(), tags.clone());
    }

    /// Lists so many names a call; all in one where none.
    pub fn page(&self, size: Option<usize>) {
        self.state().page = size;
    }

    /// Makes the search's call with this number, from 0, fail, or none.
    pub fn fail_page(&self, page: Option<(usize, Kind)>) {
        self.state().failing_page = page;
    }

    /// How many searches there were.
    pub fn searches(&self) -> usize {
        self.state().searches
    }

    /// How long after a change it is listed; at once by default.
    pub fn lag(&self, lag: Duration) {
        self.state().listing.lag = lag;
    }

    /// Makes every listing fail, or none.
    pub fn fail_listings(&self, kind: Option<Kind>) {
        self.state().listing.failing = kind;
    }

    /// How many listings there were.
    pub fn listings(&self) -> usize {
        self.state().listing.calls
    }

    /// Makes every read, listing and validation fail, or none.
    pub fn fail(&self, kind: Option<Kind>) {
        self.state().failing = kind;
    }

    /// Makes every read of one key fail, or none.
    pub fn fail_key(&self, name: &str, kind: Option<Kind>) {
        let failing = &mut self.state().failing_keys;
        match kind {
            Some(kind) => failing.insert(name.to_owned(), kind),
            None => failing.remove(name),
        };
    }

    /// Lets every call wait, those under way included, until this is taken back.
    pub fn hang(&self, hanging: bool) {
        self.hanging.send_replace(hanging);
    }

    /// How many `read_many` there were.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// How often `key` was asked for.
    pub fn reads(&self, key: &RemoteKey) -> usize {
        self.state().reads.get(key).copied().unwrap_or(0)
    }

    /// How many validations there were.
    pub fn validations(&self) -> usize {
        self.state().validations
    }

    /// How often it was closed.
    pub fn closed(&self) -> usize {
        self.state().closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer_when_told(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        // It cannot fail: the sender is `self`.
        let _ = self.hanging.subscribe().wait_for(|hanging| !hanging).await;
    }
}

impl State {
    fn read(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let failure = |kind| failure(format!("read {:?}", key.key), kind);
        if let Some(kind) = self.failing.or_else(|| self.failing_keys.get(&key.key).copied()) {
            return Err(failure(kind));
        }
        let versions = self.versions.get(&key.key).ok_or_else(|| failure(Kind::NotFound))?;
        let found = match &key.version {
            None => versions.last(),
            Some(version) => version.parse().ok().and_then(|number: usize| versions.get(number.checked_sub(1)?)),
        };
        found.cloned().ok_or_else(|| failure(Kind::NotFound))
    }

    /// What of the search's page number `page` matches, and whether there are more.
    fn list(&self, search: &Search, page: usize) -> Result<(Vec<(String, Sealed)>, bool), Kind> {
        let failing = self.failing_page.filter(|(number, _)| *number == page).map(|(_, kind)| kind);
        if let Some(kind) = failing.or(self.failing) {
            return Err(kind);
        }
        let size = self.page.unwrap_or(usize::MAX);
        let matches = |name: &str| {
            let tags = self.tags.get(name).into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
            name.starts_with(search.path().unwrap_or_default())
                && search.matches_name(name)
                && search.matches_tags(tags)
        };
        let here = self.versions.iter().skip(page.saturating_mul(size)).take(size);
        let found = here.filter(|(name, _)| matches(name));
        let found = found.filter_map(|(name, versions)| Some((name.clone(), versions.last()?.clone()))).collect();
        Ok((found, page.saturating_add(1).saturating_mul(size) < self.versions.len()))
    }
}

fn failure(doing: String, kind: Kind) -> Error {
    Error { provider: "Memory", doing, kind, cause: format!("it is {kind:?} as the test asked") }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Memory {
    fn name(&self) -> &'static str {
        "Memory"
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        if self.batch > 1 { Batch::Many(self.batch) } else { Batch::Single }
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        key.version.is_some()
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        {
            let mut state = self.state();
            state.calls += 1;
            for key in keys {
                *state.reads.entry(key.clone()).or_default() += 1;
            }
        }
        self.answer_when_told().await;
        let state = self.state();
        keys.iter().map(|key| state.read(key)).collect()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Memory {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        self.state().searches += 1;
        let (mut found, mut more, mut page) = (Matches::default(), true, 0);
        while more {
            search.call(self.name()).await?;
            self.answer_when_told().await;
            let listed = self.state().list(search, page).map_err(|kind| failure(search.doing(), kind))?;
            for (name, value) in listed.0 {
                found.add(search, self.name(), name, value)?;
            }
            (more, page) = (listed.1, page + 1);
        }
        Ok(found)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Detect for Memory {
    fn detects(&self, key: &RemoteKey) -> Option<usize> {
        self.detects.filter(|_| key.version.is_none())
    }

    async fn marks(&self, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, Error> {
        self.state().listing.calls += 1;
        self.answer_when_told().await;
        let mut state = self.state();
        if let Some(kind) = state.listing.failing.or(state.failing) {
            return Err(failure("look for changes".to_owned(), kind));
        }
        let shown = state.listing.show();
        Ok(keys.iter().map(|key| shown.get(&key.key).map(|mark| Mark::new(mark.to_string()))).collect())
    }

    fn listing_calls(&self, _key: &RemoteKey) -> usize {
        let state = self.state();
        state.page.map_or(1, |page| state.versions.len().div_ceil(page.max(1)).max(1))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Close for Memory {
    async fn close(&self) {
        self.state().closed += 1;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Memory {
    async fn validate(&self) -> Result<Validity, Error> {
        self.state().validations += 1;
        self.answer_when_told().await;
        self.state().failing.map_or(Ok(Validity::Valid), |kind| Err(failure("validate the store".to_owned(), kind)))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}

/// A [`Memory`] and a session over it, such as a decorator, for the conformance suite.
pub struct Shelf {
    memory: Arc<Memory>,
    session: Arc<dyn Provider>,
}

impl Shelf {
    /// `session` reads what is put into `memory`.
    pub fn new(memory: Arc<Memory>, session: Arc<dyn Provider>) -> Self {
        Self { memory, session }
    }
}

#[async_trait]
impl Fixture for Shelf {
    fn provider(&self) -> Arc<dyn Provider> {
        self.session.clone()
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        Some(self.memory.set(key, Sealed::new(value.to_vec())))
    }

    async fn delete(&self, key: &str) {
        self.memory.remove(key);
    }

    fn searches(&self) -> Searches {
        Searches::ALL
    }

    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>) {
        self.memory.tag(key, tags);
    }

    async fn fail_page(&self, with: Option<Kind>) -> bool {
        self.memory.page(with.map(|_| 50));
        self.memory.fail_page(with.map(|kind| (1, kind)));
        true
    }

    async fn fail_item(&self, key: &str, with: Option<Kind>) -> bool {
        self.memory.fail_key(key, with);
        true
    }

    async fn wired(&self) -> Result<Wired, Without> {
        Err(Without::Needless("it is the test's own memory".to_owned()))
    }
}

/// An observer that keeps nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn called(&self, _provider: &'static str, _call: &'static str, _ok: bool, _took: Duration) {}
}

/// An observer that keeps every call's name and outcome, in order.
#[derive(Debug, Default)]
pub struct Ledger {
    calls: Mutex<Vec<(&'static str, &'static str, bool)>>,
}

impl Ledger {
    /// Provider, call and whether it went well; the ledger is empty afterwards.
    pub fn take(&self) -> Vec<(&'static str, &'static str, bool)> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Ledger {
    fn called(&self, provider: &'static str, call: &'static str, ok: bool, _took: Duration) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push((provider, call, ok));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::conformance;

    #[tokio::test]
    async fn it_conforms_in_batches_singly_and_where_it_detects() {
        for memory in [Memory::in_batches_of(1), Memory::default(), Memory::default().detecting(50)] {
            let memory = Arc::new(memory);
            conformance::assert_all(&Shelf::new(memory.clone(), memory)).await;
        }
    }

    #[tokio::test]
    async fn it_fails_as_it_is_told() {
        let memory = Memory::default();
        memory.set("a", "1");
        memory.set("b", "2");
        memory.fail_key("b", Some(Kind::Throttled));
        let answers = memory.read_many(&[key("a"), key("b")]).await;
        assert_eq!((answers[0].clone(), answers[1].as_ref().unwrap_err().kind), (Ok("1".into()), Kind::Throttled));
        memory.fail(Some(Kind::Unavailable));
        assert_eq!(memory.read_many(&[key("a")]).await[0].as_ref().unwrap_err().kind, Kind::Unavailable);
        assert_eq!((memory.calls(), memory.reads(&key("a")), memory.reads(&key("b"))), (2, 2, 1));
    }

    #[tokio::test]
    async fn a_call_that_hangs_goes_on_when_it_may() {
        let memory = Arc::new(Memory::default());
        memory.set("a", "1");
        memory.hang(true);
        let reader = memory.clone();
        let reading = tokio::spawn(async move { reader.read_many(&[key("a")]).await });
        tokio::task::yield_now().await;
        assert!(!reading.is_finished());
        memory.hang(false);
        assert_eq!(reading.await.unwrap(), [Ok("1".into())]);
    }
}
