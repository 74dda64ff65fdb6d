//! `spec.provider.kubernetes`, and what `crd` shares with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaProvider, SecretKeySelector, ServiceAccountSelector};
use crate::api::schema::{self, exactly_one, rule};

/// Secrets of one namespace of a Kubernetes cluster.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct KubernetesProvider {
    /// Where the API server answers, and how its certificate is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<KubernetesServer>,
    /// How to sign in: exactly one way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<KubernetesAuth>,
    /// A kubeconfig that is kept in a Secret, in place of `server` and `auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_ref: Option<SecretKeySelector>,
    /// The namespace that is read. Default: `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_name", extend("x-default" = "default"))]
    pub remote_namespace: Option<String>,
}

/// Where an API server answers.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct KubernetesServer {
    /// The API server's URL. Default: `kubernetes.default`, which is this cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "kubernetes.default"))]
    pub url: Option<String>,
    /// Certificates of the authorities that the server's is checked with: PEM, in base64. Default: the cluster's own for
    /// this cluster's API server (no `url`, or `kubernetes.default`), else the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::bytes")]
    pub ca_bundle: Option<String>,
    /// The Secret or ConfigMap that holds those certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
}

/// How to sign in to an API server: exactly one way.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [exactly_one(&["token", "serviceAccount", "cert"], "auth needs exactly one of token, serviceAccount and cert")]))]
pub struct KubernetesAuth {
    /// By a bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenAuth>,
    /// By the token of a ServiceAccount of this cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountSelector>,
    /// By a client certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<CertAuth>,
}

/// A bearer token that is kept in a Secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["bearerToken"]))]
pub struct TokenAuth {
    /// Where the token is kept.
    #[schemars(extend("x-kubernetes-validations" = [names_key("bearerToken")]))]
    pub bearer_token: SecretKeySelector,
}

/// A client certificate that is kept in a Secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["clientCert", "clientKey"]))]
pub struct CertAuth {
    /// The certificate.
    #[schemars(extend("x-kubernetes-validations" = [names_key("clientCert")]))]
    pub client_cert: SecretKeySelector,
    /// Its private key.
    #[schemars(extend("x-kubernetes-validations" = [names_key("clientKey")]))]
    pub client_key: SecretKeySelector,
}

fn names_key(field: &str) -> serde_json::Value {
    rule("has(self.name) && has(self.key)", &format!("{field} needs the name of a Secret and a key of it"))
}
