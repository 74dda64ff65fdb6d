//! Reading secrets: one version a request, whole. There is no call that reads several.

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::NAME;
use super::client::{Api, Ask};
use super::crc32c::crc32c;
use super::error::{Failure, Hint, Purpose};
use super::name::{LATEST, Name, Place};
use super::token::Tokens;
use crate::provider::find::Turns;
use crate::provider::http::Answer;
use crate::provider::limit::{Limits, Pace};
use crate::provider::{Batch, Capabilities, Close, Detect, Error, Kind, Part, Read, RemoteKey, Validate, Validity};
use crate::sealed::Sealed;

/// How many reads of one call of ours are under way at once.
const ABREAST: usize = 4;
/// How many listings and reads of metadata one session makes a second: half of a project's 600 a minute.
const READS_PER_SECOND: u32 = 5;
/// For how long it is believed which version is the newest that is enabled, while the latest one is not.
const BELIEF: Duration = Duration::from_mins(5);
/// The most secrets of which that is remembered.
const MOST_REMEMBERED: usize = 10_000;
/// The most pages of one secret's versions that are looked through.
const MOST_PAGES: usize = 10;

/// What a store says of reading.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Whether the newest enabled version stands in for a latest one that is disabled or destroyed.
    pub(super) fetch: bool,
    /// The longest wait for a turn to read metadata.
    pub(super) patience: Duration,
}

/// A session with one principal in one project.
#[derive(Debug)]
pub(super) struct SecretManager {
    api: Api,
    tokens: Tokens,
    pub(super) place: Place,
    fetch: bool,
    reads: Pace,
    enabled: Mutex<HashMap<String, Enabled>>,
}

/// Which version of a secret was the newest that is enabled, and when that was.
#[derive(Clone, Debug)]
struct Enabled {
    version: String,
    listed: Instant,
}

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Why {
    /// The read failed.
    Failed(Failure),
    /// What it takes to read could not be had.
    Told(Error),
}

impl From<Failure> for Why {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Why {
    pub(super) fn at(self, doing: String) -> Error {
        match self {
            Self::Failed(failure) => failure.at(NAME, doing),
            Self::Told(error) => error,
        }
    }
}

/// The answer of an access.
#[derive(Deserialize)]
struct Accessed<'a> {
    #[serde(borrow)]
    payload: Payload<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    /// Base64; left out where it is empty, as protobuf's JSON does.
    #[serde(borrow, default)]
    data: Cow<'a, str>,
    #[serde(borrow, default)]
    data_crc32c: Option<Cow<'a, str>>,
}

/// What people wrote about a secret; written as Go's maps are, keys sorted.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct About {
    pub(super) annotations: Option<std::collections::BTreeMap<String, String>>,
    pub(super) labels: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    #[serde(default)]
    versions: Vec<Version>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct Version {
    name: String,
}

impl Version {
    fn number(&self) -> Option<u64> {
        self.name.rsplit('/').next()?.parse().ok()
    }
}

impl SecretManager {
    pub(super) fn new(api: Api, tokens: Tokens, place: Place, rules: Rules) -> Self {
        let rate = NonZeroU32::MIN.saturating_add(READS_PER_SECOND - 1);
        let limits = Limits { per_second: rate, burst: rate.saturating_mul(rate), concurrency: 1 };
        let reads = Pace::new(limits, rules.patience);
        Self { api, tokens, place, fetch: rules.fetch, reads, enabled: Mutex::default() }
    }

