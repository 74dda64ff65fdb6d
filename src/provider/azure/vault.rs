//! Reading a vault: one object a call, since there is no call that reads several.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::bundle::{self, Manner};
use super::client::Endpoint;
use super::detect::Listings;
use super::error::{Failure, of_vault};
use super::object::{Object, Type, is_name};
use super::token::Tokens;
use super::{API, NAME};
use crate::provider::http::{Answer, Call, HeaderMap, Method, Server};
use crate::provider::{Batch, Capabilities, Close, Error, Kind, Part, Read, RemoteKey, Validate, Validity, reading};
use crate::sealed::Sealed;

/// How many reads of one call of ours are under way at once.
const ABREAST: usize = 4;

/// A session with one principal at one vault.
#[derive(Debug)]
pub(super) struct Vault {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) server: Server,
    pub(super) tokens: Tokens,
    pub(super) manner: Manner,
    pub(super) listings: Listings,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Why {
    /// The call failed.
    Failed(Failure),
    /// What it takes to make it could not be had.
    Told(Error),
}

impl Why {
    pub(super) fn at(self, doing: String) -> Error {
        match self {
            Self::Failed(failure) => failure.at(doing),
            Self::Told(error) => error,
        }
    }
}

impl From<Failure> for Why {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Vault {
    pub(super) async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        self.value(key).await.map_err(|why| why.at(reading(key)))
    }

    async fn value(&self, key: &RemoteKey) -> Result<Sealed, Why> {
        let object = Object::parse(&key.key)?;
        let version = version(key);
        if version.is_some_and(|version| !is_name(version)) {
            return Err(Failure::new(Kind::Invalid, "`version` is no id of a version; copy it from the vault").into());
        }
        let answer =
            self.get(object.of.read(), &object.path(version), &[("api-version", API)], Some(object.of)).await?;
        let value = match key.part {
            Part::Value => bundle::value(object.of, &answer.body, self.manner),
            Part::Metadata => bundle::metadata(&answer.body, self.manner),
        };
        value.ok_or_else(|| Failure::unreadable().into())
    }

    /// One call; a second one with another token where the first was not accepted.
    pub(super) async fn get(
        &self,
        name: &'static str,
        path: &[String],
        query: &[(&str, &str)],
        asked: Option<Type>,
    ) -> Result<Answer, Why> {
        let mut again = false;
        loop {
            let shown = self.tokens.current().await.map_err(Why::Told)?;
            let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, shown.token.clone())]);
            let call = Call { method: Method::GET, path, query, headers, body: None };
            match self.endpoint.call(name, call, |answer| of_vault(answer, asked)).await {
                Err(failure) if failure.is_tokens && !again => {
                    if !self.tokens.replace(&shown).await.map_err(Why::Told)? {
                        return Err(failure.into());
                    }
                    again = true;
                }
                answer => return answer.map_err(Why::Failed),
            }
        }
    }
}

fn version(key: &RemoteKey) -> Option<&str> {
    key.version.as_deref().filter(|version| !version.is_empty())
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Vault {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    /// The value of a version can be deleted or disabled, but never be another. A key's can: what it may be used for is
    /// told with it and may be changed.
    fn is_immutable(&self, key: &RemoteKey) -> bool {
        let fixed = Object::parse(&key.key).is_ok_and(|object| object.of != Type::Key);
        key.part == Part::Value && fixed && version(key).is_some_and(is_name)
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        stream::iter(keys.iter().map(|key| self.read_one(key)).collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }
}

#[async_trait]
impl Close for Vault {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Vault {
    /// Signs in; what the identity may read is seen at the first read.
    async fn validate(&self) -> Result<Validity, Error> {
        self.tokens.current().await.map(|_| Validity::Valid)
    }

    /// Keyferry writes no secrets yet.
    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
