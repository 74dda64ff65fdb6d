use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use futures::FutureExt;
use keyferry::api::provider::StoreProvider;
use keyferry::api::secret_store::SecretStore;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::raw::{Content, ask};
use serde_json::{Value, json};

use super::site::{self, Site};
use super::trial::trial;

const NOT_SUPPORTED: &str = "is not supported by Keyferry yet";
/// Providers that a store may name: the 43 of External Secrets Operator v2.9, and `alibaba`.
const SLOTS: usize = 44;

#[test]
fn a_store_that_cannot_serve_is_named_with_the_cure() -> Result<()> {
    site::with(async |site| {
        let trials =
            vec![unknown(site).boxed_local(), of_another_class(site).boxed_local(), not_admitted(site).boxed_local()];
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

/// A store that is kept and not served.
struct Unserved {
    name: String,
    /// What its message names.
    field: String,
    provider: Value,
    /// Makes it one that is served, by its own credentials.
    cure: Value,
}

impl Unserved {
    fn slot(slot: &str) -> Self {
        let name = slot.to_lowercase();
        // Neither a form that we know nor a reference that we follow.
        let settings = json!({
            "auth": {"secretRef": {"token": {"name": "n", "key": "k", "namespace": slot}}, "order": {"b": 1, "a": 2}},
            "url": "https://example.com/?a=b&c=<d>", "list": [1, -2.5, true, {"deep": [["é\u{2028}\"\\"]]}],
            "empty": {}, "none": [], "text": "",
        });
        let cure = json!({slot: null, "aws": Site::aws(&name)});
        Self { field: slot.to_owned(), provider: json!({slot: settings}), cure, name }
    }

    fn certificates() -> Self {
        let name = "certificates".to_owned();
        let mut provider = json!({"aws": Site::aws(&name)});
        provider["aws"]["service"] = "CertificateManager".into();
        // The schema's own default.
        provider["aws"]["sessionTagsPolicy"] = "None".into();
        let cure = json!({"aws": {"service": "SecretsManager"}});
        Self { field: "aws.service: CertificateManager".to_owned(), provider, cure, name }
    }
}

#[test]
fn every_store_that_is_not_served_is_kept_whole_and_says_which_version_does_not_serve_it() -> Result<()> {
    let unserved: BTreeSet<_> = StoreProvider::unserved().into_iter().collect();
    let served: BTreeSet<_> = StoreProvider::served().into_iter().collect();
    ensure!(unserved.is_disjoint(&served) && unserved.len() + served.len() == SLOTS, "{unserved:?} {served:?}");
    site::with(async move |site| {
        let all = unserved.iter().map(|slot| Unserved::slot(slot)).chain([Unserved::certificates()]);
        site::all(all.map(|one| kept(site, one).boxed_local()).collect()).await
    })
}

async fn kept(site: &Site<'_>, one: Unserved) -> Result<()> {
    let Unserved { name, field, mut provider, cure } = one;
    // The API server answers in this order.
    provider.sort_all_objects();
    site.sound(&name, &json!({})).await?;
    site.create(&site.credentials(&name)).await?;
    let manifest = json!({"apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": name},
        "spec": {"provider": provider}});
    site.create(&manifest).await?;
    let words = [&*format!("`spec.provider.{field}` {NOT_SUPPORTED}"), env!("CARGO_PKG_VERSION"), "the store is kept"];
    site.condition::<SecretStore>(&name, "False", "InvalidProviderConfig", &words).await?;
    let stored = site.namespace.dynamic(API_VERSION, "SecretStore").get(&name).await?.data;
    let stored = &stored["spec"]["provider"];
    ensure!(serde_json::to_vec(stored)? == serde_json::to_vec(&provider)?, "{name}: {provider} is kept as {stored}");
    let words = ["spec.secretStoreRef", &format!("SecretStore \"{name}\" is not ready"), "see the store's status"];
    let breaks = async || site.respec(&name, &using(&name)).await;
    let cure = json!({"spec": {"provider": cure}});
    trial(site, &name, &words, breaks, async || site.patch(API_VERSION, "SecretStore", &name, &cure).await).await
}

fn using(store: &str) -> Value {
    json!({"secretStoreRef": {"name": store}})
}
