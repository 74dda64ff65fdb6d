use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::acts::{
    NEVER, SECOND, SOON, await_polls, await_secret, await_synced, create, data, delete_secret, meddle, secret,
};
use super::ledger::{Ledger, one_sync};

/// A synced ExternalSecret called `app`, polled each second.
async fn app(scene: &Scene<'_>) -> Result<()> {
    scene.secrets.create(&scene.remote("value"), "value").await?;
    let mut manifest = scene.manifest("app", SECOND, &[("key", "value")]);
    manifest["metadata"]["labels"] = json!({"team": "a"});
    create(scene, &manifest).await?;
    await_synced(scene, "app").await
}

fn encoded(value: &str) -> Value {
    STANDARD.encode(value).into()
}

fn label(secret: Option<&Secret>, key: &str) -> Option<String> {
    secret?.metadata.labels.as_ref()?.get(key).cloned()
}

#[tokio::test]
async fn a_deleted_target_is_made_anew() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        delete_secret(scene, "app").await?;
        scene.await_value("app", "key", "value", SOON).await?;
        await_polls(scene, 3).await?;
        let writes = ledger.writes().await?;
        assert_eq!(writes.get(&("patch".into(), "secrets".into())), Some(&1), "{writes:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_edited_value_is_put_right_and_a_key_of_others_is_taken_out() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        meddle(scene, "app", &json!({"data": {"key": encoded("forged"), "more": encoded("smuggled in")}})).await?;
        await_secret(scene, "app", |secret| {
            let data = secret.and_then(|secret| secret.data.clone()).unwrap_or_default();
            data.len() == 1 && data.values().all(|value| value.0 == b"value")
        })
        .await?;
        await_polls(scene, 3).await?;
        assert_eq!(ledger.writes().await?, one_sync());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn labels_of_ours_that_others_change_are_put_right_and_theirs_are_left() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene).await?;
        let owner = "reconcile.external-secrets.io/created-by";
        let before = label(secret(scene, "app").await?.as_ref(), owner).context("it has an owner label")?;
        meddle(scene, "app", &json!({"metadata": {"labels": {"team": "b", owner: null, "theirs": "1"}}})).await?;
        await_secret(scene, "app", |secret| {
            label(secret, "team").as_deref() == Some("a") && label(secret, owner).as_ref() == Some(&before)
        })
        .await?;
        assert_eq!(label(secret(scene, "app").await?.as_ref(), "theirs").as_deref(), Some("1"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_target_that_has_lost_its_owner_and_its_hash_has_them_back() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene).await?;
        let hash = "reconcile.external-secrets.io/data-hash";
        meddle(scene, "app", &json!({"metadata": {"ownerReferences": null, "annotations": {hash: "forged"}}})).await?;
        await_secret(scene, "app", |secret| {
            secret.is_some_and(|secret| {
                let annotations = secret.metadata.annotations.clone().unwrap_or_default();
                secret.metadata.owner_references.is_some() && annotations.get(hash).is_some_and(|hash| hash != "forged")
            })
        })
        .await
    })
    .await
}

#[tokio::test]
async fn a_merged_key_that_others_change_is_put_right() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "value").await?;
        let mut manifest = scene.manifest("app", SECOND, &[("key", "value")]);
        manifest["spec"]["target"]["creationPolicy"] = "CreateOrMerge".into();
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        meddle(scene, "app", &json!({"data": {"key": encoded("forged"), "theirs": encoded("kept")}})).await?;
        scene.await_value("app", "key", "value", SOON).await?;
        assert_eq!(data(scene, "app").await?, json!({"key": "value", "theirs": "kept"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_watch_of_managed_secrets_repairs_at_once_what_is_seldom_polled() -> Result<()> {
    scene::with(&json!({"secrets": {"watch": true}}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "value").await?;
        scene.external_secret("app", NEVER, &[("key", "value")]).await?;
        await_synced(scene, "app").await?;
        meddle(scene, "app", &json!({"data": {"key": encoded("forged")}})).await?;
        scene.await_value("app", "key", "value", SOON).await?;
        delete_secret(scene, "app").await?;
        scene.await_value("app", "key", "value", SOON).await
    })
    .await
}

#[tokio::test]
async fn looking_for_drift_lists_no_secrets_and_reads_them_from_the_cache() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 4).await?;
        let reads = ledger.requests().await?.about("secrets").reads();
        assert!(reads.count() >= 2, "{reads:?}");
        let cached = |request: &keyferry_e2e::audit::Request| request.uri.contains("resourceVersion=0");
        let others = reads.only(|request| request.verb != "get" || !cached(request));
        assert_eq!(others.count(), 0, "{others:?}");
        Ok(())
    })
    .await
}
