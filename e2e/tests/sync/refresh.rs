use anyhow::Result;
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::acts::{NEVER, SECOND, SOON, await_polls, await_synced, create, data, delete_secret, edit};

/// A synced ExternalSecret called `app` with more in its spec, and one called `clock` that is polled each second.
async fn app(scene: &Scene<'_>, more: &Value) -> Result<()> {
    for name in ["value", "clock"] {
        scene.secrets.create(&scene.remote(name), "first").await?;
    }
    scene.external_secret("clock", SECOND, &[("key", "clock")]).await?;
    let mut manifest = scene.manifest("app", SECOND, &[("key", "value")]);
    for (field, value) in more.as_object().into_iter().flatten() {
        manifest["spec"][field] = value.clone();
    }
    create(scene, &manifest).await?;
    await_synced(scene, "app").await?;
    await_synced(scene, "clock").await
}

/// Rotates what `app` reads and lets three intervals go by; whether it was read meanwhile.
async fn rotate(scene: &Scene<'_>, value: &str) -> Result<bool> {
    scene.secrets.put(&scene.remote("value"), value).await?;
    let mark = scene.proxy.mark();
    await_polls(scene, 4).await?;
    let remote = scene.remote("value");
    Ok(scene.proxy.since(mark).iter().any(|call| call.secrets.contains(&remote)))
}

async fn force(scene: &Scene<'_>) -> Result<()> {
    edit(scene, "app", &json!({"metadata": {"annotations": {"force-sync": "1"}}})).await
}

#[tokio::test]
async fn created_once_is_read_once_whatever_changes() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, &json!({"refreshPolicy": "CreatedOnce"})).await?;
        assert!(!rotate(scene, "second").await?);
        force(scene).await?;
        await_polls(scene, 3).await?;
        assert_eq!(data(scene, "app").await?, json!({"key": "first"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn on_change_is_read_again_only_when_the_object_changes() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, &json!({"refreshPolicy": "OnChange"})).await?;
        assert!(!rotate(scene, "second").await?);
        assert_eq!(data(scene, "app").await?, json!({"key": "first"}));
        force(scene).await?;
        scene.await_value("app", "key", "second", SOON).await?;
        await_synced(scene, "app").await?;
        assert!(!rotate(scene, "third").await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_interval_of_zero_is_read_once() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, &json!({"refreshInterval": "0"})).await?;
        assert!(!rotate(scene, "second").await?);
        assert_eq!(data(scene, "app").await?, json!({"key": "first"}));
        // ESO ignores this change (its issue 4447).
        force(scene).await?;
        scene.await_value("app", "key", "second", SOON).await?;
        await_synced(scene, "app").await?;
        assert!(!rotate(scene, "third").await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_force_sync_annotation_does_not_wait_for_the_interval() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, &json!({"refreshInterval": format!("{}s", NEVER.as_secs())})).await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        force(scene).await?;
        scene.await_value("app", "key", "second", SOON).await
    })
    .await
}

#[tokio::test]
async fn a_long_interval_is_not_moved_by_a_short_one_of_the_same_remote_secret() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, &json!({"refreshInterval": format!("{}s", NEVER.as_secs())})).await?;
        scene.external_secret("quick", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "quick").await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("quick", "key", "second", SOON).await?;
        await_polls(scene, 4).await?;
        assert_eq!(data(scene, "app").await?, json!({"key": "first"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_closed_window_holds_back_a_rotation_but_not_the_first_sync_nor_a_changed_spec() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let always = json!([{"schedule": "* * * * *", "duration": "5m"}]);
        app(scene, &json!({"syncWindows": {"kind": "deny", "windows": always}})).await?;
        scene.external_secret("open", SECOND, &[("key", "value")]).await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("open", "key", "second", SOON).await?;
        await_polls(scene, 4).await?;
        assert_eq!(data(scene, "app").await?, json!({"key": "first"}));
        edit(scene, "app", &json!({"spec": {"syncWindows": {"kind": "allow"}}})).await?;
        scene.await_value("app", "key", "second", SOON).await
    })
    .await
}

#[tokio::test]
async fn a_deleted_target_is_repaired_within_a_closed_window() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let always = json!([{"schedule": "* * * * *", "duration": "5m"}]);
        app(scene, &json!({"syncWindows": {"kind": "deny", "windows": always}})).await?;
        delete_secret(scene, "app").await?;
        scene.await_value("app", "key", "first", SOON).await
    })
    .await
}
