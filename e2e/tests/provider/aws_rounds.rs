//! What a round of polls costs on AWS, from the proxy's own record of calls.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::proxy::Call;
use keyferry_e2e::scene::{self, Scene};
use keyferry_e2e::{aws, fixtures};
use serde_json::json;

const KEYS: usize = 1000;
const TARGETS: usize = 10;
const ROUND: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(90);

/// A thousand keys of the store `store` in ten ExternalSecrets, synced.
async fn put_thousand(scene: &Scene<'_>, store: &str, names: &[String]) -> Result<()> {
    let keys: Vec<_> = (0..KEYS).map(|number| format!("k{number}")).collect();
    let data: Vec<_> = keys.iter().map(String::as_str).zip(names.iter().map(String::as_str)).collect();
    for (number, chunk) in data.chunks(KEYS / TARGETS).enumerate() {
        let manifest = fixtures::external_secret(&format!("app-{number}"), store, ROUND, chunk);
        scene.namespace.create_manifest(&manifest).await?;
    }
    let whole = |secret: Option<&Secret>| {
        secret.is_some_and(|secret| secret.data.as_ref().is_some_and(|data| data.len() == KEYS / TARGETS))
    };
    for number in 0..TARGETS {
        scene.namespace.await_condition(&format!("app-{number}"), whole, SOON).await?;
    }
    Ok(())
}

/// The calls of two whole rounds, after those in which the objects were first synced; by the proxy's clock, since a busy
/// machine sleeps longer than it is told.
async fn two_rounds(scene: &Scene<'_>) -> Result<Vec<Call>> {
    tokio::time::sleep(ROUND * 4).await;
    let mut calls = scene.proxy.calls();
    let end = calls.iter().filter_map(|call| call.answered).max().context("calls")?;
    let start = end - jiff::SignedDuration::try_from(ROUND * 2)?;
    calls.retain(|call| call.answered.is_some_and(|answered| answered > start));
    Ok(calls)
}

fn tally(calls: &[Call]) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for call in calls {
        *tally.entry(call.operation.as_str()).or_default() += 1;
    }
    tally
}

/// Whether all keys were read and none more often than a call at the edge explains.
fn all_read(calls: &[Call], names: &[String]) -> bool {
    let mut reads = BTreeMap::<&str, usize>::new();
    for name in calls.iter().flat_map(|call| &call.secrets) {
        *reads.entry(name).or_default() += 1;
    }
    reads.len() == names.len() && reads.values().all(|count| *count <= 3)
}

#[tokio::test]
async fn a_thousand_secrets_are_fifty_calls_a_round() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let names: Vec<_> = (0..KEYS).map(|number| scene.remote(&format!("k{number}"))).collect();
        for name in &names {
            scene.secrets.create(name, "value").await?;
        }
        put_thousand(scene, scene::STORE, &names).await?;
        let calls = two_rounds(scene).await?;
        eprintln!("{KEYS} secrets: {:?} in two rounds", tally(&calls));
        assert_eq!(tally(&calls).into_keys().collect::<Vec<_>>(), ["BatchGetSecretValue"]);
        assert!((95..=105).contains(&calls.len()), "{} calls in two rounds", calls.len());
        assert!(all_read(&calls, &names));
        Ok(())
    })
    .await
}

/// Puts the scene's store beside one of Parameter Store, and a parameter under each name.
async fn put_parameters(scene: &Scene<'_>, names: &[String]) -> Result<&'static str> {
    let parameters = aws::shared().await?.parameters();
    for name in names {
        parameters.put(name, "value").await?;
    }
    let mut store = fixtures::aws_store("parameters");
    store["spec"]["provider"]["aws"]["service"] = "ParameterStore".into();
    scene.namespace.create_manifest(&store).await?;
    Ok("parameters")
}

#[tokio::test]
async fn a_thousand_parameters_are_a_hundred_calls_a_round() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let names: Vec<_> = (0..KEYS).map(|number| format!("/{}", scene.remote(&format!("k{number}")))).collect();
        let store = put_parameters(scene, &names).await?;
        put_thousand(scene, store, &names).await?;
        let calls = two_rounds(scene).await?;
        eprintln!("{KEYS} parameters: {:?} in two rounds", tally(&calls));
        assert_eq!(tally(&calls).into_keys().collect::<Vec<_>>(), ["GetParameters"]);
        assert!((190..=210).contains(&calls.len()), "{} calls in two rounds", calls.len());
        assert!(all_read(&calls, &names));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_all_share_is_one_call_a_round() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let secret = scene.remote("shared");
        scene.secrets.create(&secret, "value").await?;
        let parameter = format!("/{secret}");
        let store = put_parameters(scene, std::slice::from_ref(&parameter)).await?;
        for number in 0..50 {
            for (store, remote) in [(scene::STORE, &secret), (store, &parameter)] {
                let name = format!("{store}-{number}");
                let manifest = fixtures::external_secret(&name, store, ROUND, &[("key", remote)]);
                scene.namespace.create_manifest(&manifest).await?;
            }
        }
        for number in 0..50 {
            for store in [scene::STORE, store] {
                scene.await_value(&format!("{store}-{number}"), "key", "value", SOON).await?;
            }
        }
        let calls = two_rounds(scene).await?;
        eprintln!("100 objects, 2 references: {:?} in two rounds", tally(&calls));
        // A third is one at the edge of the two rounds.
        let tally = tally(&calls);
        assert_eq!(tally.keys().copied().collect::<Vec<_>>(), ["GetParameter", "GetSecretValue"]);
        assert!(tally.values().all(|count| (2..=3).contains(count)), "{tally:?}");
        Ok(())
    })
    .await
}
