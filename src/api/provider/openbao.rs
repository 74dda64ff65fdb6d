//! `spec.provider.openBao`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::vault::{KvVersion, UserPass};
use super::{CaProvider, SecretKeySelector};
use crate::api::schema::{self, exactly_one, rule};

/// A KV engine of OpenBao.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["server"], "x-kubernetes-validations" = [rule(
    "!(has(self.caBundle) && has(self.caProvider))",
    "caBundle and caProvider exclude each other: set one of them",
)]))]
pub struct OpenBaoProvider {
    /// The server's URL, for example `https://openbao.example.com:8200`.
    #[schemars(schema_with = "schema::text")]
    pub server: String,
    /// Where the KV engine is mounted, for example `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The KV engine's version, `v1` or `v2`. Default: `v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "v2"))]
    pub version: Option<KvVersion>,
    /// The namespace of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Certificates of the authorities that the server's is checked with: PEM, in base64. Default: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::bytes")]
    pub ca_bundle: Option<String>,
    /// The Secret or ConfigMap that holds those certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
    /// How to sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<OpenBaoAuth>,
}

/// How to sign in to OpenBao: exactly one way.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [exactly_one(&["appRole", "tokenSecretRef", "userPass"], "openBao.auth needs exactly one of appRole, tokenSecretRef and userPass")]))]
pub struct OpenBaoAuth {
    /// The server's namespace that is signed in to. Default: the provider's `namespace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// By a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeySelector>,
    /// As an `AppRole`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_role: Option<OpenBaoAppRole>,
    /// By a user's name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_pass: Option<UserPass>,
}

/// An `AppRole` of OpenBao.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["path", "secretRef"], "x-kubernetes-validations" = [rule(
    "has(self.roleId) != has(self.roleRef)",
    "openBao.auth.appRole needs exactly one of roleId and roleRef",
)]))]
pub struct OpenBaoAppRole {
    /// Where the method is mounted. Default: `approle`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-default" = "approle"))]
    pub path: String,
    /// The role's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::text")]
    pub role_id: Option<String>,
    /// Where the role's id is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_ref: Option<SecretKeySelector>,
    /// Where the role's secret id is kept.
    pub secret_ref: SecretKeySelector,
}
