//! `spec.provider.alibaba`, in the shape that `v1beta1` had.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKeySelector;
use crate::api::schema;

/// Alibaba Cloud KMS Secrets Manager, in one region.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["auth", "regionID"]))]
pub struct AlibabaProvider {
    /// How to sign in.
    pub auth: AlibabaAuth,
    /// The region, for example `eu-central-1`.
    #[serde(rename = "regionID")]
    #[schemars(schema_with = "schema::text")]
    pub region_id: String,
}

/// How to sign in to Alibaba Cloud.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AlibabaAuth {
    /// By the operator's own ServiceAccount token (RRSA).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrsa: Option<AlibabaRrsa>,
    /// By an access key that is kept in a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<AlibabaSecretRef>,
}

/// A role that a ServiceAccount of the cluster may take.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["oidcProviderArn", "oidcTokenFilePath", "roleArn", "sessionName"]))]
pub struct AlibabaRrsa {
    /// The ARN of the cluster's OIDC provider.
    pub oidc_provider_arn: String,
    /// Where the operator's pod has the token, for example `/var/run/secrets/ack.alibabacloud.com/rrsa-tokens/token`.
    /// Only paths that the operator was told of are read.
    pub oidc_token_file_path: String,
    /// The ARN of the role that is taken.
    pub role_arn: String,
    /// The session's name.
    pub session_name: String,
}

/// An access key that is kept in a Secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["accessKeyIDSecretRef", "accessKeySecretSecretRef"]))]
pub struct AlibabaSecretRef {
    /// The access key's id.
    #[serde(rename = "accessKeyIDSecretRef")]
    pub access_key_id_secret_ref: SecretKeySelector,
    /// The access key's secret.
    pub access_key_secret_secret_ref: SecretKeySelector,
}
