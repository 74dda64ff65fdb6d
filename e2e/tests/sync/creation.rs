use anyhow::{Context, Result};
use keyferry::api::ExternalSecret;
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::acts::{
    NEVER, SECOND, SOON, await_failed, await_gone, await_polls, await_secret, await_synced, create, data, delete, edit,
    foreign, meddle, message, secret,
};
use super::ledger::{Ledger, once};

const OWN: [(&str, &str); 1] = [("ours", "value")];

/// An ExternalSecret called `app` of this creation policy, with the remote secret that it wants.
async fn app(scene: &Scene<'_>, policy: &str) -> Result<Value> {
    scene.secrets.create(&scene.remote("value"), "value").await?;
    let mut manifest = scene.manifest("app", SECOND, &OWN);
    manifest["spec"]["target"]["creationPolicy"] = policy.into();
    Ok(manifest)
}

#[tokio::test]
async fn an_owned_secret_goes_with_its_external_secret() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        create(scene, &app(scene, "Owner").await?).await?;
        await_synced(scene, "app").await?;
        delete(scene, "app").await?;
        await_gone(scene, "app").await
    })
    .await
}

#[tokio::test]
async fn an_orphan_has_no_owner_and_stays() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        create(scene, &app(scene, "Orphan").await?).await?;
        await_synced(scene, "app").await?;
        let metadata = secret(scene, "app").await?.context("it was made")?.metadata;
        assert_eq!(metadata.owner_references, None);
        let labels: Vec<String> = metadata.labels.into_iter().flatten().map(|(key, _)| key).collect();
        assert_eq!(labels, ["reconcile.external-secrets.io/managed"]);
        delete(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"ours": "value"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_orphan_does_not_take_the_keys_of_a_foreign_secret() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        foreign(scene, "app", &json!({"theirs": "kept"})).await?;
        let before = scene.version("app").await?;
        create(scene, &app(scene, "Orphan").await?).await?;
        await_failed(scene, "app").await?;
        let message = message(scene, "app").await?;
        assert!(message.contains("creationPolicy") && message.contains("CreateOrMerge"), "{message}");
        assert_eq!(scene.version("app").await?, before);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_owner_takes_a_foreign_secret_over_whole() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        foreign(scene, "app", &json!({"theirs": "lost"})).await?;
        create(scene, &app(scene, "Owner").await?).await?;
        await_synced(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"ours": "value"}));
        let metadata = secret(scene, "app").await?.context("it exists")?.metadata;
        assert_eq!(metadata.owner_references.map(|owners| owners.len()), Some(1));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_merge_keeps_foreign_keys_and_takes_its_own_former_ones_away() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        foreign(scene, "app", &json!({"theirs": "kept"})).await?;
        create(scene, &app(scene, "Merge").await?).await?;
        await_synced(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept", "ours": "value"}));
        let renamed = [json!({"secretKey": "renamed", "remoteRef": {"key": scene.remote("value")}})];
        edit(scene, "app", &json!({"spec": {"data": renamed}})).await?;
        scene.await_value("app", "renamed", "value", SOON).await?;
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept", "renamed": "value"}));
        assert_eq!(secret(scene, "app").await?.context("it exists")?.metadata.owner_references, None);
        await_synced(scene, "app").await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 3).await?;
        assert_eq!(ledger.writes().await?, once(&[]));
        delete(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept", "renamed": "value"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_merge_waits_for_its_secret_to_come() -> Result<()> {
    scene::with(&json!({"defaultRefreshInterval": "1s"}), async |scene| {
        create(scene, &app(scene, "Merge").await?).await?;
        scene.await_ready("app", "True", "SecretMissing", SOON).await?;
        assert_eq!(scene.keys("app").await?, None);
        foreign(scene, "app", &json!({"theirs": "kept"})).await?;
        scene.await_value("app", "ours", "value", SOON).await?;
        await_synced(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept", "ours": "value"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn create_or_merge_creates_without_an_owner_and_merges_into_what_is_there() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let mut manifest = app(scene, "CreateOrMerge").await?;
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        assert_eq!(secret(scene, "app").await?.context("it was made")?.metadata.owner_references, None);
        foreign(scene, "there", &json!({"theirs": "kept"})).await?;
        manifest["metadata"]["name"] = "second".into();
        manifest["spec"]["target"]["name"] = "there".into();
        create(scene, &manifest).await?;
        await_synced(scene, "second").await?;
        assert_eq!(data(scene, "there").await?, json!({"theirs": "kept", "ours": "value"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn with_policy_none_there_is_no_secret_and_no_touch() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        foreign(scene, "app", &json!({"theirs": "kept"})).await?;
        let before = scene.version("app").await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        create(scene, &app(scene, "None").await?).await?;
        await_synced(scene, "app").await?;
        await_polls(scene, 2).await?;
        assert_eq!(ledger.writes().await?, once(&[("patch", "externalsecrets/status")]));
        assert_eq!(scene.version("app").await?, before);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_owned_secret_that_becomes_an_orphan_loses_its_owner_and_its_mark() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        create(scene, &app(scene, "Owner").await?).await?;
        await_synced(scene, "app").await?;
        edit(scene, "app", &json!({"spec": {"target": {"creationPolicy": "Orphan"}}})).await?;
        await_secret(scene, "app", |secret| secret.is_some_and(|secret| secret.metadata.owner_references.is_none()))
            .await?;
        let labels = secret(scene, "app").await?.context("it exists")?.metadata.labels.unwrap_or_default();
        assert!(!labels.contains_key("reconcile.external-secrets.io/created-by"), "{labels:?}");
        delete(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"ours": "value"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_second_external_secret_does_not_take_the_target_of_the_first() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let mut manifest = app(scene, "Owner").await?;
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        let before = scene.version("app").await?;
        for (name, policy) in [("owner", "Owner"), ("merge", "Merge")] {
            manifest["metadata"]["name"] = name.into();
            manifest["spec"]["target"]["creationPolicy"] = policy.into();
            create(scene, &manifest).await?;
            await_failed(scene, name).await?;
            let message = message(scene, name).await?;
            assert!(message.starts_with("target is owned by another ExternalSecret"), "{message}");
        }
        assert_eq!(scene.version("app").await?, before);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_immutable_target_is_made_once_and_then_refused() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let mut manifest = app(scene, "Owner").await?;
        manifest["spec"]["target"]["immutable"] = true.into();
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        assert_eq!(secret(scene, "app").await?.context("it was made")?.immutable, Some(true));
        scene.secrets.put(&scene.remote("value"), "second").await?;
        await_failed(scene, "app").await?;
        let message = message(scene, "app").await?;
        assert!(message.starts_with("could not update secret, target is immutable"), "{message}");
        assert_eq!(data(scene, "app").await?, json!({"ours": "value"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_template_gives_type_labels_annotations_and_data() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let mut manifest = app(scene, "Owner").await?;
        manifest["metadata"]["labels"] = json!({"of": "the-external-secret"});
        manifest["spec"]["data"][0]["secretKey"] = "password".into();
        manifest["spec"]["target"]["template"] = json!({
            "type": "kubernetes.io/basic-auth",
            "mergePolicy": "Merge",
            "metadata": {"labels": {"of": "the-template"}, "annotations": {"note": "plain"}},
            "data": {"username": "somebody"},
        });
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"username": "somebody", "password": "value"}));
        let secret = serde_json::to_value(secret(scene, "app").await?)?;
        assert_eq!(secret["type"], "kubernetes.io/basic-auth");
        assert_eq!(secret["metadata"]["labels"]["of"], "the-template");
        assert_eq!(secret["metadata"]["annotations"]["note"], "plain");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn labels_that_are_no_longer_asked_for_are_taken_away_and_others_stay() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let mut manifest = app(scene, "Owner").await?;
        manifest["spec"]["refreshInterval"] = format!("{}s", NEVER.as_secs()).into();
        manifest["metadata"]["labels"] = json!({"stale": "1", "kept": "1"});
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        meddle(scene, "app", &json!({"metadata": {"labels": {"foreign": "1"}}})).await?;
        edit(scene, "app", &json!({"metadata": {"labels": {"stale": null}}})).await?;
        await_secret(scene, "app", |secret| {
            let labels = secret.and_then(|secret| secret.metadata.labels.clone()).unwrap_or_default();
            !labels.contains_key("stale")
        })
        .await?;
        let labels = secret(scene, "app").await?.context("it exists")?.metadata.labels.unwrap_or_default();
        assert!(labels.contains_key("kept") && labels.contains_key("foreign"), "{labels:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_changed_target_name_removes_the_former_secret() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        create(scene, &app(scene, "Owner").await?).await?;
        await_synced(scene, "app").await?;
        edit(scene, "app", &json!({"spec": {"target": {"name": "renamed"}}})).await?;
        scene.await_value("renamed", "ours", "value", SOON).await?;
        await_gone(scene, "app").await?;
        let bound = |object: Option<&ExternalSecret>| {
            let binding = object.and_then(|object| object.status.as_ref()?.binding.as_ref());
            binding.is_some_and(|binding| binding.name == "renamed")
        };
        scene.namespace.await_condition("app", bound, SOON).await.map(|_| ())
    })
    .await
}
