//! What KMS says about a secret, as `metadataPolicy: Fetch` shows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::sealed::Sealed;

/// `DescribeSecret`'s answer, as far as it is shown.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    arn: Option<String>,
    description: Option<String>,
    secret_type: Option<String>,
    extended_config: Option<String>,
    tags: Option<Tags>,
}

/// Tags, as listings have them too.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tags {
    #[serde(rename = "Tag", default)]
    all: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    #[serde(rename = "TagKey")]
    key: String,
    #[serde(rename = "TagValue", default)]
    value: String,
}

impl Tags {
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))
    }
}

/// What is shown. There are no dates in it: KMS changes some by itself, and each change would be another value.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    arn: &'a str,
    description: &'a str,
    /// The configuration as an object; nothing for a secret that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_config: Option<&'a RawValue>,
    tags: BTreeMap<&'a str, &'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
}

/// The object, in bytes that are the same for the same secret.
pub(super) fn read(body: &Sealed) -> Option<Sealed> {
    let said: Described = serde_json::from_slice(body.expose()).ok()?;
    let config = said.extended_config.as_deref().filter(|text| !text.trim().is_empty());
    let config = config.map(serde_json::from_str::<&RawValue>).transpose().ok()?;
    let tags = said.tags.unwrap_or_default();
    let shown = Shown {
        arn: said.arn.as_deref()?,
        description: said.description.as_deref().unwrap_or_default(),
        extended_config: config,
        tags: tags.pairs().collect(),
        kind: said.secret_type.as_deref().unwrap_or_default(),
    };
    serde_json::to_vec(&shown).ok().map(Sealed::new)
}
