//! AWS Secrets Manager: twenty current values in a call.
//!
//! The batch API answers with names and ARNs in no promised order, and says of each secret by itself what became of it.

mod batch;
mod find;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::Blob;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::client::Base;
use super::error::{self, Failure};
use super::session::{Answered, Calls, Service};
use super::tags;
use crate::provider::{Error, Observer, RemoteKey};
use crate::sealed::Sealed;
use batch::Item;

/// AWS takes no longer id.
const LONGEST_ID: usize = 2048;
/// The stage that a reference without a version means, and the only one that the batch API reads.
const CURRENT: &str = "AWSCURRENT";
/// Before a version that is an id and not a stage; ESO's notation.
const VERSION_ID: &str = "uuid/";

/// The service's calls.
#[derive(Debug)]
pub(super) struct SecretsManager {
    client: Client,
    calls: Calls,
}

impl SecretsManager {
    pub(super) fn new(base: &Base, config: &SdkConfig, observer: Arc<dyn Observer>) -> Self {
        Self { client: base.secrets_manager(config), calls: Calls::new(Self::NAME, observer) }
    }

    async fn call<T, E>(
        &self,
        name: &'static str,
        answer: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // The SDK's futures are large, and would be in each of those around it.
        let answer = Box::pin(answer);
        self.calls.call(name, async { answer.await.map_err(|error| error::failure(&error)) }).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Service for SecretsManager {
    const NAME: &'static str = "AWS/SecretsManager";
    const BATCH: usize = 20;

    fn whole(prefix: &str, key: &RemoteKey) -> RemoteKey {
        RemoteKey { key: format!("{prefix}{}", key.key), ..key.clone() }
    }

    fn fits_a_batch(key: &RemoteKey) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-!:".contains(&byte);
        key.version.as_deref().is_none_or(|version| version == CURRENT)
            && (1..=LONGEST_ID).contains(&key.key.len())
            && key.key.bytes().all(plain)
    }

    fn is_fixed(key: &RemoteKey) -> bool {
        key.version.as_deref().is_some_and(|version| version.starts_with(VERSION_ID))
    }

    async fn values(&self, ids: &[&str]) -> Result<Vec<Answered>, Failure> {
        let distinct: BTreeSet<_> = ids.iter().map(ToString::to_string).collect();
        let request = self.client.batch_get_secret_value().set_secret_id_list(Some(distinct.into_iter().collect()));
        let answer = self.call("BatchGetSecretValue", request.send()).await?;
        let values = answer.secret_values.unwrap_or_default().into_iter().map(Item::of_value);
        let errors = answer.errors.unwrap_or_default().into_iter().map(Item::of_error);
        Ok(batch::assign(ids, &values.chain(errors).collect::<Vec<_>>()))
    }

    /// A secret that may not be read has an error of its own in the batch's answer.
    fn is_batch_denied(_: &[Result<Sealed, Error>]) -> bool {
        true
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
}

/// The value of a secret; text counts where there is both, which AWS never has.
fn content(text: Option<String>, binary: Option<Blob>) -> Result<Sealed, Failure> {
    match (text, binary) {
        (Some(text), _) => Ok(Sealed::from(text)),
        (None, Some(binary)) => Ok(Sealed::new(binary.into_inner())),
        (None, None) => Err(Failure::empty()),
    }
}

#[cfg(test)]
pub(super) mod tests;
