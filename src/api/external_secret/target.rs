//! The Secret that is written: its name, its policies, its template.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DecodingStrategy;
use crate::api::schema::{self, rule};

/// The object that is written, and what becomes of it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "!(has(self.deletionPolicy) && self.deletionPolicy == 'Delete' && has(self.creationPolicy) && self.creationPolicy in ['Merge', 'None', 'CreateOrMerge'])",
        "deletionPolicy Delete would delete a Secret that the ExternalSecret does not own: use creationPolicy Owner or deletionPolicy Retain",
    ),
    rule(
        "!(has(self.deletionPolicy) && self.deletionPolicy == 'Merge' && has(self.creationPolicy) && self.creationPolicy == 'None')",
        "deletionPolicy Merge has no Secret to take keys out of with creationPolicy None: use another creationPolicy or deletionPolicy Retain",
    ),
    rule(
        "has(self.manifest) || !has(self.template) || !has(self.template.templateFrom) || self.template.templateFrom.all(source, !has(source.target) || source.target.lowerAscii() in ['', 'data', 'annotations', 'labels'])",
        "templateFrom.target of a Secret is Data, Annotations or Labels; other paths need target.manifest",
    ),
]))]
pub struct Target {
    /// The Secret's name. Default: the ExternalSecret's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub name: Option<String>,
    /// Who makes the Secret, and whose it is. Default: `Owner`.
    ///
    /// `Owner` makes it and ties its life to the ExternalSecret. `Orphan` makes it and leaves it behind. `Merge` only
    /// adds keys to a Secret that is there. `CreateOrMerge` adds keys and makes the Secret where it is missing. `None`
    /// writes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "Owner"))]
    pub creation_policy: Option<CreationPolicy>,
    /// What happens when all remote secrets are gone. Default: `Retain`.
    ///
    /// `Retain` keeps the Secret and reports the missing one. `Delete` deletes the Secret. `Merge` takes the missing
    /// keys out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "Retain"))]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Whether the Secret is written once and marked immutable. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Another kind of object to write in place of a Secret. It works only where the operator runs with
    /// `--unsafe-allow-generic-targets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// What the Secret looks like, in Go templates. Without it, the remote values are its data, and the ExternalSecret's
    /// labels and annotations are its own.
    ///
    /// `{{ .key }}` is the remote value of a key, `{{ index . "a-b" }}` that of one that is no word; one that does not
    /// exist is an error. All functions of sprig are there but those that leave the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
}

impl Target {
    /// Whether nothing is set, so that it need not be written down.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

/// Who makes the Secret, and whose it is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum CreationPolicy {
    /// Made, and deleted with the ExternalSecret.
    #[default]
    Owner,
    /// Made, and left behind.
    Orphan,
    /// Only keys are added, to a Secret that is there.
    Merge,
    /// Nothing is written.
    None,
    /// Keys are added; the Secret is made where it is missing.
    CreateOrMerge,
}

/// What happens when all remote secrets are gone.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// The Secret is deleted.
    Delete,
    /// The missing keys are taken out.
    Merge,
    /// The Secret stays as it is.
    #[default]
    Retain,
}

/// The kind of object that is written in place of a Secret.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Its API version, for example `v1` or `argoproj.io/v1alpha1`.
    #[schemars(schema_with = "schema::text")]
    pub api_version: String,
    /// Its kind, for example `ConfigMap`.
    #[schemars(schema_with = "schema::text")]
    pub kind: String,
}

/// What the Secret looks like.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct Template {
    /// The Secret's type, for example `kubernetes.io/tls`. Default: `Opaque`.
    ///
    /// Types that give rights in the cluster (ServiceAccount tokens, bootstrap tokens, Helm releases) are refused.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), extend("x-kubernetes-validations" = [rule(
        "!(self in ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token', 'helm.sh/release.v1'])",
        "template.type may not be kubernetes.io/service-account-token, bootstrap.kubernetes.io/token or helm.sh/release.v1: such Secrets give rights in the cluster",
    )]))]
    pub type_: Option<String>,
    /// The template engine. Only `v2` exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "v2", "enum" = ["v2"]))]
    pub engine_version: Option<String>,
    /// Labels, annotations and finalizers of the Secret, in place of the ExternalSecret's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadata>,
    /// `Replace`, the default, keeps only what the template makes. `Merge` keeps the remote values beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "Replace"))]
    pub merge_policy: Option<MergePolicy>,
    /// Keys of the Secret and the templates of their values, for example
    /// `url: "postgres://{{ .user }}:{{ .password }}@db"`. They win over `templateFrom`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// Templates that are kept elsewhere. Later ones win. A change of a source is taken over without a call to the
    /// provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5000))]
    pub template_from: Vec<TemplateFrom>,
}

/// Labels, annotations and finalizers of the Secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateMetadata {
    /// Annotations; their values are templates.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Labels; their values are templates.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Finalizers that are added to the Secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

/// Whether remote values stay beside what a template makes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum MergePolicy {
    /// They do not.
    #[default]
    Replace,
    /// They do.
    Merge,
}

/// A template that is kept in a ConfigMap or a Secret, or written here.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateFrom {
    /// A ConfigMap of the ExternalSecret's namespace that holds templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<TemplateSource>,
    /// A Secret of the ExternalSecret's namespace that holds templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<TemplateSource>,
    /// A template whose result is a YAML map of keys to texts. `{{ .key | toJson }}` makes any text safe to stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub literal: Option<String>,
    /// Where the result goes: `Data`, the default, `Annotations` or `Labels`; with `target.manifest`, a path of its
    /// fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096), extend("x-default" = "Data"))]
    pub target: Option<String>,
    /// How the values that the template made are decoded, for data that is not text. Default: `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_decoding_strategy: Option<DecodingStrategy>,
}

/// Keys of a ConfigMap or a Secret that hold templates.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name", "items"]))]
pub struct TemplateSource {
    /// The ConfigMap's or the Secret's name.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The keys that are templates.
    pub items: Vec<TemplateItem>,
}

/// One key of a ConfigMap or a Secret that holds a template.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["key"]))]
pub struct TemplateItem {
    /// The key in the ConfigMap or the Secret.
    #[schemars(schema_with = "schema::data_key")]
    pub key: String,
    /// `Values`, the default: the result is the value of the key of this name. `KeysAndValues`: the result is a YAML
    /// map of keys to values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "Values"))]
    pub template_as: Option<TemplateScope>,
}

/// What the result of a template is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum TemplateScope {
    /// One value.
    #[default]
    Values,
    /// A YAML map of keys to values.
    KeysAndValues,
}
