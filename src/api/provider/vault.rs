//! `spec.provider.vault`

mod auth;

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaProvider, SecretKeySelector};
use crate::api::schema::{self, rule};

pub use auth::{
    UserPass, VaultAppRole, VaultAuth, VaultAwsSecretRef, VaultCert, VaultGcp, VaultIam, VaultIamJwt, VaultJwt,
    VaultKubernetes, VaultLdap, VaultServiceAccountToken,
};

/// A KV engine of HashiCorp Vault.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["server"], "x-kubernetes-validations" = [rule(
    "!(has(self.checkAndSet) && has(self.checkAndSet.required) && self.checkAndSet.required && has(self.version) && self.version == 'v1')",
    "checkAndSet.required needs version v2: the KV engine v1 has no check-and-set",
)]))]
pub struct VaultProvider {
    /// The server's URL, for example `https://vault.example.com:8200`.
    #[schemars(schema_with = "schema::text")]
    pub server: String,
    /// Where the KV engine is mounted, for example `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The KV engine's version, `v1` or `v2`. Default: `v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "v2"))]
    pub version: Option<KvVersion>,
    /// The namespace of the server (Vault Enterprise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Headers of every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Certificates of the authorities that the server's is checked with: PEM, in base64. Default: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::bytes")]
    pub ca_bundle: Option<String>,
    /// The Secret or ConfigMap that holds those certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
    /// The client certificate of the connection itself, where the server asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<VaultTls>,
    /// Whether a read waits for writes that this client has seen (Vault Enterprise). Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_your_writes: Option<bool>,
    /// Whether a read that a standby cannot answer goes on to the leader (Vault Enterprise). Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_inconsistent: Option<bool>,
    /// What a pushed secret must prove before it overwrites another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_and_set: Option<VaultCheckAndSet>,
    /// How to sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<VaultAuth>,
}

/// Headers may hold credentials, so only their names are shown.
impl fmt::Debug for VaultProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("VaultProvider");
        shown.field("server", &self.server).field("path", &self.path).field("version", &self.version);
        shown.field("namespace", &self.namespace).field("headers", &self.headers.keys().collect::<Vec<_>>());
        shown.field("auth", &self.auth).finish_non_exhaustive()
    }
}

/// The version of a KV engine.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum KvVersion {
    /// Without versions of secrets.
    V1,
    /// With versions of secrets.
    #[default]
    V2,
}

/// A client certificate: both fields, or none.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [rule(
    "has(self.certSecretRef) == has(self.keySecretRef)",
    "tls needs both certSecretRef and keySecretRef",
)]))]
pub struct VaultTls {
    /// The certificate. The key in the Secret is `tls.crt` where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<SecretKeySelector>,
    /// Its private key. The key in the Secret is `tls.key` where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_secret_ref: Option<SecretKeySelector>,
}

/// What a pushed secret must prove before it overwrites another.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VaultCheckAndSet {
    /// Whether every write names the version that it replaces. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
}
