use anyhow::{Context, Result};
use futures::FutureExt;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt;
use serde_json::{Value, json};

use super::canary;
use super::site::{self, Site};
use super::trial::trial;

#[test]
fn a_target_that_is_somebody_elses_is_left_alone_and_its_owner_named() -> Result<()> {
    site::with(async |site| {
        let trials = vec![
            owned_by_another(site).boxed_local(),
            controlled_by_a_config_map(site).boxed_local(),
            orphan_would_wipe(site).boxed_local(),
            merge_into_helms(site).boxed_local(),
            sealed(site).boxed_local(),
            being_deleted(site).boxed_local(),
        ];
        site::all(trials).await
    })
}

async fn owned_by_another(site: &Site<'_>) -> Result<()> {
    site.sound("first", &json!({})).await?;
    let before = site.version("first").await?;
    site.put("second").await?;
    let words = ["target is owned by another ExternalSecret: spec.target.name", "\"first\"", "choose another name"];
    let create = async || site.create(&site.manifest("second", &json!({"target": {"name": "first"}}))).await;
    let heal = async || site.respec("second", &json!({"target": {"name": "second"}})).await;
    trial(site, "second", &words, create, async || {
        anyhow::ensure!(site.version("first").await? == before, "the first one's Secret was written");
        heal().await
    })
    .await
}

async fn controlled_by_a_config_map(site: &Site<'_>) -> Result<()> {
    let owner: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "owner"}}))?;
    let owner = site.namespace.create(&owner).await?.uid().context("it has a UID")?;
    let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner, "controller": true});
    foreign(site, "controlled", json!({"ownerReferences": [reference]}), json!({})).await?;
    site.put("controlled").await?;
    let words = [
        "failed to take ownership of target secret: spec.target.name",
        "controlled by ConfigMap \"owner\"",
        "choose another name",
    ];
    let create = async || site.create(&site.manifest("controlled", &json!({}))).await;
    trial(site, "controlled", &words, create, async || site.delete("Secret", "controlled").await).await
}

async fn orphan_would_wipe(site: &Site<'_>) -> Result<()> {
    foreign(site, "orphan", json!({}), json!({})).await?;
    site.put("orphan").await?;
    let words = ["spec.target.creationPolicy", "would lose keys", "set creationPolicy to CreateOrMerge"];
    let create = async || site.create(&site.manifest("orphan", &json!({"target": {"creationPolicy": "Orphan"}}))).await;
    let heal = async || site.respec("orphan", &json!({"target": {"creationPolicy": "CreateOrMerge"}})).await;
    trial(site, "orphan", &words, create, heal).await?;
    let secret = site.namespace.api::<Secret>().get("orphan").await?;
    let keys: Vec<String> = secret.data.unwrap_or_default().into_keys().collect();
    anyhow::ensure!(keys == ["a", "theirs"], "{keys:?}");
    Ok(())
}

async fn merge_into_helms(site: &Site<'_>) -> Result<()> {
    foreign(site, "helms", json!({}), json!({"type": "helm.sh/release.v1"})).await?;
    site.put("helms").await?;
    let words = ["spec.target.name", "\"helm.sh/release.v1\"", "such Secrets are never written"];
    let create = async || site.create(&site.manifest("helms", &json!({"target": {"creationPolicy": "Merge"}}))).await;
    let elsewhere = json!({"target": {"creationPolicy": "Owner", "name": "not-helms"}});
    trial(site, "helms", &words, create, async || site.respec("helms", &elsewhere).await).await
}

async fn sealed(site: &Site<'_>) -> Result<()> {
    site.sound("sealed", &json!({"target": {"immutable": true}})).await?;
    let words = ["could not update secret, target is immutable: spec.target", "delete the Secret"];
    let rotate = async || site.secrets.put(&site.remote("sealed"), &canary::value()).await.map(|_| ());
    trial(site, "sealed", &words, rotate, async || site.delete("Secret", "sealed").await).await
}

async fn being_deleted(site: &Site<'_>) -> Result<()> {
    foreign(site, "leaving", json!({"finalizers": ["e2e.keyferry.io/hold"]}), json!({})).await?;
    site.delete("Secret", "leaving").await?;
    site.put("leaving").await?;
    let words = ["spec.target.name", "is being deleted", "a finalizer may hold it"];
    let create = async || site.create(&site.manifest("leaving", &json!({}))).await;
    let let_go = json!({"metadata": {"finalizers": null}});
    trial(site, "leaving", &words, create, async || site.patch("v1", "Secret", "leaving", &let_go).await).await
}

/// A Secret that is not ours.
async fn foreign(site: &Site<'_>, name: &str, metadata: Value, rest: Value) -> Result<()> {
    let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata,
        "stringData": {"theirs": canary::value()}});
    secret["metadata"]["name"] = name.into();
    for (field, value) in rest.as_object().into_iter().flatten() {
        secret[field] = value.clone();
    }
    site.create(&secret).await
}
