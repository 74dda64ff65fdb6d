//! `ExternalSecret`: which remote secrets become which target Secret.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names remote secrets and the Secret that they become.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ExternalSecret",
    namespaced,
    status = "ExternalSecretStatus"
)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalSecretSpec {
    pub secret_store_ref: Option<StoreRef>,
    pub refresh_policy: Option<RefreshPolicy>,
    pub refresh_interval: Option<String>,
    pub sync_windows: Option<SyncWindows>,
    pub target: Target,
    pub data: Vec<DataEntry>,
    pub data_from: Vec<DataFrom>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreRef {
    pub name: String,
    pub kind: Option<StoreKind>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoreKind {
    #[default]
    SecretStore,
    ClusterSecretStore,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum RefreshPolicy {
    CreatedOnce,
    #[default]
    Periodic,
    OnChange,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindows {
    pub kind: WindowKind,
    pub windows: Vec<SyncWindow>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    Allow,
    Deny,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindow {
    pub schedule: String,
    pub duration: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Target {
    pub name: Option<String>,
    pub creation_policy: Option<CreationPolicy>,
    pub deletion_policy: Option<DeletionPolicy>,
    pub immutable: Option<bool>,
    pub manifest: Option<Manifest>,
    pub template: Option<Template>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum CreationPolicy {
    #[default]
    Owner,
    Orphan,
    Merge,
    None,
    CreateOrMerge,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum DeletionPolicy {
    Delete,
    Merge,
    #[default]
    Retain,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub api_version: String,
    pub kind: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Template {
    #[serde(rename = "type")]
    pub type_: Option<String>,
    pub engine_version: Option<String>,
    pub metadata: Option<TemplateMetadata>,
    pub merge_policy: Option<MergePolicy>,
    pub data: BTreeMap<String, String>,
    pub template_from: Vec<TemplateFrom>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateMetadata {
    pub annotations: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
    pub finalizers: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum MergePolicy {
    #[default]
    Replace,
    Merge,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateFrom {
    pub config_map: Option<TemplateSource>,
    pub secret: Option<TemplateSource>,
    pub literal: Option<String>,
    pub target: Option<String>,
    pub values_decoding_strategy: Option<DecodingStrategy>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateSource {
    pub name: String,
    pub items: Vec<TemplateItem>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateItem {
    pub key: String,
    pub template_as: Option<TemplateScope>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum TemplateScope {
    #[default]
    Values,
    KeysAndValues,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DataEntry {
    pub secret_key: String,
    pub remote_ref: RemoteRef,
    pub source_ref: Option<SourceRef>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct RemoteRef {
    pub key: String,
    pub property: Option<String>,
    pub version: Option<String>,
    pub metadata_policy: Option<MetadataPolicy>,
    pub conversion_strategy: Option<ConversionStrategy>,
    pub decoding_strategy: Option<DecodingStrategy>,
    pub null_byte_policy: Option<NullBytePolicy>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum MetadataPolicy {
    #[default]
    None,
    Fetch,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum ConversionStrategy {
    #[default]
    Default,
    Unicode,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum DecodingStrategy {
    Auto,
    Base64,
    Base64URL,
    #[default]
    None,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum NullBytePolicy {
    #[default]
    Ignore,
    Fail,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceRef {
    pub store_ref: Option<StoreRef>,
    pub generator_ref: Option<GeneratorRef>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GeneratorRef {
    pub api_version: Option<String>,
    pub kind: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DataFrom {
    pub extract: Option<RemoteRef>,
    pub find: Option<Find>,
    pub rewrite: Vec<Rewrite>,
    pub source_ref: Option<SourceRef>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Find {
    pub path: Option<String>,
    pub name: Option<FindName>,
    pub tags: BTreeMap<String, String>,
    pub conversion_strategy: Option<ConversionStrategy>,
    pub decoding_strategy: Option<DecodingStrategy>,
    pub null_byte_policy: Option<NullBytePolicy>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FindName {
    pub regexp: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Rewrite {
    pub merge: Option<RewriteMerge>,
    pub regexp: Option<RewriteRegexp>,
    pub transform: Option<RewriteTransform>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RewriteMerge {
    pub into: Option<String>,
    pub priority: Vec<String>,
    pub priority_policy: Option<PriorityPolicy>,
    pub conflict_policy: Option<ConflictPolicy>,
    pub strategy: Option<MergeStrategy>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum PriorityPolicy {
    IgnoreNotFound,
    #[default]
    Strict,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum ConflictPolicy {
    Ignore,
    #[default]
    Error,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum MergeStrategy {
    #[default]
    Extract,
    JSON,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RewriteRegexp {
    pub source: String,
    pub target: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RewriteTransform {
    pub template: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalSecretStatus {
    pub refresh_time: Option<Time>,
    pub synced_resource_version: Option<String>,
    pub conditions: Vec<Condition>,
    pub binding: Option<Binding>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub type_: String,
    pub status: String,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub last_transition_time: Option<Time>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(default)]
pub struct Binding {
    pub name: String,
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
        RemoteKey { key: self.key.clone(), version: self.version.clone().filter(|v| !v.is_empty()), part }
    }
}
