//! `SecretStore` and `ClusterSecretStore`: where remote secrets are read, and as whom.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::external_secret::Condition;
use super::provider::StoreProvider;
use super::schema;

/// A provider, how to sign in there, and who may use it.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "SecretStore",
    namespaced,
    status = "SecretStoreStatus",
    schema = "disabled"
)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["provider"]))]
pub struct SecretStoreSpec {
    /// The class of operator that serves this store. Empty, the default, means any; else only the one that runs with
    /// this `--controller-class`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Where secrets are read: exactly one of its fields.
    pub provider: StoreProvider,
    /// How ESO tries a failed call again. Kept, and without effect: Keyferry tries no call again by itself, but polls on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_settings: Option<RetrySettings>,
    /// How long until the store is validated again: seconds, or a Go duration such as `5m`. Default: the operator's
    /// `--store-requeue-interval`, which is 5m; so does 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::seconds_or_duration")]
    pub refresh_interval: Option<IntOrString>,
    /// Which namespaces may use a ClusterSecretStore: those that any of these admits, all where there are none. A
    /// SecretStore ignores them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    pub conditions: Vec<StoreCondition>,
}

/// A store that every namespace which its conditions admit may use.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ClusterSecretStore",
    status = "SecretStoreStatus",
    schema = "disabled"
)]
#[serde(transparent)]
pub struct ClusterSecretStoreSpec(pub SecretStoreSpec);

/// How ESO tries a failed call again; Keyferry repeats a failed pass instead, from a second later on, and polls on.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct RetrySettings {
    /// How often ESO tries a call. Without effect here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<i32>,
    /// How long ESO waits between tries, as a Go duration, for example `10s`. Without effect here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub retry_interval: Option<String>,
}

/// Namespaces that may use a ClusterSecretStore; one of its fields is enough.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreCondition {
    /// Namespaces with these labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub namespace_selector: Option<LabelSelector>,
    /// Namespaces with these names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::namespace_names")]
    pub namespaces: Vec<String>,
    /// Namespaces whose names match one of these regular expressions in any part; write `^team-a$` for the whole name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::regular_expressions")]
    pub namespace_regexes: Vec<String>,
}

/// Whether the store could be used.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretStoreStatus {
    /// What is true of the store. `Ready` is `True` when its credentials were accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What the provider can do: `ReadOnly`, `WriteOnly` or `ReadWrite`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<String>,
}
