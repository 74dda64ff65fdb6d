use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use keyferry_e2e::scene;
use serde_json::{Value, json};

use super::acts::{SECOND, SOON, await_polls, await_synced, external_secret};
use super::ledger::{Ledger, Tally, one_sync};

const INTERVAL: Duration = Duration::from_secs(2);
/// How much earlier than planned a test's clock may have a poll.
const SLACK: Duration = Duration::from_millis(400);

#[tokio::test]
async fn while_nothing_changes_it_polls_once_an_interval_and_writes_nothing() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("password"), "value").await?;
        scene.external_secret("app", INTERVAL, &[("password", "password")]).await?;
        await_synced(scene, "app").await?;
        await_polls(scene, 1).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        let start = Instant::now();
        await_polls(scene, 4).await?;
        // The first of the four may come at once.
        assert!(start.elapsed() >= INTERVAL * 3 - SLACK, "{:?}", start.elapsed());
        assert_eq!(ledger.writes().await?, Tally::new());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn forty_five_keys_cost_three_calls_a_round() -> Result<()> {
    const ROUNDS: usize = 3;
    scene::with(&json!({}), async |scene| {
        let names: Vec<String> = (0..45).map(|number| format!("key-{number}")).collect();
        for name in &names {
            scene.secrets.create(&scene.remote(name), "value").await?;
            scene.external_secret(name, INTERVAL, &[("key", name)]).await?;
        }
        for name in &names {
            await_synced(scene, name).await?;
        }
        // Those that came late may have been read alone before they found their place.
        await_polls(scene, 3).await?;
        let (mark, start) = (scene.proxy.mark(), Instant::now());
        scene.proxy.await_calls(mark, 3 * ROUNDS, SOON).await?;
        assert!(start.elapsed() >= INTERVAL * 2 - SLACK, "{:?}", start.elapsed());
        let mut read = BTreeMap::new();
        for name in scene.proxy.since(mark).into_iter().take(3 * ROUNDS).flat_map(|call| call.secrets) {
            *read.entry(name).or_insert(0) += 1;
        }
        let expected: BTreeMap<String, usize> = names.iter().map(|name| (scene.remote(name), ROUNDS)).collect();
        assert_eq!(read, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn objects_that_share_a_remote_secret_share_its_call() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let remote = scene.remote("shared");
        scene.secrets.create(&remote, "first").await?;
        for name in ["a", "b", "c"] {
            scene.external_secret(name, INTERVAL, &[("key", "shared")]).await?;
            await_synced(scene, name).await?;
        }
        let (mark, start) = (scene.proxy.mark(), Instant::now());
        scene.proxy.await_calls(mark, 4, SOON).await?;
        assert!(start.elapsed() >= INTERVAL * 3 - SLACK, "{:?}", start.elapsed());
        let calls = scene.proxy.since(mark);
        assert!(calls.iter().all(|call| call.secrets == [remote.clone()]), "{calls:?}");
        scene.secrets.put(&remote, "second").await?;
        for name in ["a", "b", "c"] {
            scene.await_value(name, "key", "second", SOON).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_rotation_costs_a_secret_a_status_and_an_event_and_touches_no_other_object() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        for name in ["app", "bystander"] {
            scene.secrets.create(&scene.remote(name), "first").await?;
            scene.external_secret(name, SECOND, &[("key", name)]).await?;
            await_synced(scene, name).await?;
        }
        let before = refreshed(&external_secret(scene, "app").await?);
        // A status has whole seconds.
        await_polls(scene, 2).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.secrets.put(&scene.remote("app"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await?;
        await_polls(scene, 4).await?;
        assert_eq!(ledger.writes().await?, one_sync());
        let writes = ledger.requests().await?.writes();
        let others = writes.only(|request| request.resource != "events" && request.name != "app");
        assert_eq!(others.count(), 0, "{others:?}");
        assert!(refreshed(&external_secret(scene, "app").await?) > before);
        Ok(())
    })
    .await
}

fn refreshed(object: &Value) -> String {
    object.pointer("/status/refreshTime").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_heartbeat_writes_the_refresh_time_and_nothing_else() -> Result<()> {
    scene::with(&json!({"statusHeartbeat": "2s"}), async |scene| {
        scene.secrets.create(&scene.remote("password"), "value").await?;
        scene.external_secret("app", SECOND, &[("password", "password")]).await?;
        await_synced(scene, "app").await?;
        let before = external_secret(scene, "app").await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 6).await?;
        let after = external_secret(scene, "app").await?;
        assert!(refreshed(&after) > refreshed(&before), "{after}");
        assert_eq!(after["status"]["conditions"], before["status"]["conditions"]);
        let writes = ledger.writes().await?;
        assert_eq!(writes.keys().collect::<Vec<_>>(), [&("patch".to_owned(), "externalsecrets/status".to_owned())]);
        // Each comes one to two seconds after the last.
        assert!(writes.values().all(|count| (2..=7).contains(count)), "{writes:?}");
        Ok(())
    })
    .await
}
