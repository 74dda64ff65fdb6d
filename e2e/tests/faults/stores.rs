use anyhow::Result;
use futures::FutureExt;
use keyferry::api::secret_store::SecretStore;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::raw::{Content, ask};
use serde_json::{Value, json};

use super::site::{self, Site};
use super::trial::trial;

const NOT_SUPPORTED: &str = "is not supported by Keyferry yet; the store is kept as it is";

#[test]
fn a_store_that_cannot_serve_is_named_with_the_cure() -> Result<()> {
    site::with(async |site| {
        let trials = vec![
            unknown(site).boxed_local(),
            of_another_class(site).boxed_local(),
            not_admitted(site).boxed_local(),
            unsupported(site, "oracle", json!({"vault": "v", "region": "r"})).boxed_local(),
            unsupported(site, "doppler", json!({"auth": {"secretRef": {"dopplerToken": {"name": "n"}}}})).boxed_local(),
        ];
        site::all(trials).await
    })
}

async fn unknown(site: &Site<'_>) -> Result<()> {
    site.sound("unknown", &json!({})).await?;
    let words = ["spec.secretStoreRef", "could not get SecretStore \"later\"", "does not exist", "create it"];
    let breaks = async || site.respec("unknown", &json!({"secretStoreRef": {"name": "later"}})).await;
    trial(site, "unknown", &words, breaks, async || site.store("later").await).await
}

async fn of_another_class(site: &Site<'_>) -> Result<()> {
    site.put("class").await?;
    let mut store = Site::aws_store("other-class");
    store["spec"]["controller"] = "other".into();
    site.create(&site.credentials("other-class")).await?;
    site.create(&store).await?;
    let words = ["spec.secretStoreRef", "controller class \"other\"", "run an operator of that class"];
    let create = async || site.create(&site.manifest("class", &using("other-class"))).await;
    let ours = json!({"spec": {"controller": null}});
    trial(site, "class", &words, create, async || site.patch(API_VERSION, "SecretStore", "other-class", &ours).await)
        .await
}

async fn not_admitted(site: &Site<'_>) -> Result<()> {
    site.sound("not-admitted", &json!({})).await?;
    let name = site.namespace.name();
    let mut store = Site::aws_store("aws");
    store["kind"] = "ClusterSecretStore".into();
    store["metadata"]["name"] = name.into();
    store["spec"]["conditions"] = json!([{"namespaces": ["elsewhere"]}]);
    let selectors = &mut store["spec"]["provider"]["aws"]["auth"]["secretRef"];
    for selector in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        selectors[selector]["namespace"] = name.into();
    }
    let path = format!("/apis/{API_VERSION}/clustersecretstores");
    let client = site.namespace.client();
    let reply = ask(&client, http::Method::POST, &path, Some((Content::Object, &store))).await?;
    anyhow::ensure!(reply.is_success(), "{}", reply.message);
    let words =
        ["spec.secretStoreRef.name", "is not allowed from namespace", "denied by spec.condition", "use another store"];
    let reference = json!({"secretStoreRef": {"name": name, "kind": "ClusterSecretStore"}});
    let breaks = async || site.respec("not-admitted", &reference).await;
    let admit = json!({"spec": {"conditions": [{"namespaces": [name]}]}});
    let one = format!("{path}/{name}");
    let tried = trial(site, "not-admitted", &words, breaks, async || {
        ask(&client, http::Method::PATCH, &one, Some((Content::MergePatch, &admit))).await.map(|_| ())
    })
    .await;
    ask(&client, http::Method::DELETE, &one, None).await?;
    tried
}

async fn unsupported(site: &Site<'_>, provider: &str, spec: Value) -> Result<()> {
    site.sound(provider, &json!({})).await?;
    let store = format!("{provider}-store");
    site.create(&site.credentials(&store)).await?;
    let manifest = json!({"apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": store},
        "spec": {"provider": {provider: spec}}});
    site.create(&manifest).await?;
    let slot = format!("`spec.provider.{provider}` {NOT_SUPPORTED}");
    site.condition::<SecretStore>(&store, "False", "InvalidProviderConfig", &[&slot]).await?;
    let words = ["spec.secretStoreRef", &format!("SecretStore \"{store}\" is not ready"), "see the store's status"];
    let breaks = async || site.respec(provider, &using(&store)).await;
    let aws = json!({"spec": {"provider": {provider: null, "aws": Site::aws(&store)}}});
    trial(site, provider, &words, breaks, async || site.patch(API_VERSION, "SecretStore", &store, &aws).await).await
}

fn using(store: &str) -> Value {
    json!({"secretStoreRef": {"name": store}})
}
