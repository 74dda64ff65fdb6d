//! Reading Secrets: one a request. There is no call that reads several by their names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, stream};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::client::{Ask, Cluster};
use super::error::{Failure, Why};
use super::review::Right;
use crate::provider::http::Answer;
use crate::provider::{Batch, Capabilities, Close, Detect, Error, Kind, Part, Read, RemoteKey, Validate, Validity};
use crate::sealed::Sealed;

/// How many reads of one call of ours are under way at once.
const ABREAST: usize = 4;
/// What Kubernetes calls them in paths and rules.
pub(super) const SECRETS: &str = "secrets";
/// The longest name that an object can have.
const LONGEST_NAME: usize = 253;

/// A session with one principal in one namespace.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) cluster: Cluster,
    namespace: String,
}

/// What of a Secret is read.
#[derive(Deserialize)]
pub(super) struct Secret<'a> {
    /// Items of a list have none.
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) data: Option<BTreeMap<String, Encoded>>,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    #[serde(default)]
    pub(super) labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// A value of a Secret's data, decoded on its way in.
pub(super) struct Encoded(pub(super) Sealed);

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Decoder;
        impl Visitor<'_> for Decoder {
            type Value = Encoded;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("base64")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Encoded, E> {
                let decoded = STANDARD.decode(text).map_err(|_| E::custom("no base64"))?;
                Ok(Encoded(Sealed::new(decoded)))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Encoded, E> {
                Ok(Encoded(Sealed::default()))
            }
        }
        deserializer.deserialize_any(Decoder)
    }
}

impl Secrets {
    pub(super) fn new(cluster: Cluster, namespace: &str) -> Self {
        Self { cluster, namespace: namespace.to_owned() }
    }

    /// The path of the namespace's Secrets.
    pub(super) fn path(&self) -> Vec<String> {
        ["api", "v1", "namespaces", &self.namespace, SECRETS].map(str::to_owned).to_vec()
    }

    pub(super) fn right<'a>(&'a self, verb: &'a str) -> Right<'a> {
        Right::new(verb, "", SECRETS, Some(&self.namespace))
    }

    async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let answer = match key.part {
            Part::Value => self.get(&key.key).await.and_then(|answer| Ok(value(&answer)?)),
            Part::Metadata => self.get(&key.key).await.and_then(|answer| Ok(about(&answer)?)),
        };
        answer.map_err(|why| why.at(self.cluster.flavor.name, reading(key)))
    }

    async fn get(&self, name: &str) -> Result<Answer, Why> {
        if !is_name(name) {
            return Err(Failure::new(Kind::Invalid, "the key can be no name of a Secret").into());
        }
        let mut path = self.path();
        path.push(name.to_owned());
        match self.cluster.ask(&Ask::get("GetSecret", &path, self.right("get"))).await {
            Ok(answer) => Ok(answer),
            Err(why) => Err(self.cluster.judge(why, SECRETS, name, Some(&self.namespace)).await),
        }
    }
}

fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the metadata of {:?}", key.key),
    }
}

/// Whether a Secret could have this name.
fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let sound = |part: &str| {
        let ends = part.bytes().next().is_some_and(inner) && part.bytes().last().is_some_and(inner);
        ends && part.bytes().all(|byte| inner(byte) || byte == b'-')
    };
    name.len() <= LONGEST_NAME && name.split('.').all(sound)
}

/// Its data, name by name. How it becomes JSON or one of its values is for the one who selects.
fn value(answer: &Answer) -> Result<Sealed, Failure> {
    packed(secret(answer)?)
}

/// The data of a Secret as one value.
fn packed(secret: Secret<'_>) -> Result<Sealed, Failure> {
    let entries = secret.data.into_iter().flatten().map(|(name, value)| (name, value.0)).collect();
    Sealed::pack(&entries).ok_or_else(Failure::unreadable)
}

/// What is said about it, as ESO has it: annotations and labels, `null` where there are none.
fn about(answer: &Answer) -> Result<Sealed, Failure> {
    let Metadata { labels, annotations, .. } = secret(answer)?.metadata;
    let whole = [&b"{\"annotations\":"[..], &texts(annotations), b",\"labels\":", &texts(labels), b"}"].concat();
    Ok(Sealed::new(whole))
}

fn texts(texts: Option<BTreeMap<String, String>>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(texts.map_or_else(
        || b"null".to_vec(),
        |texts| gjson::object_of_texts(texts.iter().map(|(name, text)| (name.as_bytes(), text.as_bytes()))),
    ))
}

fn secret(answer: &Answer) -> Result<Secret<'_>, Failure> {
    let secret: Secret<'_> = serde_json::from_slice(answer.body.expose()).map_err(|_| Failure::unreadable())?;
    if secret.kind.as_deref() == Some("Secret") { Ok(secret) } else { Err(Failure::unreadable()) }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Secrets {
    fn name(&self) -> &'static str {
        self.cluster.flavor.name
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    /// Secrets have no versions; as in ESO, `version` says nothing.
    fn is_immutable(&self, _key: &RemoteKey) -> bool {
        false
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        stream::iter(keys.iter().map(|key| self.read_one(key)).collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }
}

impl Detect for Secrets {}

#[async_trait]
impl Close for Secrets {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Secrets {
    async fn validate(&self) -> Result<Validity, Error> {
        self.cluster.review(self.right("get")).await.map(|()| Validity::Valid)
    }

    /// Keyferry writes no secrets yet.
    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
