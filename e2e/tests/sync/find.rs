use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use keyferry_e2e::proxy::{Fault, Rule};
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::acts::{
    SECOND, SOON, await_failed, await_gone, await_polls, await_secret, await_synced, create, data, edit, message,
};
use super::ledger::{Ledger, Tally};

const INTERVAL: Duration = Duration::from_secs(2);

/// An ExternalSecret called `app` with one entry of `dataFrom`, whose keys lose the test's own path.
fn manifest(scene: &Scene<'_>, find: &Value, refresh: Duration) -> Value {
    let mut manifest = scene.manifest("app", refresh, &[]);
    let own = format!("^{}", scene.remote(""));
    manifest["spec"]["dataFrom"] = json!([{"find": find, "rewrite": [{"regexp": {"source": own, "target": ""}}]}]);
    manifest
}

async fn put(scene: &Scene<'_>, names: &[&str]) -> Result<()> {
    for name in names {
        scene.secrets.create(&scene.remote(name), name).await?;
    }
    Ok(())
}

/// Waits until the target `app` has exactly these keys.
async fn await_keys(scene: &Scene<'_>, keys: &[&str]) -> Result<()> {
    await_secret(scene, "app", |secret| {
        let data = secret.and_then(|secret| secret.data.clone()).unwrap_or_default();
        data.into_keys().collect::<Vec<_>>() == keys
    })
    .await
}

#[tokio::test]
async fn a_search_by_name_follows_what_is_rotated_added_and_deleted() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        put(scene, &["db-1", "db-2", "db-3", "web-1"]).await?;
        let find = json!({"name": {"regexp": format!("^{}db-[0-9]+$", scene.remote(""))}});
        create(scene, &manifest(scene, &find, SECOND)).await?;
        await_synced(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"db-1": "db-1", "db-2": "db-2", "db-3": "db-3"}));
        scene.secrets.put(&scene.remote("db-2"), "rotated").await?;
        scene.await_value("app", "db-2", "rotated", SOON).await?;
        put(scene, &["db-4", "web-2"]).await?;
        await_keys(scene, &["db-1", "db-2", "db-3", "db-4"]).await?;
        scene.secrets.delete(&scene.remote("db-1")).await?;
        await_keys(scene, &["db-2", "db-3", "db-4"]).await?;
        await_synced(scene, "app").await
    })
    .await
}

#[tokio::test]
async fn a_search_by_path_and_tags_finds_what_has_both() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        put(scene, &["a", "b", "c"]).await?;
        for (name, team) in [("a", "red"), ("b", "blue"), ("c", "red")] {
            scene.secrets.tag(&scene.remote(name), "team", team).await?;
        }
        let find = json!({"path": scene.remote(""), "tags": {"team": "red"}});
        create(scene, &manifest(scene, &find, SECOND)).await?;
        await_keys(scene, &["a", "c"]).await?;
        scene.secrets.tag(&scene.remote("b"), "team", "red").await?;
        await_keys(scene, &["a", "b", "c"]).await
    })
    .await
}

