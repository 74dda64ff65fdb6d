//! The session: one request a reference.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::ntlm::Ntlm;
use super::request::{Recipe, Request};
use super::words::Words;
use super::{NAME, answer, field};
use crate::provider::http::{Answer, Client, Fault, Letter};
use crate::provider::{
    Batch, Capabilities, Close, Detect, Error, Find, Kind, Matches, Observer, Read, RemoteKey, Search, Validate,
    Validity,
};
use crate::sealed::Sealed;

/// ESO's name for the call in metrics.
const CALL: &str = "HTTPRequest";
/// How many reads of one call of ours are under way at once.
const ABREAST: usize = 4;

/// The way to one server.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) client: Client,
    /// As whom requests are made, where they are made by NTLM.
    pub(super) ntlm: Option<Ntlm>,
    /// The store's own patience.
    pub(super) timeout: Option<Duration>,
}

/// A session with one server.
pub(super) struct Webhook {
    recipe: Arc<Recipe>,
    words: Arc<Words>,
    way: Way,
    observer: Arc<dyn Observer>,
    /// Whose templates are executed: one reference's, so that those of one store never take more than one processor.
    turn: Semaphore,
}

/// Templates may hold credentials, and so may the server's name.
impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Webhook").finish_non_exhaustive()
    }
}

/// Does work that may take milliseconds where it stops nobody.
pub(super) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let failed = |_| Err(Fault::new(Kind::Unavailable, "the work on the templates ended early"));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(failed)
}

impl Webhook {
    pub(super) fn new(recipe: Arc<Recipe>, words: Arc<Words>, way: Way, observer: Arc<dyn Observer>) -> Self {
        Self { recipe, words, way, observer, turn: Semaphore::new(1) }
    }

    async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        self.value(key).await.map_err(|fault| fault.at(NAME, format!("read {:?}", key.key)))
    }

    async fn value(&self, key: &RemoteKey) -> Result<Sealed, Fault> {
        let Request { letter, path } = self.make(key.clone()).await?;
        let started = Instant::now();
        let answer = self.way.within(self.way.send(letter)).await;
        let ok = answer.as_ref().is_ok_and(|answer| answer.status.is_success());
        self.observer.called(NAME, CALL, ok, started.elapsed());
        let answer = answer?;
        match path {
            None => answer::value(answer, None),
            Some(path) => beside(move || answer::value(answer, Some(&path))).await,
        }
    }

    async fn make(&self, key: RemoteKey) -> Result<Request, Fault> {
        let _turn = self.turn.acquire().await;
        let (recipe, words) = (Arc::clone(&self.recipe), Arc::clone(&self.words));
        let request = beside(move || recipe.make(&words, &key)).await?;
        if self.way.client.serves(&request.letter.target) { Ok(request) } else { Err(self.recipe.wanders()) }
    }
}

impl Way {
    async fn send(&self, letter: Letter) -> Result<Answer, Fault> {
        match &self.ntlm {
            None => self.client.send(letter).await,
            Some(ntlm) => ntlm.send(letter).await,
        }
    }

    /// Within the store's own patience, if it has one.
    async fn within<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let Some(timeout) = self.timeout else { return work.await };
        tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
            let cause = format!("the server did not answer within {timeout:?} (`{}`)", field("timeout"));
            Err(Fault::new(Kind::Unavailable, cause))
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Webhook {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    /// What a version is to a server is the server's own affair.
    fn is_immutable(&self, _key: &RemoteKey) -> bool {
        false
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        stream::iter(keys.iter().map(|key| self.read_one(key)).collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Webhook {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        let cause = "a webhook cannot be searched; name each secret in spec.data or dataFrom.extract";
        Err(search.error(NAME, Kind::Invalid, cause.to_owned()))
    }
}

impl Detect for Webhook {}

#[async_trait]
impl Close for Webhook {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Webhook {
    /// As in ESO, only whether the server is there; a request without a reference would make no sense to it.
    async fn validate(&self) -> Result<Validity, Error> {
        let knocked = self.way.within(self.way.client.knock()).await;
        knocked.map(|()| Validity::Valid).map_err(|fault| fault.at(NAME, "reach the server".to_owned()))
    }

    /// Keyferry writes no secrets yet.
    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
