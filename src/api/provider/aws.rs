//! `spec.provider.aws`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecretKeySelector, ServiceAccountSelector};

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsProvider {
    pub service: AwsService,
    pub region: String,
    pub auth: Option<AwsAuth>,
    pub role: Option<String>,
    pub additional_roles: Vec<String>,
    #[serde(rename = "externalID")]
    pub external_id: Option<String>,
    pub session_tags: Vec<Tag>,
    pub session_tags_policy: Option<SessionTagsPolicy>,
    pub custom_session_tags: BTreeMap<String, String>,
    pub transitive_tag_keys: Vec<String>,
    pub prefix: Option<String>,
    pub secrets_manager: Option<SecretsManager>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum AwsService {
    #[default]
    SecretsManager,
    ParameterStore,
    CertificateManager,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsAuth {
    pub jwt: Option<AwsJwtAuth>,
    pub secret_ref: Option<AwsSecretRef>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsJwtAuth {
    pub service_account_ref: Option<ServiceAccountSelector>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsSecretRef {
    #[serde(rename = "accessKeyIDSecretRef")]
    pub access_key_id_secret_ref: Option<SecretKeySelector>,
    pub secret_access_key_secret_ref: Option<SecretKeySelector>,
    pub session_token_secret_ref: Option<SecretKeySelector>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum SessionTagsPolicy {
    #[default]
    None,
    Simple,
    Custom,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretsManager {
    pub force_delete_without_recovery: Option<bool>,
    pub recovery_window_in_days: Option<i64>,
}