#[tokio::test]
async fn a_hundred_matches_cost_six_calls_a_round_and_no_write() -> Result<()> {
    const ROUNDS: usize = 3;
    scene::with(&json!({}), async |scene| {
        let names: Vec<String> = (0..100).map(|number| format!("key-{number:02}")).collect();
        put(scene, &names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let find = json!({"path": scene.remote("")});
        for object in ["app", "other"] {
            let mut manifest = manifest(scene, &find, INTERVAL);
            manifest["metadata"]["name"] = object.into();
            manifest["spec"]["target"]["name"] = object.into();
            create(scene, &manifest).await?;
            await_synced(scene, object).await?;
        }
        assert_eq!(data(scene, "app").await?.as_object().map(serde_json::Map::len), Some(100));
        // One page and five batches for both objects: the search is one.
        await_polls(scene, 6).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        let (mark, start) = (scene.proxy.mark(), Instant::now());
        scene.proxy.await_calls(mark, 6 * ROUNDS, SOON).await?;
        assert!(start.elapsed() >= INTERVAL * 2 - Duration::from_millis(400), "{:?}", start.elapsed());
        let rounds: Vec<_> = scene.proxy.since(mark).into_iter().take(6 * ROUNDS).map(|call| call.operation).collect();
        assert_eq!(rounds.iter().filter(|operation| *operation == "ListSecrets").count(), ROUNDS, "{rounds:?}");
        assert_eq!(rounds.iter().filter(|operation| *operation == "BatchGetSecretValue").count(), 5 * ROUNDS);
        assert_eq!(ledger.writes().await?, Tally::new());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_page_that_fails_and_a_listing_that_is_suddenly_empty_take_nothing_away() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        put(scene, &["a", "b", "c"]).await?;
        create(scene, &manifest(scene, &json!({"path": scene.remote("")}), SECOND)).await?;
        await_keys(scene, &["a", "b", "c"]).await?;
        await_synced(scene, "app").await?;
        let before = scene.version("app").await?;
        scene.proxy.inject(Rule::always(Fault::Answer(400, "AccessDeniedException")).on("ListSecrets").times(2));
        await_failed(scene, "app").await?;
        await_synced(scene, "app").await?;
        for name in ["a", "b", "c"] {
            scene.secrets.delete(&scene.remote(name)).await?;
        }
        await_failed(scene, "app").await?;
        assert!(message(scene, "app").await?.contains("spec.dataFrom[0].find"));
        put(scene, &["a", "b", "c"]).await?;
        await_synced(scene, "app").await?;
        assert_eq!(scene.version("app").await?, before, "the target was touched");
        Ok(())
    })
    .await
}

/// A target of four keys, and an operator that was away while three of the secrets went.
async fn dwindled(scene: &mut Scene<'_>, refresh: Duration) -> Result<()> {
    put(scene, &["a", "b", "c", "d"]).await?;
    create(scene, &manifest(scene, &json!({"path": scene.remote("")}), refresh)).await?;
    await_keys(scene, &["a", "b", "c", "d"]).await?;
    await_synced(scene, "app").await?;
    scene.operator.stop().await?;
    for name in ["b", "c", "d"] {
        scene.secrets.delete(&scene.remote(name)).await?;
    }
    scene.operator = scene.another_operator().await?;
    Ok(())
}

/// Waits until the operator's metrics, which follow a few seconds later, have so many answers that it did not believe.
async fn await_doubts(scene: &Scene<'_>, count: f64) -> Result<()> {
    let start = Instant::now();
    while scene.operator.metrics().await?.get("keyferry_poll_doubted_total").is_none_or(|doubts| *doubts < count) {
        ensure!(start.elapsed() < SOON, "fewer than {count} answers were doubted");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_search_that_finds_less_than_half_of_the_target_after_a_start_is_believed_two_intervals_later() -> Result<()>
{
    scene::with(&json!({}), async |scene| {
        dwindled(scene, INTERVAL).await?;
        await_failed(scene, "app").await?;
        assert!(message(scene, "app").await?.contains("until later polls confirm that, the target stays as it is"));
        let start = Instant::now();
        assert_eq!(data(scene, "app").await?.as_object().map(serde_json::Map::len), Some(4));
        await_keys(scene, &["a"]).await?;
        // What was seen first was told a moment later.
        assert!(start.elapsed() >= INTERVAL, "{:?}", start.elapsed());
        await_synced(scene, "app").await?;
        await_doubts(scene, 2.0).await
    })
    .await
}

#[tokio::test]
async fn a_search_that_finds_its_secrets_again_leaves_the_target_alone() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        dwindled(scene, INTERVAL).await?;
        let before = scene.version("app").await?;
        await_failed(scene, "app").await?;
        put(scene, &["b", "c", "d"]).await?;
        await_synced(scene, "app").await?;
        assert_eq!(scene.version("app").await?, before, "the target was touched");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_user_who_changes_the_object_ends_the_doubt() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        // Polls would have to confirm it for longer than anything is waited for here.
        dwindled(scene, SOON / 4 * 3).await?;
        await_failed(scene, "app").await?;
        edit(scene, "app", &json!({"metadata": {"annotations": {"force-sync": "now"}}})).await?;
        await_keys(scene, &["a"]).await
    })
    .await
}

#[tokio::test]
async fn with_policy_delete_the_target_goes_when_a_search_has_found_nothing_for_two_intervals() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        put(scene, &["a", "b"]).await?;
        let mut manifest = manifest(scene, &json!({"path": scene.remote("")}), INTERVAL);
        manifest["spec"]["target"]["deletionPolicy"] = "Delete".into();
        create(scene, &manifest).await?;
        await_keys(scene, &["a", "b"]).await?;
        let start = Instant::now();
        for name in ["a", "b"] {
            scene.secrets.delete(&scene.remote(name)).await?;
        }
        await_gone(scene, "app").await?;
        assert!(start.elapsed() >= INTERVAL * 2, "{:?}", start.elapsed());
        put(scene, &["a"]).await?;
        await_keys(scene, &["a"]).await
    })
    .await
}

#[tokio::test]
async fn a_search_that_cannot_be_is_told_and_nothing_is_asked() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let mark = scene.proxy.mark();
        create(scene, &manifest(scene, &json!({"name": {"regexp": "("}}), SECOND)).await?;
        await_failed(scene, "app").await?;
        let message = message(scene, "app").await?;
        assert!(message.contains("spec.dataFrom[0].find.name.regexp"), "{message}");
        assert!(scene.proxy.since(mark).is_empty());
        Ok(())
    })
    .await
}
