//! What tests do to a scene, and how they look at it.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::namespace::{Namespace, await_in};
use keyferry_e2e::scene::Scene;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

/// The least that `spec.refreshInterval` can be.
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// So long that nothing happens by it within a test.
pub(crate) const NEVER: Duration = Duration::from_hours(100);
/// The longest that anything may take on a machine that is busy with other things.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// Creates what a manifest says.
pub(crate) async fn create(scene: &Scene<'_>, manifest: &Value) -> Result<()> {
    scene.namespace.create_manifest(manifest).await.map(|_| ())
}

/// Merges `change` into an object of ours, as `kubectl patch --type=merge` does.
pub(crate) async fn change(namespace: &Namespace, kind: &str, name: &str, change: &Value) -> Result<()> {
    let api = namespace.dynamic(API_VERSION, kind);
    api.patch(name, &PatchParams::default(), &Patch::Merge(change)).await?;
    Ok(())
}

/// Merges `change` into an ExternalSecret.
pub(crate) async fn edit(scene: &Scene<'_>, name: &str, patch: &Value) -> Result<()> {
    change(scene.namespace, "ExternalSecret", name, patch).await
}

/// Merges `change` into a Secret, as somebody else.
pub(crate) async fn meddle(scene: &Scene<'_>, name: &str, patch: &Value) -> Result<()> {
    scene.namespace.api::<Secret>().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

/// Makes a Secret, as somebody else.
pub(crate) async fn foreign(scene: &Scene<'_>, name: &str, data: &Value) -> Result<()> {
    create(scene, &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})).await
}

/// Deletes a Secret.
pub(crate) async fn delete_secret(scene: &Scene<'_>, name: &str) -> Result<()> {
    scene.namespace.api::<Secret>().delete(name, &DeleteParams::default()).await?;
    Ok(())
}

/// Deletes an ExternalSecret and waits until it is gone.
pub(crate) async fn delete(scene: &Scene<'_>, name: &str) -> Result<()> {
    let api = scene.namespace.dynamic(API_VERSION, "ExternalSecret");
    api.delete(name, &DeleteParams::default()).await?;
    await_in(api, name, |object: Option<&DynamicObject>| object.is_none(), SOON).await?;
    Ok(())
}

/// An ExternalSecret as the API server has it.
pub(crate) async fn external_secret(scene: &Scene<'_>, name: &str) -> Result<Value> {
    Ok(serde_json::to_value(scene.namespace.dynamic(API_VERSION, "ExternalSecret").get(name).await?)?)
}

/// The conditions of an ExternalSecret, which there are none of before its first pass.
pub(crate) async fn conditions(scene: &Scene<'_>, name: &str) -> Result<Vec<Value>> {
    let object = external_secret(scene, name).await?;
    Ok(object.pointer("/status/conditions").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// The message of an ExternalSecret's `Ready`.
pub(crate) async fn message(scene: &Scene<'_>, name: &str) -> Result<String> {
    let conditions = conditions(scene, name).await?;
    let message = conditions.first().and_then(|condition| condition["message"].as_str());
    Ok(message.context("there is a condition with a message")?.to_owned())
}

/// The Secret `name`; none where there is none.
pub(crate) async fn secret(scene: &Scene<'_>, name: &str) -> Result<Option<Secret>> {
    Ok(scene.namespace.api::<Secret>().get_opt(name).await?)
}

/// The Secret's data as text.
pub(crate) async fn data(scene: &Scene<'_>, name: &str) -> Result<Value> {
    let secret = secret(scene, name).await?.context("the Secret exists")?;
    let text = |value: Vec<u8>| Value::from(String::from_utf8_lossy(&value).into_owned());
    let members = secret.data.unwrap_or_default().into_iter().map(|(key, value)| (key, text(value.0)));
    Ok(Value::Object(members.collect()))
}

/// Waits until what `holds` asks for is true of the Secret `name`, or of its absence.
pub(crate) async fn await_secret(scene: &Scene<'_>, name: &str, holds: impl Fn(Option<&Secret>) -> bool) -> Result<()> {
    scene.namespace.await_condition(name, holds, SOON).await.map(|_| ())
}

/// Waits until there is no Secret `name`.
pub(crate) async fn await_gone(scene: &Scene<'_>, name: &str) -> Result<()> {
    await_secret(scene, name, |secret| secret.is_none()).await
}

/// Waits until an ExternalSecret is synced.
pub(crate) async fn await_synced(scene: &Scene<'_>, name: &str) -> Result<()> {
    scene.await_ready(name, "True", "SecretSynced", SOON).await
}

/// Waits until an ExternalSecret has failed.
pub(crate) async fn await_failed(scene: &Scene<'_>, name: &str) -> Result<()> {
    scene.await_ready(name, "False", "SecretSyncedError", SOON).await
}

/// Waits until `count` more calls to the provider have begun.
pub(crate) async fn await_polls(scene: &Scene<'_>, count: usize) -> Result<()> {
    scene.proxy.await_calls(scene.proxy.mark(), count, SOON).await
}
