//! What a round of polls costs on AWS, from the proxy's own record of calls.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use keyferry_e2e::scene::{self, Scene};
use keyferry_e2e::{aws, fixtures};
use serde_json::json;

use super::rounds::{KEYS, Log, ROUND, count, put_thousand, settle};

const SOON: Duration = Duration::from_secs(90);

/// Watches three rounds after a whole one: whatever calls there are have to be `operations`, and `calls` a round.
async fn watch(scene: &Scene<'_>, keys: &[String], operations: &[&str], calls: usize) -> Result<()> {
    let since = |mark| scene.proxy.since(mark).into_iter().filter(|call| call.answered.is_some());
    let log = async |mark| Ok(Log::of_batches(since(mark).map(|call| call.secrets)));
    let synced = scene.proxy.mark();
    settle(keys, &async || log(synced).await).await?;
    let settled = scene.proxy.mark();
    count(keys, &async || log(settled).await).await?.cost_at_most(calls)?;
    let made: BTreeSet<_> = since(settled).map(|call| call.operation).collect();
    ensure!(made.iter().map(String::as_str).eq(operations.iter().copied()), "{made:?}");
    Ok(())
}

#[tokio::test]
async fn a_thousand_secrets_are_fifty_calls_a_round() -> Result<()> {
    scene::with(&json!({"storeRequeueInterval": "1h"}), async |scene| {
        let names: Vec<_> = (0..KEYS).map(|number| scene.remote(&format!("k{number}"))).collect();
        for name in &names {
            scene.secrets.create(name, "value").await?;
        }
        put_thousand(scene.namespace, scene::STORE, &names).await?;
        watch(scene, &names, &["BatchGetSecretValue"], KEYS / 20).await
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
    scene::with(&json!({"storeRequeueInterval": "1h"}), async |scene| {
        let names: Vec<_> = (0..KEYS).map(|number| format!("/{}", scene.remote(&format!("k{number}")))).collect();
        let store = put_parameters(scene, &names).await?;
        put_thousand(scene.namespace, store, &names).await?;
        watch(scene, &names, &["GetParameters"], KEYS / 10).await
    })
    .await
}

#[tokio::test]
async fn what_all_share_is_one_call_a_round() -> Result<()> {
    scene::with(&json!({"storeRequeueInterval": "1h"}), async |scene| {
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
        watch(scene, &[secret, parameter], &["GetParameter", "GetSecretValue"], 2).await
    })
    .await
}
