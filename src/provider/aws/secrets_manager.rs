//! Reading AWS Secrets Manager: twenty current values in a call where that is possible, one by one where it is not.
//!
//! The batch API answers with names and ARNs in no promised order, so an answer is given to a key only if it can be no
//! other key's; every key that is left without one is read by itself.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_secretsmanager::Client;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::Blob;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::StreamExt;
use futures::stream;
use tokio::time::Instant;

use super::batch::{self, Item};
use super::client::Base;
use super::credential;
use super::denied::Denied;
use super::error::{self, Failure};
use super::listing::Listed;
use super::tags;
use crate::provider::{
    Batch, Capabilities, Close, Detect, Error, Find, Kind, Matches, Observer, Part, Read, RemoteKey, Search, Validate,
    Validity,
};
use crate::sealed::Sealed;

/// The name of the provider in metrics and errors; ESO's.
pub(super) const NAME: &str = "AWS/SecretsManager";

/// AWS takes no more ids in one BatchGetSecretValue.
const BATCH: usize = 20;
/// AWS takes no longer id.
const LONGEST_ID: usize = 2048;
/// The stage that a reference without a version means, and the only one that the batch API reads.
const CURRENT: &str = "AWSCURRENT";
/// Before a version that is an id and not a stage; ESO's notation.
const VERSION_ID: &str = "uuid/";
/// How many single reads of one batch are under way at once.
const ABREAST: usize = 4;

/// A session with one principal in one region.
pub(super) struct SecretsManager {
    pub(super) client: Client,
    credentials: Option<SharedCredentialsProvider>,
    prefix: String,
    observer: Arc<dyn Observer>,
    batch_denied: Denied,
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SecretsManager").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl SecretsManager {
    pub(super) fn new(base: &Base, config: &SdkConfig, prefix: String, observer: Arc<dyn Observer>) -> Self {
        let client = base.secrets_manager(config);
        let credentials = config.credentials_provider();
        Self { client, credentials, prefix, observer, batch_denied: Denied::default() }
    }

    /// What AWS knows the secret by: the prefix is put before every key, as in ESO. All below work on such keys.
    fn full(&self, key: &RemoteKey) -> RemoteKey {
        RemoteKey { key: format!("{}{}", self.prefix, key.key), ..key.clone() }
    }

    async fn read_together(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let ids: Vec<_> = keys.iter().map(|key| key.key.clone()).collect();
        let distinct = ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let request = self.client.batch_get_secret_value().set_secret_id_list(Some(distinct));
        match self.call("BatchGetSecretValue", request.send()).await {
            Ok(answer) => {
                self.batch_denied.note(false);
                let values = answer.secret_values.unwrap_or_default().into_iter().map(Item::of_value);
                let errors = answer.errors.unwrap_or_default().into_iter().map(Item::of_error);
                let items: Vec<_> = values.chain(errors).collect();
                self.complete(keys, batch::assign(&ids, &items)).await
            }
            Err(Failure::Call { kind: Kind::Denied, .. }) => {
                self.batch_denied.note(true);
                self.read_each(keys).await
            }
            // It may be one id's fault, and the answer does not say whose.
            Err(Failure::Call { kind: Kind::Invalid | Kind::NotFound, .. }) => self.read_each(keys).await,
            Err(failure) => keys.iter().map(|key| Err(failure.clone().at(NAME, reading(key)))).collect(),
        }
    }

    /// Reads what the batch left unanswered.
    async fn complete(
        &self,
        keys: &[RemoteKey],
        answers: Vec<Option<Result<Sealed, Failure>>>,
    ) -> Vec<Result<Sealed, Error>> {
        let answered = keys.iter().zip(answers).map(|(key, answer)| async move {
            match answer {
                Some(answer) => answer.map_err(|failure| failure.at(NAME, reading(key))),
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
            Part::Value => self.value(key).await,
            Part::Metadata => self.tags(key).await,
        };
        answer.map_err(|failure| failure.at(NAME, reading(key)))
    }

    async fn value(&self, key: &RemoteKey) -> Result<Sealed, Failure> {
        let request = self.client.get_secret_value().secret_id(&key.key);
        let version = key.version.as_deref().unwrap_or(CURRENT);
        let request = match version.strip_prefix(VERSION_ID) {
            Some(id) => request.version_id(id),
            None => request.version_stage(version),
        };
        let answer = self.call("GetSecretValue", request.send()).await?;
        content(answer.secret_string, answer.secret_binary)
    }

    async fn tags(&self, key: &RemoteKey) -> Result<Sealed, Failure> {
        let request = self.client.describe_secret().secret_id(&key.key);
        let answer = self.call("DescribeSecret", request.send()).await?;
        let tags = answer.tags.unwrap_or_default().into_iter();
        let pairs = tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()));
        tags::as_json(pairs).ok_or_else(Failure::unreadable)
    }

