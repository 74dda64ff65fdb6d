//! Pods as tests put them, and what became of them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use http::Method;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use keyferry_e2e::audit::{Request, Requests};
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::raw::{Content, ask, collection};
use keyferry_e2e::scene::{self, Scene};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::sync::acts::SOON;
use crate::sync::ledger::Ledger;

const NUDGED_AT: &str = "keyferry.dev/nudged-at";
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What is not asked within this time after a change is not asked because of it: the wait for others is a second at most.
const QUIET: Duration = Duration::from_secs(2);

/// Runs `test` in a scene that nudges, its policy in force.
pub(super) async fn with(values: &Value, test: impl AsyncFnOnce(&mut Scene<'_>) -> Result<()>) -> Result<()> {
    scene::with(values, async |scene| {
        await_policy(scene.namespace, &scene.installation.identity().client().await?).await?;
        test(scene).await
    })
    .await
}

/// The chart's values with the nudge on.
pub(super) fn on() -> Value {
    json!({"nudge": {"enabled": true}})
}

/// A pod on a node that does not exist, with these volumes mounted as folders; deleted at once when it is deleted.
pub(super) fn pod(name: &str, volumes: &[Value]) -> Value {
    let names = (0..volumes.len()).map(|number| format!("v{number}"));
    let mounts: Vec<Value> = names.clone().map(|name| json!({"name": name, "mountPath": format!("/{name}")})).collect();
    let named = |(name, volume): (String, &Value)| {
        let mut volume = volume.clone();
        volume["name"] = name.into();
        volume
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"keyferry.dev/nudge": "true"}},
        "spec": {
            "nodeName": "nowhere",
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 0,
            "volumes": names.clone().zip(volumes).map(named).collect::<Vec<Value>>(),
            "containers": [{"name": "c", "image": "none", "volumeMounts": mounts}],
        },
    })
}

/// A volume of one Secret.
pub(super) fn of(secret: &str) -> Value {
    json!({"secret": {"secretName": secret}})
}

/// A volume of one Secret that may be missing.
pub(super) fn optional(secret: &str) -> Value {
    json!({"projected": {"sources": [{"secret": {"name": secret, "optional": true}}]}})
}

/// Creates pods; they need their namespace's account.
pub(super) async fn create(namespace: &Namespace, pods: &[Value]) -> Result<()> {
    namespace.await_condition("default", |account: Option<&ServiceAccount>| account.is_some(), SOON).await?;
    for pod in pods {
        namespace.create_manifest(pod).await.with_context(|| format!("create {pod}"))?;
    }
    Ok(())
}

/// The annotation of a pod, if it has been nudged.
pub(super) async fn nudged_at(namespace: &Namespace, pod: &str) -> Result<Option<String>> {
    Ok(namespace.api::<Pod>().get(pod).await?.annotations().get(NUDGED_AT).cloned())
}

/// Waits until the annotation of a pod is another than `before`.
pub(super) async fn await_nudge(namespace: &Namespace, pod: &str, before: Option<&str>) -> Result<String> {
    let start = Instant::now();
    while start.elapsed() < SOON {
        if let Some(now) = nudged_at(namespace, pod).await?.filter(|now| Some(now.as_str()) != before) {
            return Ok(now);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    bail!("the pod {pod} is not nudged within {SOON:?}")
}

/// What the operator asked about pods since the account was opened, when nothing more is to come.
pub(super) async fn asked(ledger: &Ledger) -> Result<Requests> {
    tokio::time::sleep(QUIET).await;
    Ok(ledger.requests().await?.only(|request| request.resource == "pods"))
}

/// The operator's own count, as it is written; empty where there is no such series.
pub(super) async fn counted(scene: &Scene<'_>, series: &str) -> Result<String> {
    Ok(scene.operator.metrics().await?.get(series).map(ToString::to_string).unwrap_or_default())
}

/// The names of the pods that were patched, sorted.
pub(super) fn patched(requests: &Requests) -> Vec<String> {
    let patches = requests.0.iter().filter(|request| request.verb == "patch");
    let mut names: Vec<String> = patches.map(|request| request.name.clone()).collect();
    names.sort();
    names
}

/// How many lists there were, none of them refused.
pub(super) fn lists(requests: &Requests) -> usize {
    let is_list = |request: &&Request| request.verb == "list" && request.code == 200;
    requests.0.iter().filter(is_list).count()
}

/// Policies reach the API server's admission a moment after they are written.
pub(super) async fn await_policy(namespace: &Namespace, operator: &Client) -> Result<()> {
    let mut unlabelled = pod("without-label", &[]);
    unlabelled["metadata"]["labels"] = json!({});
    create(namespace, &[unlabelled]).await?;
    let path = collection("v1", namespace.name(), "pods") + "/without-label?dryRun=All";
    let start = Instant::now();
    while start.elapsed() < SOON {
        let change = json!({"metadata": {"annotations": {"a": "b"}}});
        let reply = ask(operator, Method::PATCH, &path, Some((Content::MergePatch, &change))).await?;
        if reply.message.contains("nudge policy") {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    bail!("the nudge policy is not in force within {SOON:?}")
}
