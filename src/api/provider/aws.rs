//! `spec.provider.aws`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecretKeySelector, ServiceAccountSelector};
use crate::api::schema::{self, rule};

/// AWS: Secrets Manager, Parameter Store or Certificate Manager, in one region, as one identity.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["service", "region"]))]
pub struct AwsProvider {
    /// Which service is read.
    pub service: AwsService,
    /// The region, for example `eu-central-1`.
    #[schemars(schema_with = "schema::text")]
    pub region: String,
    /// How to sign in. Without it the operator's own identity is used (IRSA, Pod Identity, the node's role).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AwsAuth>,
    /// The ARN of the role that is assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// ARNs of roles that are assumed one after the other before `role`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_roles: Vec<String>,
    /// The external id that goes with `role`.
    #[serde(rename = "externalID", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Tags of the session of `role`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session_tags: Vec<Tag>,
    /// Which tags a session gets beside `sessionTags`. Default: `None`.
    ///
    /// `Simple` adds `esoNamespace`, `esoStoreName` and `esoStoreKind`; `Custom` adds `customSessionTags` to those. The
    /// role must allow `sts:TagSession`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "None"))]
    pub session_tags_policy: Option<SessionTagsPolicy>,
    /// Tags that `sessionTagsPolicy: Custom` adds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_session_tags: BTreeMap<String, String>,
    /// Keys of tags that go on to the next role of a chain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transitive_tag_keys: Vec<String>,
    /// What stands before every remote key, for example `prod/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What happens in Secrets Manager when a pushed secret is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets_manager: Option<SecretsManager>,
}

/// A service of AWS that holds secrets.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum AwsService {
    /// AWS Secrets Manager.
    #[default]
    SecretsManager,
    /// Parameter Store of AWS Systems Manager.
    ParameterStore,
    /// AWS Certificate Manager.
    CertificateManager,
}

/// How to sign in to AWS.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsAuth {
    /// By the token of a ServiceAccount (IRSA).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<AwsJwtAuth>,
    /// By an access key that is kept in a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<AwsSecretRef>,
}

/// A ServiceAccount whose token AWS accepts.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsJwtAuth {
    /// The ServiceAccount; its annotation `eks.amazonaws.com/role-arn` names the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
}

/// An access key that is kept in a Secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsSecretRef {
    /// The access key's id.
    #[serde(rename = "accessKeyIDSecretRef", skip_serializing_if = "Option::is_none")]
    pub access_key_id_secret_ref: Option<SecretKeySelector>,
    /// The secret access key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_access_key_secret_ref: Option<SecretKeySelector>,
    /// The session token of a temporary access key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_token_secret_ref: Option<SecretKeySelector>,
}

/// A tag of a session.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["key", "value"]))]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// Which tags a session gets of itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum SessionTagsPolicy {
    /// None.
    #[default]
    None,
    /// The namespace, the store's name and its kind.
    Simple,
    /// Those, and `customSessionTags`.
    Custom,
}

/// What happens in Secrets Manager when a pushed secret is deleted.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "!(has(self.forceDeleteWithoutRecovery) && self.forceDeleteWithoutRecovery && has(self.recoveryWindowInDays) && self.recoveryWindowInDays != 0)",
        "forceDeleteWithoutRecovery and recoveryWindowInDays exclude each other: set one of them",
    ),
    rule(
        "!has(self.recoveryWindowInDays) || self.recoveryWindowInDays == 0 || (self.recoveryWindowInDays >= 7 && self.recoveryWindowInDays <= 30)",
        "recoveryWindowInDays is 7 to 30 days",
    ),
]))]
pub struct SecretsManager {
    /// Deletes at once, with no way back. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_delete_without_recovery: Option<bool>,
    /// How many days, 7 to 30, a deleted secret can be restored. Default: AWS' own, which is 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_window_in_days: Option<i64>,
}
