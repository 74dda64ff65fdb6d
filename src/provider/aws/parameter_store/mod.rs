//! AWS Parameter Store: ten current values in a call.
//!
//! AWS refuses a whole batch where one of its parameters may not be read. What is read alone then says whose fault it
//! was: only if every one of them may be read is it the batch call that this principal may not make.

mod batch;
mod client;
mod find;
mod name;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::client::Base;
use super::denied::Denied;
use super::error::{self, Failure};
use super::session::{Answered, Calls, Service};
use super::{refusal, tags};
use crate::provider::{Error, Kind, Observer, RemoteKey};
use crate::sealed::Sealed;
pub(super) use client::Client;
use name::{Name, canonical};

/// Names beneath it are of Secrets Manager, whose answers have other names; each is read alone.
const REFERENCE: &str = "/aws/reference/";

/// The service's calls.
#[derive(Debug)]
pub(super) struct ParameterStore {
    client: Client,
    calls: Calls,
    path_denied: Denied,
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
    pub(super) async fn open(base: &Base, config: &SdkConfig, observer: Arc<dyn Observer>) -> Result<Self, Error> {
        let nowhere = || "there is no endpoint of the kind that the operator's AWS configuration asks for".to_owned();
        let client = base.parameter_store(config).await.ok_or_else(|| refusal(Self::NAME, nowhere()))?;
        Ok(Self { client, calls: Calls::new(Self::NAME, observer), path_denied: Denied::default() })
    }

    async fn call<T: DeserializeOwned>(&self, name: &'static str, asked: &serde_json::Value) -> Result<T, Failure> {
        let answer = async {
            let body = self.client.call(name, asked.to_string()).await.map_err(|error| error::failure(&error))?;
            serde_json::from_slice(body.expose()).map_err(|_| Failure::unreadable())
        };
        self.calls.call(name, answer).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Service for ParameterStore {
    const NAME: &'static str = "AWS/ParameterStore";
    const BATCH: usize = 10;

    /// The version is behind the name, as in ESO; such a key has none of its own.
    fn whole(prefix: &str, key: &RemoteKey) -> RemoteKey {
        let version = key.version.iter().flat_map(|version| [":", version.as_str()]);
        let id = [prefix, &key.key].into_iter().chain(version).collect();
        RemoteKey { key: id, version: None, part: key.part, property: None }
    }

    fn fits_a_batch(key: &RemoteKey) -> bool {
        let name = Name::of(&key.key);
        name.selector.is_none() && name.is_plain() && !key.key.starts_with(REFERENCE)
    }

    fn is_fixed(key: &RemoteKey) -> bool {
        Name::of(&key.key).is_version()
    }

    async fn values(&self, ids: &[&str]) -> Result<Vec<Answered>, Failure> {
        let asked = json!({"Names": distinct(ids), "WithDecryption": true});
        let answer: batch::Batch = self.call("GetParameters", &asked).await?;
        Ok(answer.assign(ids))
    }

    fn is_batch_denied(alone: &[Result<Sealed, Error>]) -> bool {
        let is_readable = |answer: &Result<Sealed, Error>| match answer {
            Ok(_) => true,
            Err(error) => error.kind == Kind::NotFound,
        };
        alone.iter().all(is_readable)
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
}

/// AWS takes no name twice.
fn distinct<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    ids.iter().copied().filter(|id| seen.insert(canonical(id))).collect()
}

#[cfg(test)]
pub(super) mod tests;
