//! The objects that tests of one kind of store put into a namespace, and what they wait for there.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::fixtures::{API_VERSION, is_ready};
use crate::namespace::{Namespace, await_in};

/// Long enough for a busy machine; what is waited for comes within two intervals.
const SOON: Duration = Duration::from_mins(1);

impl Namespace {
    /// Creates an object as it stands in a manifest.
    pub async fn put(&self, manifest: &Value) -> Result<()> {
        let named = |pointer| manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let put = self.create_manifest(manifest).await;
        put.map(|_| ()).with_context(|| format!("create {} {}", named("/kind"), named("/metadata/name")))
    }

    /// Creates a Secret with these texts.
    pub async fn put_secret(&self, name: &str, texts: &Value) -> Result<()> {
        self.put(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": texts})).await
    }

    /// Creates a SecretStore with this `spec.provider`.
    pub async fn put_store(&self, name: &str, provider: &Value) -> Result<()> {
        let spec = json!({"provider": provider});
        let metadata = json!({"name": name});
        self.put(&json!({"apiVersion": API_VERSION, "kind": "SecretStore", "metadata": metadata, "spec": spec})).await
    }

    /// Waits until the Secret `name` has `value` under `key`.
    pub async fn await_value(&self, name: &str, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        let value = value.as_ref().to_vec();
        let holds = move |secret: Option<&Secret>| {
            secret.and_then(|secret| secret.data.as_ref()?.get(key)).is_some_and(|held| held.0 == value)
        };
        self.await_condition(name, holds, SOON).await.map(|_| ())
    }

    /// Waits until there is no Secret `name`.
    pub async fn await_gone(&self, name: &str) -> Result<()> {
        let gone = |secret: Option<&Secret>| secret.is_none();
        self.await_condition(name, gone, SOON).await.map(|_| ())
    }

    /// Waits until an object of ours is not ready and says `words`.
    pub async fn await_words(&self, kind: &str, name: &str, words: &str) -> Result<()> {
        let told = |object: Option<&DynamicObject>| {
            object.is_some_and(|object| !is_ready(&object.data) && object.data.to_string().contains(words))
        };
        let told = await_in(self.dynamic(API_VERSION, kind), name, told, SOON).await;
        told.map(|_| ()).with_context(|| format!("{name}: {words}"))
    }
}
