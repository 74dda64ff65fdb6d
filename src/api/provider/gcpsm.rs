//! `spec.provider.gcpsm`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecretKeySelector, ServiceAccountSelector};
use crate::api::schema;

/// Google Cloud Secret Manager, in one project.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GcpSmProvider {
    /// The project that holds the secrets. Default: the project of the cluster or of the credential.
    #[serde(rename = "projectID", skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// The location of regional secrets, for example `europe-west3`. Default: global secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What happens when the latest version is disabled or destroyed. Default: `LatestOrFail`; `LatestOrFetch` takes the
    /// latest one that is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "LatestOrFail"))]
    pub secret_version_selection_policy: Option<String>,
    /// How to sign in. Without it the operator's own identity is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<GcpSmAuth>,
}

/// How to sign in to Google Cloud.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GcpSmAuth {
    /// By a service account's key that is kept in a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<GcpSecretRef>,
    /// By a ServiceAccount of a GKE cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<GcpWorkloadIdentity>,
    /// By an identity of another cloud or cluster that Google Cloud trusts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_identity_federation: Option<GcpWorkloadIdentityFederation>,
}

/// A service account's key that is kept in a Secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GcpSecretRef {
    /// The key, as the JSON that Google Cloud hands out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_access_key_secret_ref: Option<SecretKeySelector>,
}

/// A ServiceAccount of a GKE cluster.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["serviceAccountRef"]))]
pub struct GcpWorkloadIdentity {
    /// The ServiceAccount.
    pub service_account_ref: ServiceAccountSelector,
    /// The cluster's location. Default: what the metadata server says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_location: Option<String>,
    /// The cluster's name. Default: what the metadata server says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// The cluster's project. Default: what the metadata server says.
    #[serde(rename = "clusterProjectID", skip_serializing_if = "Option::is_none")]
    pub cluster_project_id: Option<String>,
}

/// An identity of another cloud or cluster that Google Cloud trusts.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GcpWorkloadIdentityFederation {
    /// The audience: the resource name of the pool's provider. Needed with `serviceAccountRef` and
    /// `awsSecurityCredentials`; else it takes the place of the one in `credConfig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// A ConfigMap that holds the credential configuration as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cred_config: Option<ConfigMapKey>,
    /// The URL that the configuration's token must come from; another one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_token_endpoint: Option<String>,
    /// The Google service account that is impersonated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = r"^[^@]+@[^@]+\.iam\.gserviceaccount\.com$"))]
    pub gcp_service_account_email: Option<String>,
    /// The ServiceAccount whose token is exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
    /// The AWS credentials that are exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_security_credentials: Option<AwsSecurityCredentials>,
}

/// One key of a ConfigMap.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name", "key"]))]
pub struct ConfigMapKey {
    /// The ConfigMap's name.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The key in the ConfigMap.
    #[schemars(schema_with = "schema::data_key")]
    pub key: String,
    /// The ConfigMap's namespace, in a ClusterSecretStore only. Default: the namespace of the one who uses the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_name")]
    pub namespace: Option<String>,
}

/// AWS credentials that are exchanged.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["awsCredentialsSecretRef", "region"]))]
pub struct AwsSecurityCredentials {
    /// The Secret with the keys `aws_access_key_id`, `aws_secret_access_key` and, where there is one,
    /// `aws_session_token`.
    pub aws_credentials_secret_ref: SecretName,
    /// The region, for example `ap-south-1`.
    #[schemars(length(min = 1, max = 50), regex(pattern = "^[a-z0-9-]+$"))]
    pub region: String,
}

/// A Secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name"]))]
pub struct SecretName {
    /// The Secret's name.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The Secret's namespace, in a ClusterSecretStore only. Default: the namespace of the one who uses the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_name")]
    pub namespace: Option<String>,
}
