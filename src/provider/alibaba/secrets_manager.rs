//! Reading KMS Secrets Manager: one secret a call. There is no call that reads several.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, stream};
use serde::Deserialize;

use super::NAME;
use super::client::{Ask, Endpoint};
use super::error::{Failure, Purpose};
use super::token::Tokens;
use super::version::Version;
use crate::provider::http::Answer;
use crate::provider::{Batch, Capabilities, Close, Detect, Error, Kind, Part, Read, RemoteKey, Validate, Validity};
use crate::sealed::Sealed;

/// KMS' API.
const VERSION: &str = "2016-01-20";
/// How many reads of one call of ours are under way at once.
const ABREAST: usize = 4;
/// KMS' names have 64 bytes, and its ARNs a few more.
const LONGEST_KEY: usize = 512;
/// The secrets whose values users put, and whose versions have ids that KMS heeds.
const GENERIC: &str = "Generic";
/// What is asked for when a store is validated; whether there is such a secret does not matter.
const NOBODYS: &str = "keyferry/validation";

/// A session with one principal in one region.
#[derive(Debug)]
pub(super) struct SecretsManager {
    /// The region's gateway, which has everything.
    region: Arc<Endpoint>,
    /// Where values are read: that, or an instance's gateway, which has nothing else.
    values: Arc<Endpoint>,
    tokens: Tokens,
}

impl SecretsManager {
    pub(super) fn new(region: Arc<Endpoint>, values: Arc<Endpoint>, tokens: Tokens) -> Self {
        Self { region, values, tokens }
    }

    pub(super) async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let read = match key.part {
            Part::Value => self.value(key).await,
            Part::Metadata => self.metadata(key).await,
        };
        read.map_err(|why| why.at(|| reading(key)))
    }

    async fn value(&self, key: &RemoteKey) -> Result<Sealed, Why> {
        let name = name(key)?;
        let version = Version::of(key).ok_or_else(|| {
            invalid("`version` is none: write a stage as `ACSPrevious` or `stage/<name>`, or the id of a version")
        })?;
        let query: Vec<_> = [("SecretName", name)].into_iter().chain(version.parameter()).collect();
        let answer = self.ask(&self.values, Purpose::Secret, "GetSecretValue", &query).await?;
        value(&answer, version)
    }

    async fn metadata(&self, key: &RemoteKey) -> Result<Sealed, Why> {
        let query = [("SecretName", name(key)?), ("FetchTags", "true")];
        let answer = self.ask(&self.region, Purpose::Secret, "DescribeSecret", &query).await?;
        super::description::read(&answer.body).ok_or_else(strange)
    }

    /// A listing's page, for a search.
    pub(super) async fn page(&self, query: &[(&str, &str)], doing: impl Fn() -> String) -> Result<Answer, Error> {
        let answer = self.ask(&self.region, Purpose::Listing, "ListSecrets", query).await;
        answer.map_err(|why| why.at(doing))
    }

    /// One call; a second one with other keys where the first's were bad.
    async fn ask(
        &self,
        endpoint: &Endpoint,
        purpose: Purpose,
        action: &'static str,
        query: &[(&str, &str)],
    ) -> Result<Answer, Why> {
        let mut tries = 0;
        loop {
            let shown = self.tokens.current().await.map_err(Why::Told)?;
            let ask = Ask { purpose, action, version: VERSION, query, body: None, keys: Some(&shown.keys) };
            let failure = match endpoint.call(ask).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let again = failure.keys_are_bad && tries == 0 && self.tokens.replace(&shown).await.map_err(Why::Told)?;
            if !again {
                return Err(Why::Failed(failure));
            }
            tries += 1;
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
enum Why {
    /// The call failed.
    Failed(Failure),
    /// What it takes to make it could not be had.
    Told(Error),
}

impl Why {
    fn at(self, doing: impl Fn() -> String) -> Error {
        match self {
            Self::Failed(failure) => failure.at(doing()),
            Self::Told(error) => error,
        }
    }
}

fn invalid(cause: &str) -> Why {
    Why::Failed(Failure::new(Kind::Invalid, cause))
}

fn strange() -> Why {
    Why::Failed(Failure::unreadable())
}

fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the metadata of {:?}", key.key),
    }
}

/// A name or ARN; KMS itself judges its letters.
fn name(key: &RemoteKey) -> Result<&str, Why> {
    let sound = (1..=LONGEST_KEY).contains(&key.key.len()) && !key.key.chars().any(char::is_control);
    sound.then_some(key.key.as_str()).ok_or_else(|| invalid("the key is no name or ARN of a secret; correct it"))
}

/// What an answer of `GetSecretValue` says of its bytes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct About<'a> {
    #[serde(borrow)]
    secret_data_type: Cow<'a, str>,
    #[serde(borrow)]
    version_id: Cow<'a, str>,
    #[serde(borrow, default)]
    secret_type: Option<Cow<'a, str>>,
}

/// The bytes of an answer of `GetSecretValue`, which must be those of `version`.
fn value(answer: &Answer, version: Version<'_>) -> Result<Sealed, Why> {
    let about: About<'_> = serde_json::from_slice(answer.body.expose()).map_err(|_| strange())?;
    if let Version::Id(id) = version {
        if about.secret_type.is_some_and(|kind| kind != GENERIC) {
            return Err(invalid(
                "KMS heeds no ids of versions for secrets that it rotates itself; write `ACSCurrent` or `ACSPrevious`",
            ));
        }
        if about.version_id != id {
            return Err(invalid("KMS answered with another version than was asked for"));
        }
    }
    let text = text(answer).ok_or_else(strange)?;
    match about.secret_data_type.as_ref() {
        "text" => Ok(text),
        "binary" => STANDARD.decode(text.expose()).map(Sealed::new).map_err(|_| strange()),
        _ => Err(strange()),
    }
}

/// `SecretData`, which is a string.
fn text(answer: &Answer) -> Option<Sealed> {
    let data = gjson::get(answer.body.expose(), "SecretData").ok()??;
    if data.kind() != gjson::Kind::String {
        return None;
    }
    Some(Sealed::new(data.as_extracted().into_owned()))
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for SecretsManager {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        Version::is_immutable(key)
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        stream::iter(keys.iter().map(|key| self.read_one(key)).collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }
}

impl Detect for SecretsManager {}

/// Keys of a role end by themselves, and there is no call to give them back.
impl Close for SecretsManager {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for SecretsManager {
    /// Signs in, and asks for a secret that nobody has where values are read: that it is not there, or may not be read,
    /// is said to good credentials only.
    async fn validate(&self) -> Result<Validity, Error> {
        let query = [("SecretName", NOBODYS)];
        match self.ask(&self.values, Purpose::Secret, "GetSecretValue", &query).await {
            Ok(_) | Err(Why::Failed(Failure { kind: Kind::NotFound | Kind::Denied, is_told: true, .. })) => {
                Ok(Validity::Valid)
            }
            Err(why) => Err(why.at(|| "validate the store".to_owned())),
        }
    }

    /// Keyferry writes no secrets yet.
    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
