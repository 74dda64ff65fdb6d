use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use keyferry_e2e::audit::Requests;
use keyferry_e2e::scene::Scene;
use serde_json::{Value, json};

use super::pods::{asked, await_nudge, counted, create, of, patched, pod, with};
use crate::sync::acts::{SECOND, SOON, await_synced};
use crate::sync::ledger::Ledger;

/// What a clock and a busy machine may be off by.
const SLACK: Duration = Duration::from_millis(300);

fn slowly(qps: u32, burst: u32) -> Value {
    json!({"nudge": {"enabled": true, "qps": qps, "burst": burst}})
}

/// ExternalSecrets of their own remote secrets, synced before there is any pod.
async fn synced(scene: &Scene<'_>, names: &[&str]) -> Result<()> {
    for name in names {
        scene.secrets.create(&scene.remote(name), "first").await?;
        scene.external_secret(name, SECOND, &[("key", name)]).await?;
        await_synced(scene, name).await?;
    }
    tokio::time::sleep(2 * SECOND).await;
    Ok(())
}

async fn pods(scene: &Scene<'_>, count: usize, volumes: &[Value]) -> Result<Vec<String>> {
    let names: Vec<String> = (0..count).map(|number| format!("agent-{number}")).collect();
    let manifests: Vec<Value> = names.iter().map(|name| pod(name, volumes)).collect();
    create(scene.namespace, &manifests).await?;
    Ok(names)
}

async fn await_nudges(scene: &Scene<'_>, names: &[String]) -> Result<()> {
    for name in names {
        await_nudge(scene.namespace, name, None).await?;
    }
    Ok(())
}

fn times(requests: &Requests) -> Vec<Timestamp> {
    requests.0.iter().filter(|request| request.verb == "patch").map(|request| request.received).collect()
}

#[tokio::test]
async fn pods_are_told_at_the_rate_that_was_set_and_each_once() -> Result<()> {
    const PODS: usize = 10;
    with(&slowly(2, 3), async |scene| {
        synced(scene, &["app"]).await?;
        let names = pods(scene, PODS, &[of("app")]).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.secrets.put(&scene.remote("app"), "second").await?;
        await_nudges(scene, &names).await?;
        let asked = asked(&ledger).await?;
        assert_eq!(patched(&asked), names);
        let times = times(&asked);
        // Three at once, the other seven every half second.
        for (number, time) in times.iter().enumerate() {
            let earliest = SECOND.mul_f64(0.5) * u32::try_from(number.saturating_sub(2))?;
            let took = Duration::try_from(*time - times[0])?;
            assert!(took + SLACK >= earliest, "the pod {number} was told after {took:?}: {times:?}");
        }
        for (series, count) in [
            (r#"keyferry_nudges_total{outcome="sent"}"#, "10"),
            ("keyferry_nudge_delay_seconds_count", "10"),
            ("keyferry_nudges_waiting", "0"),
        ] {
            assert_eq!(counted(scene, series).await?, count, "{series}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pod_that_waits_is_told_of_a_second_change_by_the_same_patch() -> Result<()> {
    const PODS: usize = 6;
    with(&slowly(1, 1), async |scene| {
        synced(scene, &["app", "other"]).await?;
        let names = pods(scene, PODS, &[of("app"), of("other")]).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.secrets.put(&scene.remote("app"), "second").await?;
        await_nudge(scene.namespace, &names[0], None).await?;
        scene.secrets.put(&scene.remote("other"), "second").await?;
        scene.await_value("other", "key", "second", SOON).await?;
        await_nudges(scene, &names).await?;
        // Those that were told before the second change are told again, one a second.
        tokio::time::sleep(SECOND * u32::try_from(PODS)?).await;
        let asked = asked(&ledger).await?;
        let patches = patched(&asked);
        assert!(patches.len() > PODS && patches.len() < 2 * PODS, "{patches:?}");
        let last =
            |name: &String| asked.0.iter().rfind(|it| it.verb == "patch" && it.name == *name).map(|it| it.received);
        let written = ledger.requests().await?.writes().only(|it| it.resource == "secrets" && it.name == "other");
        for name in &names {
            assert!(last(name) > Some(written.0[0].received), "{name}: {asked:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn pods_that_cannot_be_listed_are_a_number_and_no_failure_of_the_sync() -> Result<()> {
    with(&slowly(5, 5), async |scene| {
        synced(scene, &["app"]).await?;
        pods(scene, 1, &[of("app")]).await?;
        let binding = format!("{}-nudge", scene.namespace.name());
        let namespace = scene.namespace.name();
        scene.namespace.plane().kubectl(["delete", "rolebinding", &binding, "-n", namespace]).await?;
        tokio::time::sleep(SECOND).await;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.secrets.put(&scene.remote("app"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await?;
        await_synced(scene, "app").await?;
        let asked = asked(&ledger).await?;
        let codes: Vec<_> = asked.0.iter().map(|request| (request.verb.as_str(), request.code)).collect();
        assert_eq!(codes, [("list", 403)], "it is not tried again until the next change");
        assert_eq!(counted(scene, r#"keyferry_nudges_total{outcome="unlisted"}"#).await?, "1");
        let log = scene.operator.log()?;
        assert!(log.contains("pods not nudged") && log.contains("grant it in the chart's RBAC"), "{log}");
        Ok(())
    })
    .await
}
