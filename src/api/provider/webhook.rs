//! `spec.provider.webhook`

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaProvider, SecretKeySelector};
use crate::api::schema::{self, rule};

/// Any HTTPS endpoint that answers with JSON.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["url"]))]
pub struct WebhookProvider {
    /// The URL, a template over `.remoteRef` and the names of `secrets`. Example:
    /// `https://vault.example.com/{{ .remoteRef.key }}`.
    #[schemars(schema_with = "schema::text")]
    pub url: String,
    /// The HTTP method. Default: `GET`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Headers of the request; their values are templates.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body of the request, a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// How long to wait for the answer, as a Go duration. Default: the operator's own deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub timeout: Option<String>,
    /// How to sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<WebhookAuth>,
    /// Where the value is in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<WebhookResult>,
    /// Secrets whose keys the templates may name. Each must have the label `external-secrets.io/type: webhook`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<WebhookSecret>,
    /// Certificates of the authorities that the server's is checked with: PEM, in base64. Default: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::bytes")]
    pub ca_bundle: Option<String>,
    /// The Secret or ConfigMap that holds those certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
}

/// Users write credentials into URLs, headers and bodies, so only sizes are shown.
impl fmt::Debug for WebhookProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.as_ref().map_or(0, String::len);
        let mut shown = formatter.debug_struct("WebhookProvider");
        shown.field("url", &format_args!("({} bytes)", self.url.len()));
        shown.field("method", &self.method).field("headers", &self.headers.keys().collect::<Vec<_>>());
        shown.field("body", &format_args!("({body} bytes)")).field("secrets", &self.secrets);
        shown.finish_non_exhaustive()
    }
}

/// How to sign in to an endpoint.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [rule("has(self.ntlm)", "webhook.auth needs ntlm")]))]
pub struct WebhookAuth {
    /// By NTLM, with a name and a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntlm: Option<Ntlm>,
}

/// A user for NTLM.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["usernameSecret", "passwordSecret"]))]
pub struct Ntlm {
    /// The user's name.
    pub username_secret: SecretKeySelector,
    /// The user's password.
    pub password_secret: SecretKeySelector,
}

/// Where the value is in an answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookResult {
    /// A JSON path, for example `$.data.value`. Default: the whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_path: Option<String>,
}

/// A Secret whose keys templates may name.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name", "secretRef"]))]
pub struct WebhookSecret {
    /// What templates call it: `{{ .name.key }}`.
    pub name: String,
    /// The Secret.
    pub secret_ref: SecretKeySelector,
}
