//! A provider and credentials whose answers a test decides.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::api::provider::gcpsm::ConfigMapKey;
use crate::api::provider::{CaProvider, SecretKeySelector, ServiceAccountSelector};
use crate::provider::{
    Batch, Capabilities, Close, Credentials, Detect, Error, Find, Kind, Mark, Matches, Part, Read, RemoteKey, Search,
    Token, Validate, Validity,
};
use crate::sealed::Sealed;

use super::{held, now};

/// What a key answers.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Value(&'static str),
    Fails(Kind),
    Hangs,
    Panics,
}

/// A provider with twenty keys a call. Keys that begin with `single` are read singly, `pinned` ones never change;
/// of those with `listed` in them it says whether they have changed.
pub(super) struct Chest {
    answers: Mutex<HashMap<String, Answer>>,
    calls: Mutex<Vec<(Instant, Vec<String>)>>,
    latency: Duration,
    closed: AtomicUsize,
    listings: AtomicUsize,
}

impl fmt::Debug for Chest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Chest")
    }
}

impl Default for Chest {
    fn default() -> Self {
        Self {
            answers: Mutex::default(),
            calls: Mutex::default(),
            latency: Duration::from_millis(5),
            closed: AtomicUsize::new(0),
            listings: AtomicUsize::new(0),
        }
    }
}

impl Chest {
    /// How often it was closed.
    pub(super) fn closed(&self) -> usize {
        self.closed.load(Ordering::Relaxed)
    }

    /// How often it was asked what has changed.
    pub(super) fn listings(&self) -> usize {
        self.listings.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, key: &str, answer: Answer) {
        held(&self.answers).insert(key.to_owned(), answer);
    }

    pub(super) fn unset(&self, key: &str) {
        held(&self.answers).remove(key);
    }

    pub(super) fn set_all(&self, answer: &Answer) {
        held(&self.answers).values_mut().for_each(|old| *old = answer.clone());
    }

    /// The calls since the last time this was asked.
    pub(super) fn calls(&self) -> Vec<(Instant, Vec<String>)> {
        std::mem::take(&mut held(&self.calls))
    }

    fn answer(&self, key: &RemoteKey) -> Answer {
        held(&self.answers).get(&key.key).cloned().unwrap_or(Answer::Fails(Kind::NotFound))
    }
}

pub(super) fn error(key: &str, kind: Kind) -> Error {
    Error { provider: "Chest", doing: format!("read {key:?}"), kind, cause: format!("{kind:?}") }
}

pub(super) fn remote(key: &str) -> RemoteKey {
    RemoteKey { key: key.into(), version: None, part: Part::Value, property: None }
}

#[async_trait]
impl Read for Chest {
    fn name(&self) -> &'static str {
        "Chest"
    }

    fn batch(&self, key: &RemoteKey) -> Batch {
        if key.key.starts_with("single") { Batch::Single } else { Batch::Many(20) }
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        key.key.starts_with("pinned")
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        held(&self.calls).push((now(), keys.iter().map(|key| key.key.clone()).collect()));
        tokio::time::sleep(self.latency).await;
        let mut answers = Vec::new();
        for key in keys {
            answers.push(match self.answer(key) {
                Answer::Value(value) => Ok(Sealed::from(value)),
                Answer::Fails(kind) => Err(error(&key.key, kind)),
                Answer::Hangs => std::future::pending().await,
                Answer::Panics => panic!("a provider's mistake"),
            });
        }
        answers
    }
}

#[async_trait]
impl Find for Chest {
    /// What has a value; a key that matches and fails fails the search.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        held(&self.calls).push((now(), vec![search.doing()]));
        tokio::time::sleep(self.latency).await;
        let mut found = Matches::default();
        for (name, answer) in held(&self.answers).iter().filter(|(name, _)| search.matches_name(name)) {
            match answer {
                Answer::Value(value) => found.add(search, "Chest", name.clone(), Sealed::from(*value))?,
                Answer::Fails(kind) => return Err(error(name, *kind)),
                Answer::Hangs | Answer::Panics => {}
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Detect for Chest {
    fn detects(&self, key: &RemoteKey) -> Option<usize> {
        key.key.contains("listed").then_some(1000)
    }

    /// What has no value has a mark too.
    async fn marks(&self, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, Error> {
        self.listings.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.latency).await;
        Ok(keys.iter().map(|key| Some(Mark::new(format!("{:?}", self.answer(key))))).collect())
    }
}

#[async_trait]
impl Close for Chest {
    async fn close(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Validate for Chest {
    async fn validate(&self) -> Result<Validity, Error> {
        Ok(Validity::Valid)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}

/// Credentials that change when they are told to.
#[derive(Debug, Default)]
pub(super) struct Keys {
    changed: AtomicBool,
}

impl Keys {
    pub(super) fn change(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Credentials for Keys {
    async fn secret_key(&self, field: &str, _: &SecretKeySelector) -> Result<Sealed, Error> {
        Err(error(field, Kind::Invalid))
    }

    async fn labelled_secret(
        &self,
        field: &str,
        _: &SecretKeySelector,
        _: &str,
    ) -> Result<BTreeMap<String, Sealed>, Error> {
        Err(error(field, Kind::Invalid))
    }

    async fn token_for(
        &self,
        field: &str,
        _: &ServiceAccountSelector,
        _: &[String],
        _: Duration,
    ) -> Result<Token, Error> {
        Err(error(field, Kind::Invalid))
    }

    async fn annotations(&self, field: &str, _: &ServiceAccountSelector) -> Result<BTreeMap<String, String>, Error> {
        Err(error(field, Kind::Invalid))
    }

    async fn authorities(&self, field: &str, _: &CaProvider) -> Result<Sealed, Error> {
        Err(error(field, Kind::Invalid))
    }

    async fn config_map_key(&self, field: &str, _: &ConfigMapKey) -> Result<Sealed, Error> {
        Err(error(field, Kind::Invalid))
    }

    async fn changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }
}
