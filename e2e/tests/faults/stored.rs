//! Objects that are older than the CRDs: stored while anything was admitted, then found by the operator's first list.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http::Method;
use keyferry_e2e::control_plane::ControlPlane;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::raw::{Content, ask, collection};
use kube::Client;
use kube::api::{Api, DynamicObject, GroupVersionKind};
use kube::core::ApiResource;
use serde_json::{Value, json};

use super::site::{self, SOON};

const NAMESPACE: &str = "stored-before";
const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const KINDS: [&str; 2] = ["externalsecrets", "secretstores"];
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Name, spec, and the words of the status: field, cause, cure.
fn external_secrets() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    let good = json!({"secretKey": "a", "remoteRef": {"key": "k"}});
    let with = |patch: Value| {
        let mut spec = json!({"secretStoreRef": {"name": "nowhere"}, "data": [good]});
        for (field, value) in patch.as_object().into_iter().flatten() {
            spec[field] = value.clone();
        }
        spec
    };
    let not_of_type = "is not of the type that the API asks for";
    let window = |window: Value| with(json!({"syncWindows": {"kind": "allow", "windows": [window]}}));
    vec![
        ("data-is-text", with(json!({"data": "KfCnry"})), vec!["spec.data:", not_of_type, "correct the manifest"]),
        (
            "key-is-number",
            with(json!({"data": [good, {"secretKey": 5, "remoteRef": {"key": "k"}}]})),
            vec!["spec.data[1]:", not_of_type],
        ),
        ("unknown-policy", with(json!({"target": {"creationPolicy": "KfCnry"}})), vec!["spec.target:", not_of_type]),
        ("spec-is-text", json!("KfCnry"), vec!["spec:", not_of_type]),
        (
            "interval",
            with(json!({"refreshInterval": "soon"})),
            vec!["spec.refreshInterval", "is no duration", "write it like 10s"],
        ),
        ("window", window(json!({"schedule": "sometimes", "duration": "1h"})), vec!["spec.syncWindows"]),
        (
            "nothing",
            with(json!({"data": []})),
            vec!["spec: neither data nor dataFrom is set", "name what is to be read"],
        ),
        ("twice", with(json!({"data": [good, good]})), vec!["spec.data[1].secretKey", "is set twice", "remove one"]),
        (
            "bad-key",
            with(json!({"data": [{"secretKey": "a/b", "remoteRef": {"key": "k"}}]})),
            vec!["spec.data[0].secretKey", "rename it"],
        ),
        (
            "token",
            with(json!({"target": {"template": {"type": "kubernetes.io/service-account-token"}}})),
            vec!["spec.target.template.type", "never written"],
        ),
        (
            "delete-merge",
            with(json!({"target": {"creationPolicy": "Merge", "deletionPolicy": "Delete"}})),
            vec!["spec.target.deletionPolicy", "does not go with creationPolicy Merge"],
        ),
    ]
}

fn stores() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    vec![
        ("provider-is-text", json!({"provider": "KfCnry"}), vec!["spec.provider", "is not of the type"]),
        ("two-providers", json!({"provider": {}}), vec!["names no provider"]),
    ]
}

/// Stores what the CRDs of `plane` would refuse: opens them for a moment.
pub(super) async fn put(plane: &ControlPlane) -> Result<()> {
    let client = plane.client().await?;
    plane.kubectl(["create", "namespace", NAMESPACE]).await?;
    let mut originals = Vec::new();
    for plural in KINDS {
        originals.push((plural, open(plane, plural).await?));
    }
    for (kind, plural, objects) in
        [("ExternalSecret", KINDS[0], external_secrets()), ("SecretStore", KINDS[1], stores())]
    {
        for (name, spec, _) in objects {
            let object = json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec});
            let path = collection(API_VERSION, NAMESPACE, plural);
            until(async || Ok(ask(&client, Method::POST, &path, Some((Content::Object, &object))).await?.is_success()))
                .await
                .context(name)?;
        }
    }
    for (plural, schema) in originals {
        let patch = json!([{"op": "replace", "path": "/spec/versions", "value": schema}]);
        send(&client, plural, &patch).await?;
        let bad = json!({"apiVersion": API_VERSION, "kind": if plural == KINDS[0] { "ExternalSecret" } else { "SecretStore" },
            "metadata": {"name": "probe"}, "spec": "text"});
        let path = collection(API_VERSION, NAMESPACE, plural) + "?dryRun=All";
        until(async || Ok(!ask(&client, Method::POST, &path, Some((Content::Object, &bad))).await?.is_success()))
            .await?;
    }
    Ok(())
}

/// Has a CRD admit anything; its versions as they were.
async fn open(plane: &ControlPlane, plural: &str) -> Result<Value> {
    let text = plane.kubectl(["get", "crd", &format!("{plural}.external-secrets.io"), "-o", "json"]).await?;
    let crd: Value = serde_json::from_str(&text)?;
    let original = crd["spec"]["versions"].clone();
    let mut versions = original.clone();
    for version in versions.as_array_mut().context("it has versions")? {
        version["schema"] =
            json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        version.as_object_mut().context("a version")?.remove("selectableFields");
    }
    send(&plane.client().await?, plural, &json!([{"op": "replace", "path": "/spec/versions", "value": versions}]))
        .await?;
    Ok(original)
}

async fn send(client: &Client, plural: &str, patch: &Value) -> Result<()> {
    let path = format!("{CRDS}/{plural}.external-secrets.io");
    let reply = ask(client, Method::PATCH, &path, Some((Content::JsonPatch, patch))).await?;
    ensure!(reply.is_success(), "{}", reply.message);
    Ok(())
}

async fn until(mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !holds().await? {
        if begun.elapsed() > SOON {
            bail!("it does not come");
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

#[test]
fn what_was_stored_before_the_crds_is_told_what_is_wrong_and_stops_nobody() -> Result<()> {
    site::with(async |site| {
        let mut broken = Vec::new();
        for (kind, reason, objects) in [
            ("ExternalSecret", "SecretSyncedError", external_secrets()),
            ("SecretStore", "InvalidProviderConfig", stores()),
        ] {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", kind));
            let api: Api<DynamicObject> = Api::namespaced_with(site.namespace.client(), NAMESPACE, &resource);
            for (name, _, words) in objects {
                let told = async || {
                    let status = api.get(name).await?.data["status"]["conditions"][0].clone();
                    let message = status["message"].as_str().unwrap_or_default();
                    Ok(status["reason"] == reason && words.iter().all(|word| message.contains(word)))
                };
                if until(told).await.is_err() {
                    broken.push(format!("{name}: {} instead of {words:?}", api.get(name).await?.data["status"]));
                }
            }
        }
        ensure!(broken.is_empty(), "{}", broken.join("\n"));
        site.neighbour_follows().await
    })
}