    pub(super) async fn call<T, E>(
        &self,
        name: &'static str,
        answer: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let started = Instant::now();
        let answer = answer.await.map_err(|error| error::failure(&error));
        // Without credentials there was no call.
        if matches!(answer, Ok(_) | Err(Failure::Call { .. })) {
            self.observer.called(NAME, name, answer.is_ok(), started.elapsed());
        }
        answer
    }

    /// Reads keys that may all be in one batch, or none may.
    async fn read(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let together = keys.len() > 1 && keys.len() <= BATCH && keys.iter().all(fits_a_batch);
        if together && !self.batch_denied.holds() { self.read_together(keys).await } else { self.read_each(keys).await }
    }

    /// Reads one batch of what a search has listed; what is gone meanwhile, or has no current value, is passed over.
    async fn read_listed(&self, search: &Search, listed: &[Listed]) -> Result<Vec<(String, Sealed)>, Error> {
        let calls = if self.batch_denied.holds() { listed.len() } else { 1 };
        for _ in 0..calls {
            search.call(NAME).await?;
        }
        let by_arn =
            |listed: &Listed| RemoteKey { key: listed.arn.clone(), version: None, part: Part::Value, property: None };
        let keys: Vec<_> = listed.iter().map(by_arn).collect();
        let answers = listed.iter().zip(self.read(&keys).await);
        let present = answers.filter(|(_, answer)| !matches!(answer, Err(error) if error.kind == Kind::NotFound));
        present.map(|(listed, answer)| answer.map(|value| (listed.name.clone(), value))).collect()
    }
}

fn fits_a_batch(key: &RemoteKey) -> bool {
    // One id that AWS takes for malformed would fail its whole batch.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-!:".contains(&byte);
    key.part == Part::Value
        && key.version.as_deref().is_none_or(|version| version == CURRENT)
        && (1..=LONGEST_ID).contains(&key.key.len())
        && key.key.bytes().all(plain)
}

fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the tags of {:?}", key.key),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for SecretsManager {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Single for an hour after AWS said that this principal may not call the batch API.
    fn batch(&self, key: &RemoteKey) -> Batch {
        if fits_a_batch(&self.full(key)) && !self.batch_denied.holds() { Batch::Many(BATCH) } else { Batch::Single }
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        key.part == Part::Value && key.version.as_deref().is_some_and(|version| version.starts_with(VERSION_ID))
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let keys: Vec<_> = keys.iter().map(|key| self.full(key)).collect();
        self.read(&keys).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for SecretsManager {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(NAME)?;
        let listed = self.list(search).await?;
        let read = listed.chunks(BATCH).map(|batch| self.read_listed(search, batch)).collect::<Vec<_>>();
        let mut read = stream::iter(read).buffered(ABREAST);
        let mut found = Matches::default();
        while let Some(values) = read.next().await {
            for (name, value) in values? {
                found.add(search, NAME, name, value)?;
            }
        }
        Ok(found)
    }
}

impl Detect for SecretsManager {}

#[async_trait]
impl Close for SecretsManager {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for SecretsManager {
    /// Gets the credentials, as ESO does; what they allow is seen at the first read.
    async fn validate(&self) -> Result<Validity, Error> {
        credential::validate(NAME, self.credentials.as_ref()).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}

/// The value of a secret; text counts where there is both, which AWS never has.
pub(super) fn content(text: Option<String>, binary: Option<Blob>) -> Result<Sealed, Failure> {
    match (text, binary) {
        (Some(text), _) => Ok(Sealed::from(text)),
        (None, Some(binary)) => Ok(Sealed::new(binary.into_inner())),
        (None, None) => Err(Failure::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_without_a_value_is_an_error() {
        assert_eq!(content(Some("a".into()), None), Ok("a".into()));
        assert_eq!(content(None, Some(Blob::new([0, 255]))), Ok(Sealed::new(vec![0, 255])));
        assert_eq!(content(None, None).unwrap_err().kind(), Kind::Invalid);
    }
}
