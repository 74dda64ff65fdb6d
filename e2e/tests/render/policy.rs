use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use keyferry_e2e::namespace::{self, Namespace};
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use super::{account, comparable, file, render, restrict, shown, text};

const TRIES: u32 = 150;
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Asks the API server to make a pod, without storing it.
async fn dry_run(namespace: &Namespace, manifest: &Value) -> Result<Value> {
    let pods = namespace.api::<Pod>();
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    Ok(serde_json::to_value(pods.create(&parameters, &serde_json::from_value(manifest.clone())?).await?)?)
}

/// Waits until a policy that was just made is in force for `manifest`, and answers the pod that comes of it.
async fn in_force(namespace: &Namespace, manifest: &Value) -> Result<Value> {
    for _ in 0..TRIES {
        let pod = dry_run(namespace, manifest).await?;
        let inits = pod["spec"]["initContainers"].as_array();
        if inits.into_iter().flatten().any(|container| container["name"] == "keyferry-helper") {
            return Ok(pod);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    bail!("the policy is not in force")
}

async fn delete(namespace: &Namespace, path: &std::path::Path) -> Result<()> {
    namespace.plane().kubectl(["delete", "--ignore-not-found", "--wait=false", "-f", shown(path)?]).await.map(|_| ())
}

/// Both ways from one pod: by the policy in the API server, and by the manifest that was changed before.
async fn both_ways(namespace: &Namespace, manifest: &str) -> Result<(Value, Value)> {
    account(namespace).await?;
    let path = file(namespace, "input.yaml", manifest)?;
    let plain: Value = serde_saphyr::from_str(manifest)?;
    let changed = render(&["--output", "post-renderer", "--nudge"], manifest)?.answer;
    let changed: Value = serde_saphyr::from_str(&changed)?;
    let patched = dry_run(namespace, &changed).await?;
    let policy = render(&[shown(&path)?, "--output", "policy", "--nudge"], "")?.answer;
    let policy = file(namespace, "policy.yaml", &policy)?;
    namespace.plane().kubectl(["apply", "-f", shown(&policy)?]).await?;
    let outcome = async {
        let mutated = in_force(namespace, &plain).await?;
        // What has been changed already is changed to the same.
        let again = dry_run(namespace, &changed).await?;
        assert_eq!(comparable(&again), comparable(&patched), "the policy is not idempotent");
        let made =
            namespace.api::<Pod>().create(&PostParams::default(), &serde_json::from_value(plain.clone())?).await?;
        let made = serde_json::to_value(made)?;
        assert_eq!(comparable(&made), comparable(&mutated));
        Ok((mutated, patched))
    }
    .await;
    delete(namespace, &policy).await?;
    outcome
}

#[tokio::test]
async fn the_policy_makes_of_a_pod_what_the_patch_makes_of_it() -> Result<()> {
    namespace::with(async |namespace| {
        restrict(namespace).await?;
        let manifest = text("pod.yaml", namespace)?;
        let (mutated, patched) = both_ways(namespace, &manifest).await?;
        assert_eq!(comparable(&mutated), comparable(&patched));
        assert_eq!(mutated["metadata"]["labels"]["keyferry.dev/nudge"], "true");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn only_the_container_that_resolves_handles_gets_the_mounts() -> Result<()> {
    namespace::with(async |namespace| {
        restrict(namespace).await?;
        let (mutated, _) = both_ways(namespace, &text("pod.yaml", namespace)?).await?;
        let containers = mutated["spec"]["containers"].as_array().context("there are containers")?;
        for container in containers {
            let mounts = container["volumeMounts"].as_array().context("the token is mounted")?;
            let ours = mounts
                .iter()
                .filter(|mount| mount["name"].as_str().is_some_and(|name| name.starts_with("keyferry-")))
                .count();
            assert_eq!(ours, if container["name"] == "datadog-sidecar" { 2 } else { 0 }, "{}", container["name"]);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pod_with_volumes_a_group_and_old_variables_comes_to_the_same_both_ways() -> Result<()> {
    namespace::with(async |namespace| {
        restrict(namespace).await?;
        let closed = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
        let manifest = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "old", "namespace": namespace.name(), "labels": {"app": "old"}},
            "spec": {
                "securityContext": {"runAsNonRoot": true, "fsGroup": 7, "seccompProfile": {"type": "RuntimeDefault"}},
                "initContainers": [{"name": "own", "image": "registry.example/own:1", "securityContext": closed}],
                "containers": [{
                    "name": "agent", "image": "registry.example/agent:7", "securityContext": closed,
                    "env": [
                        {"name": "DD_API_KEY", "value": "ENC[api-key]"},
                        {"name": "DD_SECRET_BACKEND_COMMAND", "value": "/readsecret.sh"},
                        {"name": "DD_SECRET_BACKEND_ARGUMENTS", "value": "/etc/secrets"},
                    ],
                    "volumeMounts": [{"name": "own", "mountPath": "/own"}],
                }],
                "volumes": [{"name": "own", "emptyDir": {}}],
            },
        });
        let (mutated, patched) = both_ways(namespace, &manifest.to_string()).await?;
        assert_eq!(comparable(&mutated), comparable(&patched));
        let spec = &comparable(&mutated)["spec"];
        assert_eq!(spec["securityContext"]["fsGroup"], 7);
        assert_eq!(spec["initContainers"].as_array().map(Vec::len), Some(2));
        let variables = spec["containers"][0]["env"].as_array().context("there are variables")?;
        let value = |name: &str| {
            variables.iter().find(|variable| variable["name"] == name).map(|variable| variable["value"].clone())
        };
        assert_eq!(value("DD_SECRET_BACKEND_COMMAND"), Some(json!("/opt/keyferry/keyferry-helper")));
        // The API server leaves an empty value out.
        assert_eq!(value("DD_SECRET_BACKEND_ARGUMENTS"), Some(Value::Null));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pod_that_another_selector_means_is_left_alone() -> Result<()> {
    namespace::with(async |namespace| {
        let manifest = text("pod.yaml", namespace)?;
        both_ways(namespace, &manifest).await?;
        let mut other: Value = serde_saphyr::from_str(&manifest)?;
        other["metadata"]["labels"] = json!({"app": "other"});
        other["metadata"]["name"] = "other".into();
        let policy = file(namespace, "policy.yaml", &render(&["--output", "policy"], &manifest)?.answer)?;
        namespace.plane().kubectl(["apply", "-f", shown(&policy)?]).await?;
        let mut mine: Value = serde_saphyr::from_str(&manifest)?;
        mine["metadata"]["name"] = "mine".into();
        in_force(namespace, &mine).await?;
        let untouched = dry_run(namespace, &other).await?;
        delete(namespace, &policy).await?;
        assert!(untouched["spec"]["initContainers"].is_null(), "{untouched}");
        namespace.api::<Pod>().delete("app", &DeleteParams::default()).await?;
        Ok(())
    })
    .await
}
