//! Changes of the keys that `dataFrom` read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::schema::exactly_one;

/// One change of keys: exactly one of its fields.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [exactly_one(&["merge", "regexp", "transform"], "a step of rewrite needs exactly one of merge, regexp and transform")]))]
pub struct Rewrite {
    /// Takes the fields of all values, which are JSON objects, together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<RewriteMerge>,
    /// Replaces in every key what a regular expression matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regexp: Option<RewriteRegexp>,
    /// Makes every key anew by a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<RewriteTransform>,
}

/// How the fields of many values are taken together.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RewriteMerge {
    /// The key that holds the result with `strategy: JSON`, which needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = ""))]
    pub into: Option<String>,
    /// Keys that are merged last, in this order, so that they win.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub priority: Vec<String>,
    /// What happens when a key of `priority` was not read. Default: `Strict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "Strict"))]
    pub priority_policy: Option<PriorityPolicy>,
    /// What happens when two values have the same field. Default: `Error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "Error"))]
    pub conflict_policy: Option<ConflictPolicy>,
    /// `Extract`, the default: every field becomes a key. `JSON`: one key, `into`, holds them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "Extract"))]
    pub strategy: Option<MergeStrategy>,
}

/// What happens when a key of `priority` was not read.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum PriorityPolicy {
    /// It is left out.
    IgnoreNotFound,
    /// The sync fails.
    #[default]
    Strict,
}

/// What happens when two values have the same field.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// The later value's wins.
    Ignore,
    /// The sync fails.
    #[default]
    Error,
}

/// What becomes of the merged fields.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum MergeStrategy {
    /// Keys.
    #[default]
    Extract,
    /// One JSON object.
    JSON,
}

/// What is replaced in keys.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["source", "target"]))]
pub struct RewriteRegexp {
    /// A regular expression in RE2 syntax, for example `^prod-(.*)$`.
    pub source: String,
    /// What stands in place of a match, for example `$1`.
    pub target: String,
}

/// How keys are made anew.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["template"]))]
pub struct RewriteTransform {
    /// A template of the new key; `.value` is the old one. Example: `{{ .value | upper }}`.
    pub template: String,
}
