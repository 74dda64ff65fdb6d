//! `spec.provider.fake`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FakeProvider {
    pub data: Vec<FakeData>,
    pub validation_result: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FakeData {
    pub key: String,
    pub value: String,
    pub version: Option<String>,
}
