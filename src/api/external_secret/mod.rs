//! `ExternalSecret`: which remote secrets become which target Secret.

mod remote;
mod rewrite;
mod status;
mod target;

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::{self, count, rule};

pub use remote::{
    ConversionStrategy, DecodingStrategy, MetadataPolicy, NullBytePolicy, Part, Query, Remote, RemoteKey, RemoteRef,
};
pub use rewrite::{
    ConflictPolicy, MergeStrategy, PriorityPolicy, Rewrite, RewriteMerge, RewriteRegexp, RewriteTransform,
};
pub use status::{Binding, Condition, ExternalSecretStatus};
pub use target::{
    CreationPolicy, DeletionPolicy, Manifest, MergePolicy, Target, Template, TemplateFrom, TemplateItem,
    TemplateMetadata, TemplateScope, TemplateSource,
};

/// What to read, from which stores, how often, and which Secret to write.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ExternalSecret",
    namespaced,
    status = "ExternalSecretStatus",
    schema = "disabled"
)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "(has(self.data) && size(self.data) > 0) || (has(self.dataFrom) && size(self.dataFrom) > 0)",
        "either data or dataFrom must have an entry: name at least one remote secret",
    ),
    rule(
        "!has(self.data) || (has(self.target) && has(self.target.deletionPolicy) && self.target.deletionPolicy != 'Retain') || [self.data.map(entry, entry.secretKey)].all(keys, size(keys) > 300 || size(keys) * size(keys.join('')) > 1500000 || keys.all(key, keys.indexOf(key) == keys.lastIndexOf(key)))",
        "data names one secretKey twice: give every entry a secretKey of its own",
    ),
]))]
pub struct ExternalSecretSpec {
    /// The store that `data` and `dataFrom` read from. An entry's own `sourceRef.storeRef` goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_store_ref: Option<StoreRef>,
    /// When remote secrets are read again.
    ///
    /// `Periodic`, the default, reads at every `refreshInterval`. `OnChange` reads when this object's spec, labels or
    /// annotations change. `CreatedOnce` reads until the Secret is there, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_policy: Option<RefreshPolicy>,
    /// How long until remote secrets are read again, as a Go duration, for example `10s`, `5m` or `1h30m`.
    ///
    /// `0` reads once. Where it is absent the operator's `--default-refresh-interval` holds, which is 10s; nothing is
    /// written into the object for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub refresh_interval: Option<String>,
    /// Hours in which due refreshes may, or may not, run. A change of this object, a first sync and the repair of a
    /// changed Secret never wait for a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_windows: Option<SyncWindows>,
    /// The Secret that is written, and what becomes of it.
    #[serde(skip_serializing_if = "Target::is_unset")]
    #[schemars(extend("x-default" = {"creationPolicy": "Owner", "deletionPolicy": "Retain"}))]
    pub target: Target,
    /// Single values: which key of the Secret holds which remote value. They win over `dataFrom`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5000))]
    pub data: Vec<DataEntry>,
    /// Whole remote secrets, searches and generators, whose keys become keys of the Secret. Later entries win.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub data_from: Vec<DataFrom>,
}

/// A SecretStore of the same namespace, or a ClusterSecretStore.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreRef {
    /// The store's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The store's kind: `SecretStore`, the default, or `ClusterSecretStore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<StoreKind>,
}

/// Which kind of store a reference names.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoreKind {
    /// A store of the ExternalSecret's own namespace.
    #[default]
    SecretStore,
    /// A store of the cluster, for the namespaces that its conditions admit.
    ClusterSecretStore,
}

/// When remote secrets are read again.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum RefreshPolicy {
    /// Once, and never again.
    CreatedOnce,
    /// At every interval.
    #[default]
    Periodic,
    /// When the object changes.
    OnChange,
}

/// Hours in which due refreshes may, or may not, run.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindows {
    /// `allow`: due refreshes run while a window is open. `deny`: they run while none is.
    pub kind: WindowKind,
    /// The windows, in UTC.
    #[schemars(length(min = 1, max = 1000))]
    pub windows: Vec<SyncWindow>,
}

