//! `spec.provider.crd`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKeySelector;
use super::kubernetes::{KubernetesAuth, KubernetesServer};
use crate::api::schema::{self, rule};

/// Objects of one kind of a Kubernetes cluster, read as if they were secrets.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["resource"], "x-kubernetes-validations" = [rule(
    "has(self.auth) != has(self.authRef)",
    "crd needs exactly one of auth and authRef",
)]))]
pub struct CrdProvider {
    /// Where the API server answers, and how its certificate is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<KubernetesServer>,
    /// How to sign in: exactly one way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<KubernetesAuth>,
    /// A kubeconfig that is kept in a Secret, in place of `server` and `auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_ref: Option<SecretKeySelector>,
    /// The kind of object that is read.
    pub resource: CrdResource,
    /// Which objects and properties may be read. Default: all of that kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whitelist: Option<CrdWhitelist>,
}

/// A kind of object.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["group", "version", "kind"]))]
pub struct CrdResource {
    /// The API group, for example `config.example.io`; empty for the core group.
    pub group: String,
    /// The API version, for example `v1`.
    #[schemars(schema_with = "schema::text")]
    pub version: String,
    /// The kind, for example `Database`.
    #[schemars(schema_with = "schema::text")]
    pub kind: String,
}

/// Which objects and properties may be read.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CrdWhitelist {
    /// A read must satisfy one of these rules in all its fields; without rules every read may pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<CrdWhitelistRule>,
}

/// One rule of which objects and properties may be read; all fields are regular expressions.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CrdWhitelistRule {
    /// What the object's name must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the object's namespace must match, in a ClusterSecretStore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What the property that is read must match; one of them is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<String>,
}
