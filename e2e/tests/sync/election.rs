use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http::Method;
use k8s_openapi::api::coordination::v1::Lease;
use keyferry_e2e::gate::Gate;
use keyferry_e2e::operator::Operator;
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::acts::{SECOND, SOON, await_polls, await_synced};

/// ESO's name, so that the two never work at once.
const LEASE: &str = "external-secrets-controller";

/// The flags of leader election; the times of the Lease are the defaults.
fn values(more: &Value) -> Value {
    let mut values = json!({"leaderElect": true, "extraArgs": {"leader-election-identity": "first"}});
    for (name, value) in more.as_object().into_iter().flatten() {
        values[name] = value.clone();
    }
    values
}

/// A second replica, behind a gate that sees what it asks.
pub(crate) async fn second(scene: &Scene<'_>) -> Result<(Operator, Gate)> {
    let gate = Gate::open(scene.namespace.plane(), scene.installation.identity()).await?;
    let launch = scene.installation.launch().reaching_by(gate.identity()).aws_at(&scene.proxy.url());
    let launch = launch.flag(namespace_flag(scene)).flag("--leader-election-identity=second");
    Ok((launch.start(scene.namespace, SOON).await?, gate))
}

/// A pod knows its own namespace; a process beside the cluster has to be told.
fn namespace_flag(scene: &Scene<'_>) -> String {
    format!("--leader-election-namespace={}", scene.namespace.name())
}

/// Waits until the lease is held by a replica whose name begins so, within a time.
pub(crate) async fn await_leader(scene: &Scene<'_>, name: &str, within: Duration) -> Result<()> {
    let held = |lease: Option<&Lease>| {
        let holder = lease.and_then(|lease| lease.spec.as_ref()?.holder_identity.as_deref());
        holder.is_some_and(|holder| holder.starts_with(name))
    };
    scene.namespace.await_condition(LEASE, held, within).await.map(|_| ())
}

/// A scene whose only operator is the leader, with a synced ExternalSecret called `app`.
async fn with_leader(test: impl AsyncFnOnce(&mut Scene<'_>) -> Result<()>) -> Result<()> {
    with_leader_and(&json!({}), test).await
}

/// As [`with_leader`], with more values of the chart.
pub(crate) async fn with_leader_and(more: &Value, test: impl AsyncFnOnce(&mut Scene<'_>) -> Result<()>) -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.operator.stop().await?;
        scene.installation = keyferry_e2e::installation::Installation::new(scene.namespace, &values(more)).await?;
        let launch = scene.installation.launch().aws_at(&scene.proxy.url()).flag(namespace_flag(scene));
        scene.operator = launch.start(scene.namespace, SOON).await?;
        await_leader(scene, "first", SOON).await?;
        scene.secrets.create(&scene.remote("value"), "first").await?;
        scene.external_secret("app", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "app").await?;
        test(scene).await
    })
    .await
}

#[tokio::test]
async fn of_two_replicas_only_the_leader_polls_and_writes() -> Result<()> {
    with_leader(async |scene| {
        let (second, gate) = second(scene).await?;
        let ready = second.probe("/readyz").await?;
        assert!(ready.is_success() && ready.text().contains("standby"), "{}", ready.text());
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await?;
        await_polls(scene, 3).await?;
        let about_leases = |path: &str| path.ends_with(&format!("/leases/{LEASE}"));
        let others: Vec<_> = gate.asked().into_iter().filter(|asked| !about_leases(&asked.path)).collect();
        assert!(others.is_empty(), "{others:?}");
        assert!(gate.asked().iter().all(|asked| asked.method == Method::GET), "{:?}", gate.asked());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_leader_that_is_told_to_stop_hands_over_without_waiting_for_its_lease() -> Result<()> {
    with_leader(async |scene| {
        let (_second, _gate) = second(scene).await?;
        let start = Instant::now();
        assert!(scene.operator.stop().await?.success());
        // The lease would last fifteen seconds; it is asked for every two.
        await_leader(scene, "second", Duration::from_secs(10)).await?;
        let took = start.elapsed();
        assert!(took < Duration::from_secs(10), "{took:?}");
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await
    })
    .await
}

#[tokio::test]
async fn a_leader_that_is_killed_is_followed_when_its_lease_is_over() -> Result<()> {
    with_leader(async |scene| {
        let (_second, _gate) = second(scene).await?;
        let start = Instant::now();
        scene.operator.kill()?;
        await_leader(scene, "second", SOON).await?;
        let took = start.elapsed();
        // Renewed at most two seconds ago, it was good for fifteen.
        assert!(took >= Duration::from_secs(10), "{took:?}");
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await
    })
    .await
}

#[tokio::test]
async fn a_leader_that_was_frozen_past_its_lease_ends_and_writes_nothing() -> Result<()> {
    with_leader(async |scene| {
        let (_second, _gate) = second(scene).await?;
        scene.operator.freeze()?;
        await_leader(scene, "second", SOON).await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await?;
        let version = scene.version("app").await?;
        scene.operator.thaw()?;
        let status = ended(&mut scene.operator).await?;
        assert!(!status.success(), "{status:?}");
        assert_eq!(scene.version("app").await?, version);
        Ok(())
    })
    .await
}

pub(crate) async fn ended(operator: &mut Operator) -> Result<std::process::ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < SOON {
        if let Some(status) = operator.ended()? {
            return Ok(status);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None.context("it did not end")
}
