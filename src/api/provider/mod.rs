//! What each provider needs to know, one file per provider.

pub mod aws;
pub mod fake;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use aws::AwsProvider;
pub use fake::FakeProvider;

/// Exactly one provider and its settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreProvider {
    pub aws: Option<AwsProvider>,
    pub fake: Option<FakeProvider>,
}

/// The one provider that a store names.
#[derive(Clone, Copy, Debug)]
pub enum Chosen<'a> {
    /// `spec.provider.aws`
    Aws(&'a AwsProvider),
    /// `spec.provider.fake`
    Fake(&'a FakeProvider),
    /// A slot of the API that this operator keeps but does not serve; its JSON name.
    Unsupported(&'a str),
    /// No slot is set.
    Missing,
}

impl StoreProvider {
    /// Which provider is set; the first one where admission was bypassed and several are.
    pub fn chosen(&self) -> Chosen<'_> {
        if let Some(aws) = &self.aws {
            return Chosen::Aws(aws);
        }
        self.fake.as_ref().map_or(Chosen::Missing, Chosen::Fake)
    }
}

/// One key of a Secret that holds a credential.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretKeySelector {
    pub name: String,
    pub namespace: Option<String>,
    pub key: Option<String>,
}

/// A ServiceAccount whose token is requested.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccountSelector {
    pub name: String,
    pub namespace: Option<String>,
    pub audiences: Vec<String>,
}
