use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::scene::{self, Scene};
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::acts::{
    NEVER, SECOND, SOON, await_polls, await_synced, create, data, delete_secret, external_secret, meddle, secret,
};
use super::ledger::{Ledger, Tally, one_sync};
use super::marks::{hash, printed_data};

#[tokio::test]
async fn after_a_restart_it_polls_and_writes_nothing() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "value").await?;
        for (name, policy) in [("owner", "Owner"), ("orphan", "Orphan"), ("merge", "CreateOrMerge")] {
            let mut manifest = scene.manifest(name, SECOND, &[("key", "value")]);
            manifest["spec"]["target"]["creationPolicy"] = policy.into();
            create(scene, &manifest).await?;
            await_synced(scene, name).await?;
        }
        assert!(scene.operator.stop().await?.success());
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.operator = scene.another_operator().await?;
        await_polls(scene, 4).await?;
        assert_eq!(ledger.writes().await?, Tally::new());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_changed_while_it_was_down_is_found() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        for name in ["rotated", "gone"] {
            scene.secrets.create(&scene.remote(name), "first").await?;
            scene.external_secret(name, SECOND, &[("key", name)]).await?;
            await_synced(scene, name).await?;
        }
        scene.operator.kill()?;
        scene.secrets.put(&scene.remote("rotated"), "second").await?;
        delete_secret(scene, "gone").await?;
        scene.operator = scene.another_operator().await?;
        scene.await_value("rotated", "key", "second", SOON).await?;
        scene.await_value("gone", "key", "first", SOON).await
    })
    .await
}

#[tokio::test]
async fn a_target_that_went_while_it_was_down_is_back_soon_however_seldom_it_is_polled() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "value").await?;
        for name in ["gone", "forged"] {
            scene.external_secret(name, NEVER, &[("key", "value")]).await?;
            await_synced(scene, name).await?;
        }
        scene.operator.stop().await?;
        delete_secret(scene, "gone").await?;
        meddle(scene, "forged", &json!({"data": {"key": STANDARD.encode("forged")}})).await?;
        scene.operator = scene.another_operator().await?;
        scene.await_value("gone", "key", "value", SOON).await?;
        scene.await_value("forged", "key", "value", SOON).await
    })
    .await
}

/// Makes an ExternalSecret, its Secret and its status as ESO would have left them.
async fn as_eso_left_it(scene: &Scene<'_>) -> Result<()> {
    let mut manifest = scene.manifest("app", SECOND, &[("foo", "foo"), ("bar", "bar")]);
    manifest["metadata"]["labels"] = json!({"team": "a"});
    manifest["metadata"]["annotations"] = json!({"note": "b"});
    manifest["metadata"]["finalizers"] = json!(["externalsecrets.external-secrets.io/externalsecret-cleanup"]);
    create(scene, &manifest).await?;
    let object = external_secret(scene, "app").await?;
    scene.namespace.api().create(&esos_manager(), &esos_secret(scene, &object)?).await?;
    let status = esos_status(&object);
    let api = scene.namespace.dynamic(API_VERSION, "ExternalSecret");
    api.patch_status("app", &PatchParams::default(), &Patch::Merge(&json!({"status": status}))).await?;
    Ok(())
}

fn esos_manager() -> PostParams {
    let field_manager = Some("externalsecrets.external-secrets.io/app".to_owned());
    PostParams { field_manager, ..PostParams::default() }
}

fn esos_secret(scene: &Scene<'_>, object: &Value) -> Result<k8s_openapi::api::core::v1::Secret> {
    let prefix = "reconcile.external-secrets.io";
    let data = [("foo", "value1"), ("bar", "value2")];
    Ok(serde_json::from_value(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "app",
            "labels": {
                "team": "a",
                format!("{prefix}/managed"): "true",
                format!("{prefix}/created-by"): hash(&format!("{}/app", scene.namespace.name())),
            },
            "annotations": {"note": "b", format!("{prefix}/data-hash"): hash(&printed_data(&data))},
            "ownerReferences": [{
                "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "app",
                "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "type": "Opaque",
        "data": {"foo": STANDARD.encode("value1"), "bar": STANDARD.encode("value2")},
    }))?)
}

fn esos_status(object: &Value) -> Value {
    let version = hash("{annotations:map[note:b] labels:map[team:a]}");
    json!({
        "binding": {"name": "app"},
        "refreshTime": "2026-01-02T03:04:05Z",
        "syncedResourceVersion": format!("{}-{version}", object["metadata"]["generation"]),
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced",
            "lastTransitionTime": "2026-01-02T03:04:05Z",
        }],
    })
}

#[tokio::test]
async fn what_eso_left_is_taken_over_without_a_write_and_then_followed() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        for (name, value) in [("foo", "value1"), ("bar", "value2")] {
            scene.secrets.create(&scene.remote(name), value).await?;
        }
        scene.operator.stop().await?;
        as_eso_left_it(scene).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.operator = scene.another_operator().await?;
        await_polls(scene, 4).await?;
        assert_eq!(ledger.writes().await?, Tally::new());

        scene.secrets.put(&scene.remote("foo"), "rotated").await?;
        scene.await_value("app", "foo", "rotated", SOON).await?;
        await_polls(scene, 3).await?;
        assert_eq!(ledger.writes().await?, one_sync());
        assert_eq!(data(scene, "app").await?, json!({"foo": "rotated", "bar": "value2"}));
        let managers = secret(scene, "app").await?.context("it exists")?.metadata.managed_fields.unwrap_or_default();
        assert!(managers.iter().all(|entry| entry.manager == esos_manager().field_manager), "{managers:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_eso_left_and_somebody_changed_since_is_put_right() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        for (name, value) in [("foo", "value1"), ("bar", "value2")] {
            scene.secrets.create(&scene.remote(name), value).await?;
        }
        scene.operator.stop().await?;
        as_eso_left_it(scene).await?;
        meddle(scene, "app", &json!({"data": {"foo": STANDARD.encode("forged")}})).await?;
        scene.operator = scene.another_operator().await?;
        scene.await_value("app", "foo", "value1", SOON).await
    })
    .await
}
