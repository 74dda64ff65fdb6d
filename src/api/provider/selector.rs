//! References to the objects of the cluster that hold a store's credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::schema;

/// One key of a Secret that holds a credential.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretKeySelector {
    /// The Secret's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The Secret's namespace, in a ClusterSecretStore only. Default: the namespace of the one who uses the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_name")]
    pub namespace: Option<String>,
    /// The key in the Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::data_key")]
    pub key: Option<String>,
}

/// A ServiceAccount whose token is requested.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name"]))]
pub struct ServiceAccountSelector {
    /// The ServiceAccount's name.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The ServiceAccount's namespace, in a ClusterSecretStore only. Default: the namespace of the one who uses the
    /// store.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_name")]
    pub namespace: Option<String>,
    /// Audiences of the token, beside those that the provider needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}

/// A Secret or ConfigMap that holds certificates of authorities, as PEM.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["type", "name"]))]
pub struct CaProvider {
    /// What holds them: a `Secret` or a `ConfigMap`.
    #[serde(rename = "type")]
    pub type_: CaProviderType,
    /// The object's name.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The key in the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::data_key")]
    pub key: Option<String>,
    /// The object's namespace. A ClusterSecretStore must name it; in a SecretStore it is the store's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_name")]
    pub namespace: Option<String>,
}

/// What holds certificates of authorities.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, Hash)]
pub enum CaProviderType {
    /// A Secret.
    #[default]
    Secret,
    /// A ConfigMap.
    ConfigMap,
}
