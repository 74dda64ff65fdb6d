//! `spec.provider.azurekv`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecretKeySelector, ServiceAccountSelector};
use crate::api::schema::{self, rule};

/// One vault of Azure Key Vault.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["vaultUrl"], "x-kubernetes-validations" = [
    rule(
        "!has(self.customCloudConfig) || (has(self.useAzureSDK) && self.useAzureSDK)",
        "customCloudConfig needs useAzureSDK: true",
    ),
    rule(
        "!has(self.environmentType) || self.environmentType != 'AzureStackCloud' || has(self.customCloudConfig)",
        "environmentType AzureStackCloud needs customCloudConfig",
    ),
]))]
pub struct AzureKvProvider {
    /// The vault's URL, for example `https://example.vault.azure.net`.
    #[schemars(schema_with = "schema::text")]
    pub vault_url: String,
    /// How to sign in. Default: `ServicePrincipal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "ServicePrincipal"))]
    pub auth_type: Option<AzureAuthType>,
    /// The tenant's id. A service principal needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Which Azure cloud is signed in to. Default: `PublicCloud`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "PublicCloud"))]
    pub environment_type: Option<AzureEnvironment>,
    /// The credentials of a service principal, or the ids of a workload identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_secret_ref: Option<AzureSecretRef>,
    /// The ServiceAccount of `authType: WorkloadIdentity`. Default: the operator's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
    /// The client id of the managed identity that is used, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// Whether endpoints may be set by `customCloudConfig`. Default: false.
    #[serde(rename = "useAzureSDK", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = false))]
    pub use_azure_sdk: Option<bool>,
    /// Endpoints of a cloud of one's own. It needs `useAzureSDK: true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_cloud_config: Option<AzureCustomCloud>,
}

/// How to sign in to Azure.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum AzureAuthType {
    /// As a service principal, with a secret or a certificate.
    #[default]
    ServicePrincipal,
    /// As the managed identity of the node or pod.
    ManagedIdentity,
    /// By the token of a ServiceAccount.
    WorkloadIdentity,
}

/// A cloud of Azure.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum AzureEnvironment {
    /// The public cloud.
    #[default]
    PublicCloud,
    /// The cloud of the US government.
    #[serde(rename = "USGovernmentCloud")]
    UsGovernmentCloud,
    /// The cloud in China.
    ChinaCloud,
    /// The cloud in Germany, which no longer exists.
    GermanCloud,
    /// A cloud of one's own, as `customCloudConfig` says.
    AzureStackCloud,
}

/// Keys of Secrets that hold what Azure is shown.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AzureSecretRef {
    /// The tenant's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<SecretKeySelector>,
    /// The client's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<SecretKeySelector>,
    /// The client's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretKeySelector>,
    /// The client's certificate and RSA key: PEM, or a PFX file without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<SecretKeySelector>,
}

/// Endpoints of a cloud of one's own.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["activeDirectoryEndpoint"]))]
pub struct AzureCustomCloud {
    /// Where to sign in.
    #[schemars(schema_with = "schema::text")]
    pub active_directory_endpoint: String,
    /// Where Key Vault answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_vault_endpoint: Option<String>,
    /// What vaults' host names end with.
    #[serde(rename = "keyVaultDNSSuffix", skip_serializing_if = "Option::is_none")]
    pub key_vault_dns_suffix: Option<String>,
    /// Where the resource manager answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_manager_endpoint: Option<String>,
}
