//! A session that always answers in time: what takes longer than the deadline is dropped and reported unavailable.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::{
    Batch, Capabilities, Close, Detect, Error, Find, Kind, Mark, Matches, Provider, Read, RemoteKey, Search, Validate,
    Validity,
};
use crate::sealed::Sealed;

/// Bounds every read, search and validation of `inner` in time.
#[derive(Debug)]
pub struct Deadline {
    inner: Arc<dyn Provider>,
    after: Duration,
}

impl Deadline {
    /// `after` is for one whole `read_many`, however many calls it makes.
    pub fn new(inner: Arc<dyn Provider>, after: Duration) -> Self {
        Self { inner, after }
    }

    fn missed(&self, doing: String) -> Error {
        let cause = format!("no answer within {}s", self.after.as_secs_f64());
        Error { provider: self.inner.name(), doing, kind: Kind::Unavailable, cause }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Deadline {
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
        timeout(self.after, self.inner.read_many(keys))
            .await
            .unwrap_or_else(|_| keys.iter().map(|key| Err(self.missed(format!("read {:?}", key.key)))).collect())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Detect for Deadline {
    fn detects(&self, key: &RemoteKey) -> Option<usize> {
        self.inner.detects(key)
    }

    async fn marks(&self, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, Error> {
        timeout(self.after, self.inner.marks(keys))
            .await
            .unwrap_or_else(|_| Err(self.missed("look for changes".to_owned())))
    }

    fn listing_calls(&self, key: &RemoteKey) -> usize {
        self.inner.listing_calls(key)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Deadline {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        timeout(self.after, self.inner.find(search)).await.unwrap_or_else(|_| Err(self.missed(search.doing())))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Close for Deadline {
    async fn close(&self) {
        let _ = timeout(self.after, self.inner.close()).await;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Deadline {
    async fn validate(&self) -> Result<Validity, Error> {
        timeout(self.after, self.inner.validate())
            .await
            .unwrap_or_else(|_| Err(self.missed("validate the store".to_owned())))
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::memory::{Memory, Shelf, key};
    use crate::provider::{Query, conformance};

    fn decorated(memory: &Arc<Memory>) -> Deadline {
        Deadline::new(memory.clone(), Duration::from_secs(30))
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_hangs_answers_every_key_after_the_deadline() {
        let memory = Arc::new(Memory::default());
        memory.hang(true);
        let started = tokio::time::Instant::now();
        let answers = decorated(&memory).read_many(&[key("a"), key("b")]).await;
        assert_eq!(started.elapsed().as_secs(), 30);
        for (answer, name) in answers.iter().zip(["a", "b"]) {
            let error = answer.as_ref().unwrap_err();
            assert_eq!(error.kind, Kind::Unavailable);
            assert_eq!(error.to_string(), format!("Memory could not read \"{name}\": no answer within 30s"));
        }
        let everything = Search::new(&Query::default()).unwrap();
        assert_eq!(decorated(&memory).find(&everything).await.unwrap_err().kind, Kind::Unavailable);
        assert_eq!(decorated(&memory).validate().await.unwrap_err().kind, Kind::Unavailable);
    }

    #[tokio::test]
    async fn the_decorated_session_conforms() {
        let memory = Arc::new(Memory::default());
        conformance::assert_all(&Shelf::new(memory.clone(), Arc::new(decorated(&memory)))).await;
    }
}
