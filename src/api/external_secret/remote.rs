//! Which value a provider is asked for, and what is done with its answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::schema;

/// One remote value.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["key"]))]
pub struct RemoteRef {
    /// The provider's name for the secret, for example `prod/db`.
    #[schemars(schema_with = "schema::text")]
    pub key: String,
    /// Which part of a JSON value is taken, as a gjson path, for example `user.password`. Default: the whole value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// Which version, stage or label is read. Default: the provider's latest.
    ///
    /// AWS Secrets Manager takes a stage (`AWSPREVIOUS`) or `uuid/` with a version's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `Fetch` reads the secret's tags or labels in place of its value. Default: `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_policy: Option<MetadataPolicy>,
    /// How characters that a Secret's key cannot hold are replaced in keys of `extract`. Default: `Default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,
    /// How the value is decoded. Default: `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,
    /// What becomes of a value with a NUL byte. Default: `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

/// Whether the value is read or what is said about it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum MetadataPolicy {
    /// The value.
    #[default]
    None,
    /// Tags or labels, as a JSON object.
    Fetch,
}

/// How characters that a Secret's key cannot hold are replaced.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum ConversionStrategy {
    /// By `_`.
    #[default]
    Default,
    /// By `_U` with the character's number in hexadecimal digits and `_`.
    Unicode,
}

/// How a value is decoded.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum DecodingStrategy {
    /// From base64 or base64url where it is one of them.
    Auto,
    /// From base64.
    Base64,
    /// From base64 in its alphabet for URLs.
    Base64URL,
    /// Not at all.
    #[default]
    None,
}

/// What becomes of a value with a NUL byte.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum NullBytePolicy {
    /// It is written as it is.
    #[default]
    Ignore,
    /// The sync fails and names the key.
    Fail,
}

/// What of a `remoteRef` decides which bytes a provider is asked for; everything else is done with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteKey {
    /// The provider's name for the secret, without the store's prefix.
    pub key: String,
    /// The provider's version, stage or label; its latest where absent.
    pub version: Option<String>,
    /// The secret itself, or what is said about it.
    pub part: Part,
    /// The property, where it is the provider that is asked for it ([`RemoteKey::with_property`]). Elsewhere none, since
    /// it is looked up in the answer and references that differ in nothing else are one.
    pub property: Option<String>,
}

impl RemoteKey {
    /// As it is, with the property as part of the question.
    #[must_use]
    pub fn with_property(self, property: Option<&str>) -> Self {
        Self { property: property.filter(|property| !property.is_empty()).map(str::to_owned), ..self }
    }
}

/// Which part of a remote secret is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The value.
    #[default]
    Value,
    /// Its tags or labels as a JSON object (`metadataPolicy: Fetch`).
    Metadata,
}

impl RemoteRef {
    /// The remote key that this reference reads.
    pub fn remote_key(&self) -> RemoteKey {
        let part = match self.metadata_policy.unwrap_or_default() {
            MetadataPolicy::None => Part::Value,
            MetadataPolicy::Fetch => Part::Metadata,
        };
        RemoteKey {
            key: self.key.clone(),
            version: self.version.clone().filter(|v| !v.is_empty()),
            part,
            property: None,
        }
    }
}

/// What of a `find` decides which secrets a provider is asked for. Equal queries are one, however many objects ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Query {
    /// Where the search begins, without the store's prefix.
    pub path: Option<String>,
    /// A regular expression in Go's syntax that the names match, anywhere.
    pub name: Option<String>,
    /// Tags or labels that a secret has, with these values.
    pub tags: BTreeMap<String, String>,
}

/// What is read in one piece: one secret, or all that a query finds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Remote {
    /// One secret; the answer is its value.
    Key(RemoteKey),
    /// All secrets that match; the answer is a map of names to values ([`Sealed::pack`](crate::sealed::Sealed::pack)).
    Query(Query),
}

impl From<RemoteKey> for Remote {
    fn from(key: RemoteKey) -> Self {
        Self::Key(key)
    }
}

impl From<Query> for Remote {
    fn from(query: Query) -> Self {
        Self::Query(query)
    }
}
