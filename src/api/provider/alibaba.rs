//! `spec.provider.alibaba`: the shape that ESO's `v1beta1` had before ESO removed it, and what came since.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaProvider, SecretKeySelector, ServiceAccountSelector};
use crate::api::schema::{self, rule};

/// Alibaba Cloud KMS Secrets Manager, in one region.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["auth", "regionID"]))]
pub struct AlibabaProvider {
    /// How to sign in. Empty: as the operator itself, by its environment (`ALIBABA_CLOUD_ACCESS_KEY_ID` and its like, then
    /// `ALIBABA_CLOUD_OIDC_TOKEN_FILE` and its like, then the role of its instance).
    pub auth: AlibabaAuth,
    /// The region, for example `eu-central-1`. It is a part of the hosts that are called.
    #[serde(rename = "regionID")]
    #[schemars(schema_with = "schema::text")]
    pub region_id: String,
    /// Which of the region's hosts are called. Default: `Public`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<AlibabaNetwork>,
    /// A KMS instance, at whose own gateway values are read. Listings and metadata are always the region's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<AlibabaInstance>,
}

/// Where a region's hosts are reached.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum AlibabaNetwork {
    /// From the Internet: `kms.<region>.aliyuncs.com` and `sts.<region>.aliyuncs.com`.
    #[default]
    Public,
    /// From a VPC of the region: `kms-vpc.<region>.aliyuncs.com` and `sts-vpc.<region>.aliyuncs.com`.
    #[serde(rename = "VPC")]
    Vpc,
}

/// A KMS instance and its gateway, `<id>.cryptoservice.kms.aliyuncs.com`, which is reached from the instance's VPCs only.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["id"]))]
pub struct AlibabaInstance {
    /// The instance's id, for example `kst-hzz62ee817bvyyr5xefx7`.
    #[schemars(schema_with = "schema::text")]
    pub id: String,
    /// Certificates of the authorities that the gateway's is checked with, which KMS gives for each instance: PEM, in
    /// base64. Default: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::bytes")]
    pub ca_bundle: Option<String>,
    /// The Secret or ConfigMap that holds those certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
}

/// How to sign in to Alibaba Cloud; the first that is set, in this order.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AlibabaAuth {
    /// By a ServiceAccount of the cluster (RRSA: RAM Roles for Service Accounts).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrsa: Option<AlibabaRrsa>,
    /// By an access key, or the parts of a temporary one, that are kept in Secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<AlibabaSecretRef>,
    /// By the RAM role of the instance that the operator runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_role: Option<AlibabaInstanceRole>,
}

/// A role that a ServiceAccount of the cluster may take.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["oidcProviderArn", "roleArn", "sessionName"], "x-kubernetes-validations" = [rule(
    "has(self.serviceAccountRef) || has(self.oidcTokenFilePath)",
    "rrsa needs serviceAccountRef (or oidcTokenFilePath, where the administrator has set it)",
)]))]
pub struct AlibabaRrsa {
    /// The ARN of the cluster's OIDC provider, for example `acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1a2b3`.
    pub oidc_provider_arn: String,
    /// The ServiceAccount whose token is requested, for the audience `sts.aliyuncs.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
    /// Where the operator's own pod has a token, for example `/var/run/secrets/ack.alibabacloud.com/rrsa-tokens/token`. It
    /// counts without `serviceAccountRef` only, and must be the path in the operator's own `ALIBABA_CLOUD_OIDC_TOKEN_FILE`:
    /// no other file is ever read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub oidc_token_file_path: String,
    /// The ARN of the role that is taken, for example `acs:ram::1234567890123456:role/app`.
    pub role_arn: String,
    /// The session's name, which the account's audit trail shows.
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
    /// The security token that belongs to a temporary access key. Whoever puts a new key into the Secrets renews it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_token_secret_ref: Option<SecretKeySelector>,
}

/// The RAM role of an instance.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AlibabaInstanceRole {
    /// The role's name. Default: the one that the instance has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::text")]
    pub role_name: Option<String>,
}
