//! What sessions of both services do alike: many current values in a call where that is possible, one by one where not.
//!
//! A batch's answer is given to a key only if it can be no other key's; every key that is left without one is read by
//! itself.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::credential;
use super::denied::Denied;
use super::error::Failure;
use crate::provider::{
    Batch, Capabilities, Close, Detect, Error, Kind, Observer, Part, Read, RemoteKey, Validate, Validity,
};
use crate::sealed::Sealed;

/// How many single reads of one batch, or batches of one search, are under way at once.
pub(super) const ABREAST: usize = 4;

/// What a batch says of one key, if anything.
pub(super) type Answered = Option<Result<Sealed, Failure>>;

/// What one service is: its calls, and what its keys look like. Keys here are whole: as [`Service::whole`] makes them.
#[async_trait]
pub(super) trait Service: fmt::Debug + Send + Sync + 'static {
    /// The name of the provider in metrics and errors; ESO's.
    const NAME: &'static str;
    /// AWS takes no more ids in one call.
    const BATCH: usize;

    /// What AWS knows the secret by; the store's prefix is put before every key, as in ESO.
    fn whole(prefix: &str, key: &RemoteKey) -> RemoteKey;

    /// Whether the value may be asked for together with others. One id that AWS takes for malformed would fail them all.
    fn fits_a_batch(key: &RemoteKey) -> bool;

    /// Whether the value can never be another.
    fn is_fixed(key: &RemoteKey) -> bool;

    /// Reads the current values of ids that fit a batch, in one call and in their order.
    async fn values(&self, ids: &[&str]) -> Result<Vec<Answered>, Failure>;

    /// Whether a batch was denied for what it is and not for one of its keys, which `alone` were answered like that.
    fn is_batch_denied(alone: &[Result<Sealed, Error>]) -> bool;

    async fn value(&self, key: &RemoteKey) -> Result<Sealed, Failure>;

    async fn tags(&self, key: &RemoteKey) -> Result<Sealed, Failure>;
}

/// Tells of every call of one service.
pub(super) struct Calls {
    provider: &'static str,
    observer: Arc<dyn Observer>,
}

impl fmt::Debug for Calls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.provider)
    }
}

impl Calls {
    pub(super) fn new(provider: &'static str, observer: Arc<dyn Observer>) -> Self {
        Self { provider, observer }
    }

    /// Awaits the answer to the call `name`.
    pub(super) async fn call<T>(
        &self,
        name: &'static str,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        let answer = answer.await;
        // Without credentials there was no call.
        if matches!(answer, Ok(_) | Err(Failure::Call { .. })) {
            self.observer.called(self.provider, name, answer.is_ok(), started.elapsed());
        }
        answer
    }
}

/// A session with one principal in one region.
pub(super) struct Session<S> {
    pub(super) service: S,
    credentials: Option<SharedCredentialsProvider>,
    prefix: String,
    batch_denied: Denied,
}

impl<S: Service> fmt::Debug for Session<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct(S::NAME).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl<S: Service> Session<S> {
    pub(super) fn new(service: S, config: &SdkConfig, prefix: String) -> Self {
        Self { service, credentials: config.credentials_provider(), prefix, batch_denied: Denied::default() }
    }

    /// Whether AWS has said within the hour that this principal may not call the batch API.
    pub(super) fn reads_singly(&self) -> bool {
        self.batch_denied.holds()
    }

    /// Reads whole keys that may all be in one batch, or none may.
    pub(super) async fn read(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let together = keys.len() > 1 && keys.len() <= S::BATCH && keys.iter().all(fits_a_batch::<S>);
        if together && !self.reads_singly() { self.read_together(keys).await } else { self.read_each(keys).await }
    }

    async fn read_together(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let ids: Vec<_> = keys.iter().map(|key| key.key.as_str()).collect();
        match self.service.values(&ids).await {
            Ok(answers) => {
                self.batch_denied.note(false);
                self.complete(keys, answers).await
            }
            Err(Failure::Call { kind: Kind::Denied, .. }) => {
                let alone = self.read_each(keys).await;
                if S::is_batch_denied(&alone) {
                    self.batch_denied.note(true);
                }
                alone
            }
            // It may be one id's fault, and the answer does not say whose.
            Err(Failure::Call { kind: Kind::Invalid | Kind::NotFound, .. }) => self.read_each(keys).await,
            Err(failure) => keys.iter().map(|key| Err(failure.clone().at(S::NAME, reading(key)))).collect(),
        }
    }

    /// Reads what the batch left unanswered.
    async fn complete(&self, keys: &[RemoteKey], answers: Vec<Answered>) -> Vec<Result<Sealed, Error>> {
        let answered = keys.iter().zip(answers).map(|(key, answer)| async move {
            match answer {
                Some(answer) => answer.map_err(|failure| failure.at(S::NAME, reading(key))),
                None => self.read_one(key).await,
            }
        });
        stream::iter(answered.collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }

    async fn read_each(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        self.complete(keys, vec![None; keys.len()]).await
    }

    async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let answer = match key.part {
            Part::Value => self.service.value(key).await,
            Part::Metadata => self.service.tags(key).await,
        };
        answer.map_err(|failure| failure.at(S::NAME, reading(key)))
    }
}

fn fits_a_batch<S: Service>(key: &RemoteKey) -> bool {
    key.part == Part::Value && S::fits_a_batch(key)
}

fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the tags of {:?}", key.key),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Service> Read for Session<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn batch(&self, key: &RemoteKey) -> Batch {
        let together = fits_a_batch::<S>(&S::whole(&self.prefix, key)) && !self.reads_singly();
        if together { Batch::Many(S::BATCH) } else { Batch::Single }
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        key.part == Part::Value && S::is_fixed(&S::whole(&self.prefix, key))
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let keys: Vec<_> = keys.iter().map(|key| S::whole(&self.prefix, key)).collect();
        self.read(&keys).await
    }
}

impl<S: Service> Detect for Session<S> {}

#[async_trait]
impl<S: Service> Close for Session<S> {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Service> Validate for Session<S> {
    /// Gets the credentials, as ESO does; what they allow is seen at the first read.
    async fn validate(&self) -> Result<Validity, Error> {
        credential::validate(S::NAME, self.credentials.as_ref()).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