/// What an open window means.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// Refreshes run in it.
    Allow,
    /// Refreshes wait for its end.
    Deny,
}

/// One window of time that comes again.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindow {
    /// When the window opens, in UTC: five cron fields (`0 22 * * 1-5`) or a descriptor (`@daily`, `@every 6h`).
    #[schemars(schema_with = "schema::cron_schedule")]
    pub schedule: String,
    /// How long it stays open, as a Go duration, for example `8h`.
    #[schemars(schema_with = "schema::duration")]
    pub duration: String,
}

/// One key of the Secret and the remote value that it holds.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["secretKey", "remoteRef"]))]
pub struct DataEntry {
    /// The key in the Secret, for example `password`.
    #[schemars(schema_with = "schema::data_key")]
    pub secret_key: String,
    /// The remote value.
    pub remote_ref: RemoteRef,
    /// Where this entry alone is read from, in place of `secretStoreRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [exactly_one_source()]))]
    pub source_ref: Option<SourceRef>,
}

/// Where values come from: exactly one of its fields.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceRef {
    /// A store, in place of `secretStoreRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_ref: Option<StoreRef>,
    /// A generator, which makes values up. `data` entries do not serve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_ref: Option<GeneratorRef>,
}

/// A generator of the same namespace, or a `ClusterGenerator`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["kind", "name"]))]
pub struct GeneratorRef {
    /// The generator's API version. Default: `generators.external-secrets.io/v1alpha1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "generators.external-secrets.io/v1alpha1"))]
    pub api_version: Option<String>,
    /// The generator's kind, for example `Password`.
    #[schemars(extend("enum" = [
        "ACRAccessToken", "BeyondtrustWorkloadCredentialsDynamicSecret", "ClusterGenerator", "CloudsmithAccessToken",
        "ECRAuthorizationToken", "Fake", "GCRAccessToken", "GithubAccessToken", "GitlabDeployToken", "Grafana", "MFA",
        "Password", "QuayAccessToken", "SSHKey", "STSSessionToken", "UUID", "VaultDynamicSecret", "Webhook",
    ]))]
    pub kind: String,
    /// The generator's name.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
}

/// One source of many keys: `extract`, `find` or a generator.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        &format!("{} + (has(self.sourceRef) && has(self.sourceRef.generatorRef) ? 1 : 0) < 2", count(&["extract", "find"])),
        "extract, find and sourceRef.generatorRef exclude each other: write an entry of dataFrom for each",
    ),
    rule(
        "has(self.extract) || has(self.find) || has(self.sourceRef)",
        "an entry of dataFrom needs extract, find or sourceRef",
    ),
]))]
pub struct DataFrom {
    /// Reads one remote secret whose value is a JSON object; its fields become keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extract: Option<RemoteRef>,
    /// Searches for remote secrets; each one found becomes a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<Find>,
    /// Changes the names of the keys that were read, step by step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub rewrite: Vec<Rewrite>,
    /// Where this entry alone is read from, in place of `secretStoreRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [exactly_one_source()]))]
    pub source_ref: Option<SourceRef>,
}

/// Which remote secrets are looked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Find {
    /// Where the search begins, for example `/team-a/`. Not every provider has paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What the names must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<FindName>,
    /// Tags or labels that a remote secret must have, with these values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How characters that a Secret's key cannot hold are replaced. Default: `Default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,
    /// How values are decoded. Default: `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,
    /// What becomes of values with a NUL byte. Default: `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

impl Find {
    /// What the provider is asked for. An empty text is as good as none.
    pub fn query(&self) -> Query {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = self.name.as_ref().and_then(|name| filled(&name.regexp));
        Query { path: filled(&self.path), name, tags: self.tags.clone() }
    }
}

/// What the names of remote secrets must match.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FindName {
    /// A regular expression in RE2 syntax; it may match any part of the name. Example: `^db-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
}

/// Both places of a `sourceRef` hold this.
fn exactly_one_source() -> serde_json::Value {
    rule("has(self.storeRef) != has(self.generatorRef)", "sourceRef needs exactly one of storeRef and generatorRef")
}
