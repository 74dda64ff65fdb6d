//! Objects of a kind of the tests' own through the operator, from an ExternalSecret to its Secret.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::fixtures::{API_VERSION, external_secret};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::crd::{WIDGETS, resource, serve_widgets};
use super::kubernetes::{account, grant};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(40);

/// A namespace with an operator, and a ServiceAccount that may read widgets there.
async fn with(test: impl AsyncFnOnce(&Namespace) -> Result<()>) -> Result<()> {
    namespace::with(async |home| {
        serve_widgets(home.plane()).await?;
        let installation = Box::pin(Installation::that_mints_tokens(home)).await?;
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
    home.put_store(name, &provider).await
}

async fn widget(home: &Namespace, name: &str, spec: &Value) -> Result<()> {
    let manifest = json!({"apiVersion": WIDGETS, "kind": "Widget", "metadata": {"name": name}, "spec": spec});
    home.put(&manifest).await
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
        home.await_value("db", "value", "first").await?;
        home.await_value("db", "ports", "[1,2]").await?;
        let patch = json!({"spec": {"password": "second"}});
        let api = home.dynamic(WIDGETS, "Widget");
        api.patch("db", &PatchParams::default(), &Patch::Merge(&patch)).await?;
        home.await_value("db", "value", "second").await?;
        api.delete("db", &DeleteParams::default()).await?;
        home.await_gone("db").await
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
        home.await_value("allowed", "value", "p").await?;
        for (name, remote, property) in [
            ("another-property", "db", Some("spec.token")),
            ("the-whole", "db", None),
            ("another-object", "other", Some("spec.password")),
        ] {
            home.create_manifest(&reads(name, "widgets", remote, property)).await?;
            home.await_words("ExternalSecret", name, "whitelist does not allow it").await?;
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
        home.await_words("ExternalSecret", "allowed", "whitelist does not allow it").await?;
        home.await_value("allowed", "value", "p").await
    })
    .await
}

#[tokio::test]
async fn a_store_says_that_its_kind_is_not_there_or_is_not_read_this_way() -> Result<()> {
    with(async |home| {
        let kind = |group: &str, kind: &str| json!({"group": group, "version": "v1", "kind": kind});
        store(home, "gadgets", &kind("e2e.keyferry.io", "Gadget"), &json!([])).await?;
        home.await_words("SecretStore", "gadgets", "does not serve the kind").await?;
        store(home, "secrets", &kind("", "Secret"), &json!([])).await?;
        home.await_words("SecretStore", "secrets", "spec.provider.kubernetes").await?;
        // The account may not read these.
        store(home, "maps", &kind("", "ConfigMap"), &json!([])).await?;
        home.await_words("SecretStore", "maps", "the credentials may not get configmaps in the namespace").await
    })
    .await
}
