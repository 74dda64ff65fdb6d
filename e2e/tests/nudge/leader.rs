use std::collections::BTreeSet;

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use keyferry_e2e::scene::Scene;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::pods::{await_nudge, create, of, pod};
use crate::sync::acts::{SECOND, SOON};
use crate::sync::election::{await_leader, ended, second, with_leader_and};

fn agents(count: usize) -> Vec<Value> {
    (0..count).map(|number| pod(&format!("agent-{number}"), &[of("app")])).collect()
}

/// The pods that have been nudged.
async fn nudged(scene: &Scene<'_>) -> Result<BTreeSet<String>> {
    let pods = scene.namespace.api::<Pod>().list(&ListParams::default()).await?;
    let nudged = pods.into_iter().filter(|pod| pod.annotations().contains_key("keyferry.dev/nudged-at"));
    Ok(nudged.map(|pod| pod.name_any()).collect())
}

#[tokio::test]
async fn only_the_leader_looks_for_pods() -> Result<()> {
    with_leader_and(&json!({"nudge": {"enabled": true}}), async |scene| {
        let (_second, gate) = second(scene).await?;
        create(scene.namespace, &agents(1)).await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        await_nudge(scene.namespace, "agent-0", None).await?;
        let about_pods: Vec<_> = gate.asked().into_iter().filter(|asked| asked.path.contains("/pods")).collect();
        assert!(about_pods.is_empty(), "{about_pods:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_leader_that_was_frozen_past_its_lease_nudges_none_of_those_that_wait() -> Result<()> {
    with_leader_and(&json!({"nudge": {"enabled": true, "qps": 1, "burst": 1}}), async |scene| {
        let (_second, _gate) = second(scene).await?;
        // Until nobody looks for pods because of the first value any more.
        tokio::time::sleep(2 * SECOND).await;
        create(scene.namespace, &agents(20)).await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await?;
        await_nudge(scene.namespace, "agent-0", None).await?;
        scene.operator.freeze()?;
        await_leader(scene, "second", SOON).await?;
        let before = nudged(scene).await?;
        assert!(!before.is_empty() && before.len() < 10, "{before:?}");
        scene.operator.thaw()?;
        let status = ended(&mut scene.operator).await?;
        assert!(!status.success(), "{status:?}");
        tokio::time::sleep(2 * SECOND).await;
        assert_eq!(nudged(scene).await?, before);
        Ok(())
    })
    .await
}
