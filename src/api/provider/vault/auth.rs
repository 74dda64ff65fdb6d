//! `spec.provider.vault.auth`: the ways to sign in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::provider::gcpsm::{GcpSecretRef, GcpWorkloadIdentity};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::api::schema::rule;

/// How to sign in to Vault: one way.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VaultAuth {
    /// The server's namespace that is signed in to. Default: the provider's `namespace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// By a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeySelector>,
    /// As an `AppRole`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_role: Option<VaultAppRole>,
    /// By the token of a ServiceAccount, which Vault shows to the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<VaultKubernetes>,
    /// By a user's name and password of an LDAP directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldap: Option<VaultLdap>,
    /// By a user's name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_pass: Option<UserPass>,
    /// By a JSON Web Token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<VaultJwt>,
    /// By a client certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<VaultCert>,
    /// As an identity of AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam: Option<VaultIam>,
    /// As an identity of Google Cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gcp: Option<VaultGcp>,
}

/// An `AppRole`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["path", "secretRef"], "x-kubernetes-validations" = [rule(
    "(has(self.roleId) && self.roleId != '') || has(self.roleRef)",
    "vault.auth.appRole needs roleId or roleRef",
)]))]
pub struct VaultAppRole {
    /// Where the method is mounted. Default: `approle`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-default" = "approle"))]
    pub path: String,
    /// The role's id. It goes before `roleRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
    /// Where the role's id is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_ref: Option<SecretKeySelector>,
    /// Where the role's secret id is kept.
    pub secret_ref: SecretKeySelector,
}

/// A ServiceAccount that Vault shows to the cluster.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["mountPath", "role"]))]
pub struct VaultKubernetes {
    /// Where the method is mounted. Default: `kubernetes`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-default" = "kubernetes"))]
    pub mount_path: String,
    /// Vault's role.
    pub role: String,
    /// The ServiceAccount whose token is requested. It goes before `secretRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
    /// Where a token is kept. The key in the Secret is `token` where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

/// A user of an LDAP directory.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["path", "username"]))]
pub struct VaultLdap {
    /// Where the method is mounted. Default: `ldap`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-default" = "ldap"))]
    pub path: String,
    /// The user's name.
    pub username: String,
    /// Where the user's password is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

/// A user of Vault's or OpenBao's own.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["path", "username"]))]
pub struct UserPass {
    /// Where the method is mounted. Default: `userpass`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-default" = "userpass"))]
    pub path: String,
    /// The user's name.
    pub username: String,
    /// Where the user's password is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

/// A JSON Web Token: one that is kept, or a ServiceAccount's.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["path"], "x-kubernetes-validations" = [rule(
    "has(self.secretRef) || has(self.kubernetesServiceAccountToken)",
    "vault.auth.jwt needs secretRef or kubernetesServiceAccountToken",
)]))]
pub struct VaultJwt {
    /// Where the method is mounted. Default: `jwt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-default" = "jwt"))]
    pub path: String,
    /// Vault's role. Default: the method's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Where a token is kept. It goes before `kubernetesServiceAccountToken`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
    /// The ServiceAccount whose token is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_service_account_token: Option<VaultServiceAccountToken>,
}

/// A ServiceAccount whose token is requested.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["serviceAccountRef"]))]
pub struct VaultServiceAccountToken {
    /// The ServiceAccount.
    pub service_account_ref: ServiceAccountSelector,
    /// The token's audiences. Default: `vault`. Deprecated: `serviceAccountRef.audiences` says the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// How many seconds the token is good for, 600 at least. It signs in once, so that less is better. Default: 600.
    /// Deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_seconds: Option<i64>,
}

/// A client certificate that is a user of Vault.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VaultCert {
    /// Where the method is mounted. Default: `cert`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "cert"))]
    pub path: Option<String>,
    /// The certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<SecretKeySelector>,
    /// Its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
    /// Vault's role. Default: the first one that the certificate fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault_role: Option<String>,
}

/// An identity of AWS.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["vaultRole"]))]
pub struct VaultIam {
    /// Where the method is mounted. Default: `aws`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The region of AWS whose Security Token Service is asked who signs in; Vault's method must ask there too
    /// (`sts_endpoint`, `sts_region`). Default: `us-east-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The ARN of the role that is assumed before Vault is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Vault's role.
    pub vault_role: String,
    /// The external id that goes with the role that is assumed.
    #[serde(rename = "externalID", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The value of the header `X-Vault-AWS-IAM-Server-ID`, which keeps the signed request from being used at another
    /// server, for example `vault.example.com`. Vault's method has it as `iam_server_id_header_value`.
    #[serde(rename = "vaultAwsIamServerID", skip_serializing_if = "Option::is_none")]
    pub vault_aws_iam_server_id: Option<String>,
    /// An access key of AWS. Without it and `jwt` a ClusterSecretStore signs in as the operator, and a SecretStore not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<VaultAwsSecretRef>,
    /// A ServiceAccount whose token AWS accepts (IRSA). It goes before `secretRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<VaultIamJwt>,
}

/// An access key of AWS that is kept in a Secret.
pub type VaultAwsSecretRef = crate::api::provider::aws::AwsSecretRef;

/// A ServiceAccount whose token AWS accepts.
pub type VaultIamJwt = crate::api::provider::aws::AwsJwtAuth;

/// An identity of Google Cloud.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["role"]))]
pub struct VaultGcp {
    /// Where the method is mounted. Default: `gcp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "gcp"))]
    pub path: Option<String>,
    /// Vault's role.
    pub role: String,
    /// Not used, as in External Secrets Operator; `workloadIdentity.clusterProjectID` names a cluster's project.
    #[serde(rename = "projectID", skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Not used, as in External Secrets Operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// A service account's key. It goes before `workloadIdentity`; without both, a ClusterSecretStore signs in by the
    /// identity of the operator's own machine or pod, and a SecretStore not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<GcpSecretRef>,
    /// Not used, as in External Secrets Operator. To sign in as a ServiceAccount use `workloadIdentity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
    /// A ServiceAccount of a GKE cluster; its annotation `iam.gke.io/gcp-service-account` names the service account that
    /// signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<GcpWorkloadIdentity>,
}
