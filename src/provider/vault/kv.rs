//! Reading a KV engine: one secret a request, whole. There is no call that reads several.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use gjson::Numbers;

use super::client::{Ask, Vault};
use super::error::{Failure, TokenState};
use super::path::Engine;
use super::token::{Tokens, Verdict};
use crate::api::provider::vault::KvVersion;
use crate::provider::http::{Answer, Method};
use crate::provider::{Batch, Capabilities, Close, Detect, Error, Kind, Part, Read, RemoteKey, Validate, Validity};
use crate::sealed::Sealed;

/// How many reads of one call of ours are under way at once.
const ABREAST: usize = 4;
/// No version has more digits.
const LONGEST_VERSION: usize = 19;

/// A session with one principal at one engine.
#[derive(Debug)]
pub(super) struct Kv {
    vault: Arc<Vault>,
    tokens: Tokens,
    pub(super) engine: Engine,
}

impl Kv {
    pub(super) fn new(vault: Arc<Vault>, tokens: Tokens, engine: Engine) -> Self {
        Self { vault, tokens, engine }
    }

    pub(super) async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let answer = match key.part {
            Part::Value => self.value(key).await,
            Part::Metadata => self.metadata(key).await,
        };
        answer.map_err(|why| self.error(why, reading(key)))
    }

    fn error(&self, why: Why, doing: String) -> Error {
        match why {
            Why::Failed(failure) => failure.at(self.vault.flavor.name, doing),
            Why::Told(error) => error,
        }
    }

    /// What the engine lists below a path: names of secrets, and of folders with a slash behind; nothing below none.
    pub(super) async fn list(&self, path: &[String], doing: impl FnOnce() -> String) -> Result<Vec<String>, Error> {
        let names = match self.ask("ListSecrets", path, &[("list", "true")]).await {
            Ok(answer) => names(&answer).ok_or_else(|| Why::Failed(Failure::unreadable())),
            Err(Why::Failed(Failure { kind: Kind::NotFound, .. })) => Ok(Vec::new()),
            Err(why) => Err(why),
        };
        names.map_err(|why| self.error(why, doing()))
    }

    async fn value(&self, key: &RemoteKey) -> Result<Sealed, Why> {
        let path = self.engine.data(&key.key).ok_or_else(|| invalid("the key can be no path of the engine"))?;
        let version = key.version.as_deref().filter(|version| !version.is_empty());
        match (self.engine.version, version) {
            (KvVersion::V1, Some(_)) => Err(invalid("version 1 of the engine has no versions; remove `version`")),
            (_, Some(version)) if !is_version(version) => {
                Err(invalid("`version` is no number; versions are counted from 1"))
            }
            (KvVersion::V1, None) => data(&self.get(&path, &[]).await?, "data"),
            (KvVersion::V2, Some(version)) => data(&self.get(&path, &[("version", version)]).await?, "data.data"),
            (KvVersion::V2, None) => data(&self.get(&path, &[]).await?, "data.data"),
        }
    }

    /// What people have written about the secret, of whatever version; nothing at all is an empty value, as in ESO.
    async fn metadata(&self, key: &RemoteKey) -> Result<Sealed, Why> {
        if self.engine.version == KvVersion::V1 {
            return Err(invalid("version 1 of the engine has no metadata; remove `metadataPolicy`"));
        }
        let path = self.engine.metadata(&key.key).ok_or_else(|| invalid("the key can be no path of the engine"))?;
        let answer = self.get(&path, &[]).await?;
        match data(&answer, "data.custom_metadata") {
            Err(Why::Failed(Failure { kind: Kind::NotFound, .. })) => Ok(Sealed::default()),
            Ok(custom) if custom.expose() == b"{}" => Ok(Sealed::default()),
            other => other,
        }
    }

    async fn get(&self, path: &[String], query: &[(&str, &str)]) -> Result<Answer, Why> {
        self.ask("ReadSecretData", path, query).await
    }

    /// One call; a second one with another token where the first was bad.
    async fn ask(&self, name: &'static str, path: &[String], query: &[(&str, &str)]) -> Result<Answer, Why> {
        let mut tries = 0;
        loop {
            let shown = self.tokens.current().await.map_err(Why::Told)?;
            let token = Some(&shown.token);
            let ask = Ask { name, method: Method::GET, path, query, token, body: None };
            let failure = match self.vault.read(ask).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.token == TokenState::Unsaid || tries > 0 => return Err(Why::Failed(failure)),
                Err(failure) => failure,
            };
            match self.tokens.doubt(&shown, failure.token).await.map_err(Why::Told)? {
                Verdict::Denied => return Err(Why::Failed(failure)),
                Verdict::Again => tries += 1,
            }
        }
    }
}

/// Why there is no value.
#[derive(Debug)]
enum Why {
    /// The read failed.
    Failed(Failure),
    /// What it takes to read could not be had.
    Told(Error),
}

fn invalid(cause: &str) -> Why {
    Why::Failed(Failure::new(Kind::Invalid, cause))
}

fn is_version(version: &str) -> bool {
    version.len() <= LONGEST_VERSION && version.bytes().all(|byte| byte.is_ascii_digit())
}

fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the metadata of {:?}", key.key),
    }
}

/// The object at `place` of an answer, as Go writes it; absent where it is null or not there.
fn data(answer: &Answer, place: &str) -> Result<Sealed, Why> {
    let strange = || Why::Failed(Failure::unreadable());
    gjson::valid(answer.body.expose()).map_err(|_| strange())?;
    let whole = gjson::get(answer.body.expose(), "data").map_err(|_| strange())?;
    // A success without data is no answer of an engine's.
    whole.filter(|data| data.raw().first() == Some(&b'{')).ok_or_else(strange)?;
    let found = gjson::get(answer.body.expose(), place).map_err(|_| strange())?;
    match found {
        None => Err(Why::Failed(Failure::gone())),
        Some(found) if found.kind() == gjson::Kind::Null => Err(Why::Failed(Failure::gone())),
        Some(found) if found.raw().first() != Some(&b'{') => Err(strange()),
        Some(found) => gjson::marshal(found.raw(), Numbers::Kept).map(Sealed::new).map_err(|_| strange()),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Kv {
    fn name(&self) -> &'static str {
        self.vault.flavor.name
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    /// A version can be deleted, but never be another; version 0 is the latest.
    fn is_immutable(&self, key: &RemoteKey) -> bool {
        let version = key.version.as_deref().unwrap_or_default();
        key.part == Part::Value
            && self.engine.version == KvVersion::V2
            && is_version(version)
            && version.bytes().any(|byte| byte != b'0')
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        stream::iter(keys.iter().map(|key| self.read_one(key)).collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }
}

/// The names of a listing.
fn names(answer: &Answer) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Listing {
        data: Names,
    }
    #[derive(serde::Deserialize)]
    struct Names {
        keys: Vec<String>,
    }
    serde_json::from_slice(answer.body.expose()).ok().map(|listing: Listing| listing.data.keys)
}

impl Detect for Kv {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Close for Kv {
    async fn close(&self) {
        self.tokens.close().await;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Kv {
    /// Signs in, or looks a given token up; what the token may read is seen at the first read.
    async fn validate(&self) -> Result<Validity, Error> {
        self.tokens.prove().await.map(|()| Validity::Valid)
    }

    /// Keyferry writes no secrets yet.
    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
