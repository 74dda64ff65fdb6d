//! ClusterSecretStores. Their operator works in the whole cluster, so it has a control plane of its own: on the shared one
//! it would touch every other test's objects.

use anyhow::{Result, anyhow};
use k8s_openapi::api::core::v1::Namespace;
use keyferry_e2e::control_plane::ControlPlane;
use keyferry_e2e::scene::{self, Scene};
use keyferry_e2e::settings::Settings;
use keyferry_e2e::{fixtures, namespace};
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use super::acts::{SECOND, SOON, await_failed, await_synced, create, message};

static PLANE: OnceCell<Result<ControlPlane>> = OnceCell::const_new();
/// One operator at a time: two would write the same statuses.
static TURN: Mutex<()> = Mutex::const_new(());

/// Runs `test` with the only operator of a cluster; in a cluster that somebody else lives in it is left out.
async fn with(test: impl AsyncFnOnce(&mut Scene<'_>) -> Result<()>) -> Result<()> {
    alone(async |plane| scene::with_on(plane, &json!({"scopedNamespace": ""}), test).await).await
}

/// Runs `test` on a control plane that has no other operator meanwhile; none where somebody else lives in the cluster.
pub(crate) async fn alone(test: impl AsyncFnOnce(&'static ControlPlane) -> Result<()>) -> Result<()> {
    let settings = Settings::from_environment();
    if settings.kubeconfig.is_some() {
        return Ok(());
    }
    let _turn: MutexGuard<'_, ()> = TURN.lock().await;
    let plane = PLANE.get_or_init(async || ControlPlane::open(&settings).await).await;
    test(plane.as_ref().map_err(|error| anyhow!("{error:#}"))?).await
}

/// All of them.
pub(crate) fn cluster_stores(client: Client) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", "ClusterSecretStore"));
    Api::all_with(client, &kind)
}

/// Makes a ClusterSecretStore named after the scene, with `conditions` and the scene's credentials or the consumer's.
async fn put_store(scene: &Scene<'_>, conditions: &Value, referent: bool) -> Result<String> {
    let name = scene.namespace.name();
    let mut store = fixtures::aws_store(name);
    store["kind"] = "ClusterSecretStore".into();
    store["spec"]["conditions"] = conditions.clone();
    for field in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        if !referent {
            store["spec"]["provider"]["aws"]["auth"]["secretRef"][field]["namespace"] = name.into();
        }
    }
    cluster_stores(scene.namespace.client()).create(&PostParams::default(), &serde_json::from_value(store)?).await?;
    Ok(name.to_owned())
}

fn app(scene: &Scene<'_>, store: &str) -> Value {
    let mut manifest = scene.manifest("app", SECOND, &[("key", "value")]);
    manifest["spec"]["secretStoreRef"] = json!({"name": store, "kind": "ClusterSecretStore"});
    manifest
}

async fn label(scene: &Scene<'_>, labels: &Value) -> Result<()> {
    let all: Api<Namespace> = Api::all(scene.namespace.client());
    let patch = json!({"metadata": {"labels": labels}});
    all.patch(scene.namespace.name(), &PatchParams::default(), &Patch::Merge(&patch)).await?;
    Ok(())
}

#[tokio::test]
async fn a_cluster_store_serves_the_namespaces_that_its_conditions_select_as_their_labels_change() -> Result<()> {
    with(async |scene| {
        scene.secrets.create(&scene.remote("value"), "first").await?;
        let conditions = json!([{"namespaceSelector": {"matchLabels": {"team": "a"}}}]);
        let store = put_store(scene, &conditions, false).await?;
        create(scene, &app(scene, &store)).await?;
        await_failed(scene, "app").await?;
        let message = message(scene, "app").await?;
        assert!(message.contains("denied by spec.condition"), "{message}");
        assert!(scene.proxy.calls().is_empty(), "{:?}", scene.proxy.calls());

        label(scene, &json!({"team": "a"})).await?;
        await_synced(scene, "app").await?;

        label(scene, &json!({"team": null})).await?;
        await_failed(scene, "app").await?;
        let before = scene.version("app").await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        label(scene, &json!({"other": "1"})).await?;
        assert_eq!(scene.version("app").await?, before);

        label(scene, &json!({"team": "a"})).await?;
        scene.await_value("app", "key", "second", SOON).await?;
        cluster_stores(scene.namespace.client()).delete(&store, &DeleteParams::default()).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn credentials_without_a_namespace_are_those_of_each_consumer() -> Result<()> {
    with(async |scene| {
        let plane = scene.namespace.plane();
        namespace::on(plane, async |other| {
            scene.secrets.create(&scene.remote("value"), "value").await?;
            other.create_manifest(&fixtures::aws_credentials("AKIAOTHER")).await?;
            let store = put_store(scene, &json!([]), true).await?;
            create(scene, &app(scene, &store)).await?;
            other.create_manifest(&app(scene, &store)).await?;
            await_synced(scene, "app").await?;
            let synced = |object: Option<&keyferry::api::ExternalSecret>| {
                object
                    .and_then(|object| serde_json::to_value(object).ok())
                    .is_some_and(|object| fixtures::is_ready(&object))
            };
            other.await_condition("app", synced, SOON).await?;
            let keys: std::collections::BTreeSet<_> =
                scene.proxy.calls().into_iter().map(|call| call.access_key).collect();
            assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["AKIAFIXTURE", "AKIAOTHER"]);
            cluster_stores(scene.namespace.client()).delete(&store, &DeleteParams::default()).await?;
            Ok(())
        })
        .await
    })
    .await
}
