//! The objects that most tests begin with, as they would stand in a manifest.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::aws::REGION;
use crate::namespace::Namespace;

/// The API version of every fixture.
pub const API_VERSION: &str = "external-secrets.io/v1";
/// The Secret that [`aws_store`] takes its credentials from.
pub const CREDENTIALS: &str = "aws-credentials";

/// The credentials of [`aws_store`]; the access key's id is what a proxy's record tells sessions apart by.
pub fn aws_credentials(access_key: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CREDENTIALS},
        "stringData": {"access-key": access_key, "secret-access-key": "fixture"},
    })
}

/// A SecretStore for AWS Secrets Manager with static credentials.
pub fn aws_store(name: &str) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "SecretStore",
        "metadata": {"name": name},
        "spec": {"provider": {"aws": {
            "service": "SecretsManager",
            "region": REGION,
            "auth": {"secretRef": {
                "accessKeyIDSecretRef": {"name": CREDENTIALS, "key": "access-key"},
                "secretAccessKeySecretRef": {"name": CREDENTIALS, "key": "secret-access-key"},
            }},
        }}},
    })
}

/// An ExternalSecret of the same name as its target that reads each `(target key, remote key)` of `data` from `store`.
pub fn external_secret(name: &str, store: &str, refresh: Duration, data: &[(&str, &str)]) -> Value {
    let data: Vec<Value> =
        data.iter().map(|(key, remote)| json!({"secretKey": key, "remoteRef": {"key": remote}})).collect();
    json!({
        "apiVersion": API_VERSION,
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {
            "refreshInterval": format!("{}s", refresh.as_secs()),
            "secretStoreRef": {"name": store, "kind": "SecretStore"},
            "target": {"name": name},
            "data": data,
        },
    })
}

/// Puts the credentials and a store called `name` into a namespace.
pub async fn put_aws_store(namespace: &Namespace, name: &str, access_key: &str) -> Result<()> {
    namespace.create_manifest(&aws_credentials(access_key)).await?;
    namespace.create_manifest(&aws_store(name)).await?;
    Ok(())
}

/// Whether a status says that an object is ready: for [`Namespace::await_condition`] on dynamic objects.
pub fn is_ready(object: &Value) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        let field = |name| condition.get(name).and_then(Value::as_str);
        (field("type"), field("status")) == (Some("Ready"), Some("True"))
    })
}
