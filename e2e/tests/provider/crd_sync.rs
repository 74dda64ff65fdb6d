//! Objects of a kind of the tests' own through the operator, from an ExternalSecret to its Secret.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::fixtures::{API_VERSION, external_secret, is_ready};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace, await_in};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::crd::{WIDGETS, resource, serve_widgets};
use super::kubernetes::{account, grant};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(40);

/// A namespace with an operator, and a ServiceAccount that may read widgets there.
async fn with(test: impl AsyncFnOnce(&Namespace) -> Result<()>) -> Result<()> {
    namespace::with(async |home| {
        serve_widgets(home.plane()).await?;
        let values = json!({"rbac": {"serviceAccountTokenCreate": true}});
        let installation = Box::pin(Installation::new(home, &values)).await?;
        let _operator = installation.launch().start(home, SOON).await?;
        home.plane().service_account(home.name(), "reader").await?;
        let rules = json!([{"apiGroups": ["e2e.keyferry.io"], "resources": ["widgets"], "verbs": ["get", "list"]}]);
        grant(home, "reader", &rules, &account(home.name(), "reader")).await?;
        Box::pin(test(home)).await
    })
    .await
}

async fn store(home: &Namespace, name: &str, resource: &Value, rules: &Value) -> Result<()> {
    let provider = json!({"crd": {
        "auth": {"serviceAccount": {"name": "reader"}}, "resource": resource, "whitelist": {"rules": rules},
    }});
    let spec = json!({"provider": provider});
    let manifest = json!({"apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": name}, "spec": spec});
    home.create_manifest(&manifest).await.map(|_| ())
}

async fn widget(home: &Namespace, name: &str, spec: &Value) -> Result<()> {
    let manifest = json!({"apiVersion": WIDGETS, "kind": "Widget", "metadata": {"name": name}, "spec": spec});
    home.create_manifest(&manifest).await.map(|_| ())
}

async fn await_data(home: &Namespace, name: &str, key: &str, value: &str) -> Result<()> {
    let holds = |secret: Option<&Secret>| {
        secret.and_then(|secret| secret.data.as_ref()?.get(key)).is_some_and(|held| held.0 == value.as_bytes())
    };
    home.await_condition(name, holds, SOON).await.map(|_| ())
}

/// Waits until an object says why it is not ready.
async fn await_refusal(home: &Namespace, kind: &str, name: &str, words: &str) -> Result<()> {
    let told = |object: Option<&DynamicObject>| {
        object.is_some_and(|object| !is_ready(&object.data) && object.data.to_string().contains(words))
    };
    let told = await_in(home.dynamic(API_VERSION, kind), name, told, SOON).await;
    told.map(|_| ()).with_context(|| format!("{name}: {words}"))
}

/// An ExternalSecret for one property, or all, of a widget.
fn reads(name: &str, store: &str, remote: &str, property: Option<&str>) -> Value {
    let mut manifest = external_secret(name, store, SECOND, &[("value", remote)]);
    if let Some(property) = property {
        manifest["spec"]["data"][0]["remoteRef"]["property"] = property.into();
    }
    manifest
}

#[tokio::test]
async fn a_secret_follows_a_property_of_an_object_and_goes_with_it() -> Result<()> {
    with(async |home| {
        store(home, "widgets", &resource(), &json!([])).await?;
        widget(home, "db", &json!({"password": "first", "ports": [1, 2]})).await?;
        let mut manifest = reads("db", "widgets", "db", Some("spec.password"));
        manifest["spec"]["target"]["deletionPolicy"] = "Delete".into();
        manifest["spec"]["dataFrom"] = json!([{"extract": {"key": "db", "property": "spec"}}]);
        home.create_manifest(&manifest).await?;
        await_data(home, "db", "value", "first").await?;
        await_data(home, "db", "ports", "[1,2]").await?;
        let patch = json!({"spec": {"password": "second"}});
        let api = home.dynamic(WIDGETS, "Widget");
        api.patch("db", &PatchParams::default(), &Patch::Merge(&patch)).await?;
        await_data(home, "db", "value", "second").await?;
        api.delete("db", &DeleteParams::default()).await?;
        home.await_condition("db", |secret: Option<&Secret>| secret.is_none(), SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nothing_outside_of_the_whitelist_is_read() -> Result<()> {
    with(async |home| {
        let rules = json!([{"name": "^db$", "properties": ["^spec\\.password$"]}, {"name": "^open-"}]);
        store(home, "widgets", &resource(), &rules).await?;
        for name in ["db", "other", "open-1"] {
            widget(home, name, &json!({"password": "p", "token": "t"})).await?;
        }
        home.create_manifest(&reads("allowed", "widgets", "db", Some("spec.password"))).await?;
        await_data(home, "allowed", "value", "p").await?;
        for (name, remote, property) in [
            ("another-property", "db", Some("spec.token")),
            ("the-whole", "db", None),
            ("another-object", "other", Some("spec.password")),
        ] {
            home.create_manifest(&reads(name, "widgets", remote, property)).await?;
            await_refusal(home, "ExternalSecret", name, "whitelist does not allow it").await?;
            assert!(home.api::<Secret>().get_opt(name).await?.is_none(), "{name} was written");
        }
        let mut find = external_secret("found", "widgets", SECOND, &[]);
        find["spec"]["dataFrom"] = json!([{"find": {"name": {"regexp": ".*"}}}]);
        home.create_manifest(&find).await?;
        let held = |secret: Option<&Secret>| secret.is_some_and(|secret| secret.data.is_some());
        let held = home.await_condition("found", held, SOON).await?.context("a Secret")?.data.context("data")?;
        assert_eq!(held.keys().collect::<Vec<_>>(), ["open-1"]);
        // Rules are checked at each read: what the store allows no more is read no more.
        let patch = json!({"spec": {"provider": {"crd": {"whitelist": {"rules": [{"name": "^open-"}]}}}}});
        let api = home.dynamic(API_VERSION, "SecretStore");
        api.patch("widgets", &PatchParams::default(), &Patch::Merge(&patch)).await?;
        await_refusal(home, "ExternalSecret", "allowed", "whitelist does not allow it").await?;
        await_data(home, "allowed", "value", "p").await
    })
    .await
}

#[tokio::test]
async fn a_store_says_that_its_kind_is_not_there_or_is_not_read_this_way() -> Result<()> {
    with(async |home| {
        let kind = |group: &str, kind: &str| json!({"group": group, "version": "v1", "kind": kind});
        store(home, "gadgets", &kind("e2e.keyferry.io", "Gadget"), &json!([])).await?;
        await_refusal(home, "SecretStore", "gadgets", "does not serve the kind").await?;
        store(home, "secrets", &kind("", "Secret"), &json!([])).await?;
        await_refusal(home, "SecretStore", "secrets", "spec.provider.kubernetes").await?;
        // The account may not read these.
        store(home, "maps", &kind("", "ConfigMap"), &json!([])).await?;
        await_refusal(home, "SecretStore", "maps", "the credentials may not get configmaps in the namespace").await
    })
    .await
}
