//! `spec.provider.fake`

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::schema;

/// Values that are written in the store itself, for tests and demonstrations.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["data"]))]
pub struct FakeProvider {
    /// The remote secrets that this store has.
    pub data: Vec<FakeData>,
    /// What a validation of this store answers: 0 ready, 1 unknown, 2 an error. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::integer")]
    pub validation_result: Option<i32>,
}

/// One remote secret that is none.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["key", "value"]))]
pub struct FakeData {
    /// Its remote key.
    pub key: String,
    /// Its value. Whoever may read the store can read it.
    pub value: String,
    /// Its version, where a `remoteRef` names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl fmt::Debug for FakeData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = format_args!("({} bytes)", self.value.len());
        let mut shown = formatter.debug_struct("FakeData");
        shown.field("key", &self.key).field("value", &value).field("version", &self.version).finish()
    }
}
