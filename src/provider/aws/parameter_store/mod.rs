//! Reading Parameter Store: ten current values in a call where that is possible, one by one where it is not.
//!
//! AWS refuses a whole batch where one of its parameters may not be read. What is read alone then says whose fault it
//! was: only if every one of them may be read is it the batch call that this principal may not make.

mod batch;
mod client;
mod find;
mod name;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use futures::{StreamExt, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tokio::time::Instant;

use super::client::Base;
use super::denied::Denied;
use super::error::{self, Failure};
use super::{credential, refusal, tags};
use crate::provider::{
    Batch, Capabilities, Close, Detect, Error, Kind, Observer, Part, Read, RemoteKey, Validate, Validity,
};
use crate::sealed::Sealed;
pub(super) use client::Client;
use name::{Name, canonical};

/// The name of the provider in metrics and errors; ESO's.
pub(super) const NAME: &str = "AWS/ParameterStore";

/// AWS takes no more names in one `GetParameters`.
const BATCH: usize = 10;
/// How many single reads of one batch are under way at once.
const ABREAST: usize = 4;
/// Names beneath it are of Secrets Manager, whose answers have other names; each is read alone.
const REFERENCE: &str = "/aws/reference/";

/// A session with one principal in one region.
pub(super) struct ParameterStore {
    client: Client,
    credentials: Option<SharedCredentialsProvider>,
    prefix: String,
    observer: Arc<dyn Observer>,
    batch_denied: Denied,
    path_denied: Denied,
}

impl fmt::Debug for ParameterStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ParameterStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// A parameter as AWS answers it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Parameter {
    name: Option<String>,
    #[serde(rename = "ARN")]
    arn: Option<String>,
    #[serde(deserialize_with = "sealed")]
    value: Option<Sealed>,
}

fn sealed<'de, D: Deserializer<'de>>(text: D) -> Result<Option<Sealed>, D::Error> {
    Ok(Option::<String>::deserialize(text)?.map(Sealed::from))
}

impl Parameter {
    fn content(&self) -> Result<Sealed, Failure> {
        self.value.clone().ok_or_else(Failure::empty)
    }
}

/// The answer to `GetParameter`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct One {
    parameter: Parameter,
}

/// The answer to `ListTagsForResource`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tags {
    tag_list: Vec<Tag>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tag {
    key: String,
    value: String,
}

impl ParameterStore {
    pub(super) async fn open(
        base: &Base,
        config: &SdkConfig,
        prefix: String,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let nowhere = || "there is no endpoint of the kind that the operator's AWS configuration asks for".to_owned();
        let client = base.parameter_store(config).await.ok_or_else(|| refusal(NAME, nowhere()))?;
        let credentials = config.credentials_provider();
        let (batch_denied, path_denied) = Default::default();
        Ok(Self { client, credentials, prefix, observer, batch_denied, path_denied })
    }

    /// What AWS knows the parameter by: the prefix before every key and the version behind it, as in ESO. All below work
    /// on such keys, which have no version of their own.
    fn full(&self, key: &RemoteKey) -> RemoteKey {
        let version = key.version.iter().flat_map(|version| [":", version.as_str()]);
        let id = [self.prefix.as_str(), &key.key].into_iter().chain(version).collect();
        RemoteKey { key: id, version: None, part: key.part, property: None }
    }

    async fn read_together(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let ids: Vec<_> = keys.iter().map(|key| key.key.as_str()).collect();
        let answer = self.call("GetParameters", &json!({"Names": distinct(&ids), "WithDecryption": true})).await;
        match answer {
            Ok(answer) => {
                let answer: batch::Batch = answer;
                self.batch_denied.note(false);
                self.complete(keys, answer.assign(&ids)).await
            }
            Err(Failure::Call { kind: Kind::Denied, .. }) => {
                let answers = self.read_each(keys).await;
                if are_readable(&answers) {
                    self.batch_denied.note(true);
                }
                answers
            }
            // It may be one name's fault, and the answer does not say whose.
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
        let answer: One = self.call("GetParameter", &json!({"Name": key.key, "WithDecryption": true})).await?;
        answer.parameter.content()
    }

    /// Tags are the parameter's and not a version's.
    async fn tags(&self, key: &RemoteKey) -> Result<Sealed, Failure> {
        let id = Name::of(&key.key).parameter;
        let asked = json!({"ResourceType": "Parameter", "ResourceId": id});
        let answer: Tags = self.call("ListTagsForResource", &asked).await?;
        let pairs = answer.tag_list.into_iter().map(|tag| (tag.key, tag.value));
        tags::as_json(pairs).ok_or_else(Failure::unreadable)
    }

    async fn call<T: DeserializeOwned>(&self, name: &'static str, asked: &serde_json::Value) -> Result<T, Failure> {
        let started = Instant::now();
        let answer = match self.client.call(name, asked.to_string()).await {
            Ok(body) => serde_json::from_slice(body.expose()).map_err(|_| Failure::unreadable()),
            Err(error) => Err(error::failure(&error)),
        };
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
}

/// AWS takes no name twice.
fn distinct<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    ids.iter().copied().filter(|id| seen.insert(canonical(id))).collect()
}

/// Whether each of them could be read alone, so that none was why they could not be read together.
fn are_readable(answers: &[Result<Sealed, Error>]) -> bool {
    let readable = |answer: &Result<Sealed, Error>| match answer {
        Ok(_) => true,
        Err(error) => error.kind == Kind::NotFound,
    };
    answers.iter().all(readable)
}

fn fits_a_batch(key: &RemoteKey) -> bool {
    let name = Name::of(&key.key);
    key.part == Part::Value && name.selector.is_none() && name.is_plain() && !key.key.starts_with(REFERENCE)
}

fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the tags of {:?}", key.key),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for ParameterStore {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Single for an hour after AWS said that this principal may not call the batch API.
    fn batch(&self, key: &RemoteKey) -> Batch {
        if fits_a_batch(&self.full(key)) && !self.batch_denied.holds() { Batch::Many(BATCH) } else { Batch::Single }
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        key.part == Part::Value && Name::of(&self.full(key).key).is_version()
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let keys: Vec<_> = keys.iter().map(|key| self.full(key)).collect();
        self.read(&keys).await
    }
}

impl Detect for ParameterStore {}

#[async_trait]
impl Close for ParameterStore {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for ParameterStore {
    async fn validate(&self) -> Result<Validity, Error> {
        credential::validate(NAME, self.credentials.as_ref()).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}

#[cfg(test)]
mod tests;
