//! `SecretStore` and `ClusterSecretStore`: where remote secrets are read, and as whom.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::external_secret::Condition;
use super::provider::StoreProvider;

/// A store that the ExternalSecrets of its namespace may use.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(group = "external-secrets.io", version = "v1", kind = "SecretStore", namespaced, status = "SecretStoreStatus")]
#[serde(rename_all = "camelCase", default)]
pub struct SecretStoreSpec {
    pub controller: Option<String>,
    pub provider: StoreProvider,
    pub retry_settings: Option<RetrySettings>,
    pub refresh_interval: Option<IntOrString>,
    pub conditions: Vec<StoreCondition>,
}

/// A store that every namespace which its conditions admit may use.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(group = "external-secrets.io", version = "v1", kind = "ClusterSecretStore", status = "SecretStoreStatus")]
#[serde(transparent)]
pub struct ClusterSecretStoreSpec(pub SecretStoreSpec);

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct RetrySettings {
    pub max_retries: Option<i32>,
    pub retry_interval: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreCondition {
    pub namespace_selector: Option<LabelSelector>,
    pub namespaces: Vec<String>,
    pub namespace_regexes: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretStoreStatus {
    pub conditions: Vec<Condition>,
    pub capabilities: Option<String>,
}
