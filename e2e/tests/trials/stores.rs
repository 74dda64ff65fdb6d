//! A store that fails costs a probe now and then, and not one for each object that uses it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Event;
use keyferry::api::secret_store::SecretStore;
use keyferry::provider::conformance::wire::{Answer, Complaint, Fault, Scope, Wire};
use keyferry_e2e::fixtures::external_secret;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use kube::api::ListParams;
use serde_json::json;

use super::Stand;
use crate::provider::openbao;

const OBJECTS: usize = 200;
const SOON: Duration = Duration::from_secs(45);
const INTERVAL: Duration = Duration::from_secs(2);
/// How long the failing store is watched.
const WATCHED: Duration = Duration::from_secs(20);

#[test]
fn a_store_that_fails_is_probed_once_an_interval_and_not_once_for_each_object() -> Result<()> {
    super::on_a_large_stack(async || failing(true).await)
}

#[test]
fn without_the_flood_gate_a_store_that_fails_is_tried_once_an_interval_for_all_its_objects() -> Result<()> {
    super::on_a_large_stack(async || failing(false).await)
}

/// A store whose server knows nobody, with many objects; then it knows us.
async fn failing(gate: bool) -> Result<()> {
    namespace::with(async |namespace| {
        let stand = openbao::stand().await?;
        let installation = Installation::new(namespace, &json!({"storeRequeueInterval": "2s"})).await?;
        let launch = installation.launch().flag("--allow-loopback-stores");
        let launch = launch.flag(format!("--enable-flood-gate={gate}"));
        let operator = launch.start(namespace, SOON).await?;
        let refusal = stand.fixture.says(Complaint::Unauthenticated).unwrap_or_else(|| Answer::json(401, "{}"));
        stand.wire.befall(Fault::Answer(refusal), Scope::default()).await;
        stand.fixture.put("remote", b"value").await;
        stand.put_store(namespace).await?;
        let objects = (0..OBJECTS).map(|index| put_object(namespace, &stand, index)).collect::<Vec<_>>();
        stream::iter(objects).buffer_unordered(8).try_collect::<()>().await?;
        await_store(namespace, &stand, "False").await?;
        // The retries of a store begin at a second and come to its interval.
        tokio::time::sleep(INTERVAL * 2).await;
        let (calls, begun) = (stand.wire.calls(), Instant::now());
        tokio::time::sleep(WATCHED).await;
        let (calls, probes) = (stand.wire.calls() - calls, probes(begun.elapsed()));
        // Each asks twice at most: the server, and whether the token is good.
        let most = if gate { probes } else { probes + 2 * probes };
        ensure!(calls > 0, "nobody asked");
        ensure!(calls <= most, "{calls} calls in {WATCHED:?}, and {most} at most");
        stand.wire.heal().await;
        await_store(namespace, &stand, "True").await?;
        await_synced(namespace, &stand).await?;
        let events = events(namespace, &stand).await?;
        ensure!(events.get("Valid") == Some(&1), "{events:?}");
        ensure!(events.get("InvalidProviderConfig") == Some(&1), "{events:?}");
        drop(operator);
        Ok(())
    })
    .await
}

/// How many validations there are at most in `time`: a retry waits for at least half of the interval.
fn probes(time: Duration) -> usize {
    usize::try_from(time.as_millis() / (INTERVAL / 2).as_millis()).unwrap_or(usize::MAX) + 1
}

async fn put_object(namespace: &Namespace, stand: &Stand, index: usize) -> Result<()> {
    let mut object = external_secret(&format!("app-{index}"), stand.name, INTERVAL, &[("value", "remote")]);
    object["spec"]["data"][0]["remoteRef"]["property"] = stand.property.context("a property")?.into();
    namespace.create_manifest(&object).await.map(|_| ())
}

async fn await_store(namespace: &Namespace, stand: &Stand, status: &str) -> Result<()> {
    let told = |store: Option<&SecretStore>| {
        let conditions = store.and_then(|store| store.status.as_ref()).map(|status| &status.conditions);
        conditions.into_iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == status)
    };
    namespace.await_condition(stand.name, told, SOON).await.map(|_| ())
}

async fn await_synced(namespace: &Namespace, stand: &Stand) -> Result<()> {
    let start = Instant::now();
    let secrets = namespace.api::<k8s_openapi::api::core::v1::Secret>();
    let prefix = "app-";
    loop {
        let all = secrets.list_metadata(&ListParams::default()).await?.items;
        let there = all.iter().filter(|one| one.metadata.name.as_deref().is_some_and(|name| name.starts_with(prefix)));
        if there.count() == OBJECTS {
            return Ok(());
        }
        ensure!(start.elapsed() < SOON, "not all objects of {} are synced", stand.name);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How many events there are about the store, repeated ones included, by reason.
async fn events(namespace: &Namespace, stand: &Stand) -> Result<BTreeMap<String, i32>> {
    let about =
        ListParams::default().fields(&format!("involvedObject.kind=SecretStore,involvedObject.name={}", stand.name));
    let mut all = BTreeMap::new();
    for event in namespace.api::<Event>().list(&about).await?.items {
        let count = event.series.and_then(|series| series.count).or(event.count).unwrap_or(1);
        *all.entry(event.reason.unwrap_or_default()).or_insert(0) += count;
    }
    Ok(all)
}