    pub(super) async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let answer = match key.part {
            Part::Value => self.value(key).await,
            Part::Metadata => self.metadata(key).await,
        };
        answer.map_err(|why| why.at(reading(key)))
    }

    async fn value(&self, key: &RemoteKey) -> Result<Sealed, Why> {
        let name = Name::parse(key)?;
        let path = self.place.secret(&name).await?;
        match self.access(&path, name.version.unwrap_or(LATEST)).await {
            Err(Why::Failed(failure)) if failure.hint == Hint::Asleep && self.fetch && name.version.is_none() => {
                self.newest_enabled(&path, name.secret, failure).await
            }
            answer => answer,
        }
    }

    async fn access(&self, secret: &[String], version: &str) -> Result<Sealed, Why> {
        let path = [secret, &["versions".to_owned(), format!("{version}:access")]].concat();
        payload(&self.get("AccessSecretVersion", &path, &[]).await?).map_err(Why::Failed)
    }

    /// The value of the newest version that is enabled. Which one that is costs a listing, and few of them are allowed, so
    /// it is remembered for a while.
    async fn newest_enabled(&self, path: &[String], secret: &str, asleep: Failure) -> Result<Sealed, Why> {
        let known = self.remembered().get(secret).filter(|known| known.listed.elapsed() < BELIEF).cloned();
        if let Some(known) = known {
            match self.access(path, &known.version).await {
                Err(Why::Failed(Failure { hint: Hint::Asleep, .. } | Failure { kind: Kind::NotFound, .. })) => {}
                answer => return answer,
            }
        }
        let newest = self.list_enabled(path).await?;
        let Some(version) = newest.map(|number| number.to_string()) else { return Err(asleep.into()) };
        {
            let mut remembered = self.remembered();
            if remembered.len() >= MOST_REMEMBERED {
                remembered.clear();
            }
            let enabled = Enabled { version: version.clone(), listed: Instant::now() };
            remembered.insert(secret.to_owned(), enabled);
        }
        self.access(path, &version).await
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<String, Enabled>> {
        self.enabled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The greatest number of a version that is enabled. Google lists the newest first, which need not be believed.
    async fn list_enabled(&self, secret: &[String]) -> Result<Option<u64>, Why> {
        let path = [secret, &["versions".to_owned()]].concat();
        let (mut newest, mut token) = (None, String::new());
        for _ in 0..MOST_PAGES {
            self.turn().await?;
            let query = [("filter", "state:ENABLED"), ("pageSize", "250"), ("pageToken", token.as_str())];
            let query = if token.is_empty() { &query[..2] } else { &query };
            let answer = self.get("ListSecretVersions", &path, query).await?;
            let page: Versions = parse(&answer)?;
            newest = page.versions.iter().filter_map(Version::number).chain(newest).max();
            if page.next_page_token.is_empty() {
                return Ok(newest);
            }
            token = page.next_page_token;
        }
        let cause = "the secret has too many versions to look through; name one, or destroy old ones";
        Err(Failure::new(Kind::Invalid, cause).into())
    }

    /// Annotations and labels, as one JSON object.
    async fn metadata(&self, key: &RemoteKey) -> Result<Sealed, Why> {
        let name = Name::parse(key)?;
        let path = self.place.secret(&name).await?;
        self.turn().await?;
        let about: About = parse(&self.get("GetSecret", &path, &[]).await?)?;
        let text = serde_json::to_vec(&about).map_err(|_| Failure::unreadable())?;
        gjson::marshal(&text, gjson::Numbers::Kept).map(Sealed::new).map_err(|_| Failure::unreadable().into())
    }

    /// Waits for a turn to make one of the calls of which a project has few.
    async fn turn(&self) -> Result<(), Failure> {
        self.reads.turn().await.map_err(|(kind, _)| {
            let cause = "more metadata and versions are asked for than Google's quota of reads allows; give these \
                         references a longer refreshInterval";
            Failure::new(kind, cause)
        })
    }

    /// One call; a second one with another token where the first was bad.
    pub(super) async fn get(&self, name: &'static str, path: &[String], query: &[(&str, &str)]) -> Result<Answer, Why> {
        let mut again = true;
        loop {
            let shown = self.tokens.current().await.map_err(Why::Told)?;
            let ask = Ask { name, path, query, headers: shown.headers(), body: None, purpose: Purpose::Use };
            match self.api.ask(ask).await {
                Err(failure) if failure.hint == Hint::Token && again => {
                    self.tokens.replace(&shown).await.map_err(Why::Told)?;
                    again = false;
                }
                answer => return answer.map_err(Why::Failed),
            }
        }
    }
}

/// An answer of success, read.
pub(super) fn parse<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Failure> {
    serde_json::from_slice(answer.body.expose()).map_err(|_| Failure::unreadable())
}

/// The payload of an access, if it is what its checksum says.
fn payload(answer: &Answer) -> Result<Sealed, Failure> {
    let Accessed { payload } = parse(answer)?;
    let bytes = STANDARD.decode(payload.data.as_bytes()).map(Sealed::new).map_err(|_| Failure::unreadable())?;
    // Versions have one since 2021; of older ones, and of emulators, nothing can be checked.
    match payload.data_crc32c {
        Some(sum) if sum.parse() != Ok(crc32c(bytes.expose())) => Err(Failure::broken()),
        _ => Ok(bytes),
    }
}

fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the metadata of {:?}", key.key),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for SecretManager {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    /// A numbered version can be disabled or destroyed, but never be another; aliases move.
    fn is_immutable(&self, key: &RemoteKey) -> bool {
        key.part == Part::Value && Name::parse(key).is_ok_and(|name| name.is_numbered())
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        stream::iter(keys.iter().map(|key| self.read_one(key)).collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }
}

/// A listing of secrets says nothing of their versions.
impl Detect for SecretManager {}

/// A token cannot be given back; it ends within the hour.
#[async_trait]
impl Close for SecretManager {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for SecretManager {
    /// Signs in; what the principal may read is seen at the first read.
    async fn validate(&self) -> Result<Validity, Error> {
        let doing = || "validate the store".to_owned();
        self.place.project().await.map_err(|failure| failure.at(NAME, doing()))?;
        self.tokens.current().await.map(|_| Validity::Valid)
    }

    /// Keyferry writes no secrets yet.
    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
