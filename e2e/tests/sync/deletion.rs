use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use keyferry_e2e::proxy::{Fault, Rule};
use keyferry_e2e::scene::{self, Scene};
use serde_json::json;

use super::acts::{
    NEVER, SECOND, SOON, await_failed, await_gone, await_polls, await_secret, await_synced, create, data, delete,
    delete_secret, external_secret, foreign, message,
};
use super::ledger::{Ledger, Tally, once};

const INTERVAL: Duration = Duration::from_secs(2);

/// A synced ExternalSecret called `app` of this deletion policy that reads `first` and `second`.
async fn app(scene: &Scene<'_>, policy: &str, refresh: Duration) -> Result<()> {
    for name in ["first", "second"] {
        scene.secrets.create(&scene.remote(name), name).await?;
    }
    let mut manifest = scene.manifest("app", refresh, &[("first", "first"), ("second", "second")]);
    manifest["spec"]["target"]["deletionPolicy"] = policy.into();
    create(scene, &manifest).await?;
    await_synced(scene, "app").await
}

#[tokio::test]
async fn with_policy_delete_the_target_goes_when_absence_has_lasted_two_intervals() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let remote = scene.remote("only");
        scene.secrets.create(&remote, "value").await?;
        let mut manifest = scene.manifest("app", INTERVAL, &[("key", "only")]);
        manifest["spec"]["target"]["deletionPolicy"] = "Delete".into();
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        await_polls(scene, 1).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        let (mark, start) = (scene.proxy.mark(), Instant::now());
        scene.secrets.delete(&remote).await?;
        await_gone(scene, "app").await?;
        let took = start.elapsed();
        assert!(took >= INTERVAL * 2, "{took:?}");
        assert!(scene.proxy.since(mark).len() >= 3, "{:?}", scene.proxy.since(mark));
        scene.await_ready("app", "True", "SecretDeleted", SOON).await?;
        let deletions = ledger.requests().await?.only(|request| request.verb == "delete");
        assert_eq!(deletions.count(), 1, "{deletions:?}");

        scene.secrets.create(&remote, "again").await?;
        scene.await_value("app", "key", "again", SOON).await?;
        await_synced(scene, "app").await
    })
    .await
}

#[tokio::test]
async fn an_absence_that_ends_before_it_is_confirmed_takes_nothing_away() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, "Delete", SECOND).await?;
        let before = scene.version("app").await?;
        let absent = Fault::Answer(400, "ResourceNotFoundException");
        scene.proxy.inject(Rule::always(absent).of(&scene.remote("first")).of(&scene.remote("second")).times(2));
        await_failed(scene, "app").await?;
        await_synced(scene, "app").await?;
        await_polls(scene, 4).await?;
        assert_eq!(scene.version("app").await?, before);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn with_policy_delete_a_part_that_is_gone_leaves_the_rest() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, "Delete", SECOND).await?;
        scene.secrets.delete(&scene.remote("first")).await?;
        await_secret(scene, "app", |secret| {
            let data = secret.and_then(|secret| secret.data.clone()).unwrap_or_default();
            data.into_keys().collect::<Vec<_>>() == ["second"]
        })
        .await?;
        await_synced(scene, "app").await
    })
    .await
}

#[tokio::test]
async fn with_policy_retain_a_missing_remote_secret_is_a_failure_and_the_target_stays() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, "Retain", SECOND).await?;
        let before = scene.version("app").await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.secrets.delete(&scene.remote("first")).await?;
        await_failed(scene, "app").await?;
        let message = message(scene, "app").await?;
        assert!(message.contains("spec.data[0].remoteRef.key"), "{message}");
        await_polls(scene, 5).await?;
        assert_eq!(scene.version("app").await?, before);
        // Told once, however often it is found missing.
        let writes = [("patch", "externalsecrets/status"), ("create", "events")];
        assert_eq!(ledger.writes().await?, once(&writes));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn with_policy_merge_the_keys_that_are_gone_are_taken_out_of_a_merged_target() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        foreign(scene, "app", &json!({"theirs": "kept"})).await?;
        for name in ["first", "second", "witness"] {
            scene.secrets.create(&scene.remote(name), name).await?;
        }
        // As long as the store answers for this one, the others' absence is believed.
        scene.external_secret("witness", SECOND, &[("key", "witness")]).await?;
        let mut manifest = scene.manifest("app", SECOND, &[("first", "first"), ("second", "second")]);
        manifest["spec"]["target"]["deletionPolicy"] = "Merge".into();
        manifest["spec"]["target"]["creationPolicy"] = "Merge".into();
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        for (gone, left) in
            [("first", json!({"theirs": "kept", "second": "second"})), ("second", json!({"theirs": "kept"}))]
        {
            scene.secrets.delete(&scene.remote(gone)).await?;
            await_secret(scene, "app", |secret| {
                secret.is_some_and(|secret| secret.data.iter().flatten().all(|(key, _)| key != gone))
            })
            .await?;
            assert_eq!(data(scene, "app").await?, left);
        }
        await_synced(scene, "app").await
    })
    .await
}

#[tokio::test]
async fn a_deleted_external_secret_with_policy_delete_takes_its_target_and_its_finalizer_with_it() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, "Delete", SECOND).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        delete(scene, "app").await?;
        await_gone(scene, "app").await?;
        let expected = [("delete", "secrets"), ("patch", "externalsecrets")];
        assert_eq!(ledger.writes().await?, once(&expected));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_secret_that_has_taken_the_targets_place_is_not_deleted_with_the_external_secret() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, "Delete", NEVER).await?;
        scene.operator.stop().await?;
        delete_secret(scene, "app").await?;
        foreign(scene, "app", &json!({"theirs": "kept"})).await?;
        let api = scene.namespace.dynamic(keyferry_e2e::fixtures::API_VERSION, "ExternalSecret");
        api.delete("app", &kube::api::DeleteParams::default()).await?;
        let finalizers = &external_secret(scene, "app").await?["metadata"]["finalizers"];
        assert_eq!(finalizers.as_array().context("it waits for its finalizer")?.len(), 1);
        scene.operator = scene.another_operator().await?;
        let gone = |object: Option<&keyferry::api::ExternalSecret>| object.is_none();
        scene.namespace.await_condition("app", gone, SOON).await?;
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_storm_of_not_found_deletes_nothing_while_the_store_answers_for_nobody() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app(scene, "Delete", SECOND).await?;
        let before = scene.version("app").await?;
        let absent = Fault::Answer(400, "ResourceNotFoundException");
        scene.proxy.inject(Rule::always(absent).of(&scene.remote("first")).of(&scene.remote("second")));
        await_failed(scene, "app").await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 6).await?;
        assert_eq!(ledger.writes().await?, Tally::new());
        assert_eq!(scene.version("app").await?, before);
        scene.proxy.heal();
        await_synced(scene, "app").await?;
        assert_eq!(scene.version("app").await?, before);
        Ok(())
    })
    .await
}
