use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, ServiceAccount};
use keyferry_e2e::{control_plane, namespace};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_control_plane_serves_a_version_that_the_product_supports() -> Result<()> {
    let plane = control_plane::shared().await?;
    let version = plane.client().await?.apiserver_version().await?;
    let minor: u32 = version.minor.trim_end_matches('+').parse()?;
    assert!(minor >= 32, "{version:?}");
    Ok(())
}

#[tokio::test]
async fn the_audit_log_counts_exactly_the_calls_that_were_made() -> Result<()> {
    namespace::with(async |namespace| {
        let Some(audit) = namespace.audit() else { return Ok(()) };
        let user = namespace.plane().service_account(namespace.name(), "caller").await?;
        allow_all(namespace, "caller").await?;
        let maps: Api<ConfigMap> = Api::namespaced(user.client().await?, namespace.name());
        let before = audit.mark(&namespace.client()).await?;
        let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "one"}}))?;
        maps.create(&PostParams::default(), &map).await?;
        for value in ["a", "b"] {
            maps.patch("one", &PatchParams::default(), &Patch::Merge(json!({"data": {"key": value}}))).await?;
        }
        maps.list(&ListParams::default()).await?;
        let all = audit.since(&before, &namespace.client()).await?.by(&user.user);
        let count = |verb: &str, count| ((verb.to_owned(), "configmaps".to_owned()), count);
        assert_eq!(all.tally(), BTreeMap::from([count("create", 1), count("patch", 2), count("list", 1)]));
        assert_eq!(all.clone().writes().count(), 3);
        assert!(all.0.iter().all(|request| request.namespace == namespace.name() && request.code < 300));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_service_account_may_do_nothing_that_no_role_gives_it() -> Result<()> {
    namespace::with(async |namespace| {
        let user = namespace.plane().service_account(namespace.name(), "stranger").await?;
        let secrets: Api<Secret> = Api::namespaced(user.client().await?, namespace.name());
        let error = secrets.get("any").await.expect_err("RBAC is off");
        assert!(matches!(&error, kube::Error::Api(answer) if answer.code == 403), "{error}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_object_is_collected_when_its_owner_is_gone() -> Result<()> {
    namespace::with(async |namespace| {
        let owner: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "owner"}}))?;
        let owner = namespace.create(&owner).await?;
        let uid = owner.metadata.uid.context("a created object has a UID")?;
        let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid});
        let metadata = json!({"name": "owned", "ownerReferences": [reference]});
        let dependent: Secret = serde_json::from_value(json!({"metadata": metadata}))?;
        namespace.create(&dependent).await?;
        namespace.api::<ConfigMap>().delete("owner", &DeleteParams::background()).await?;
        let gone = |secret: Option<&Secret>| secret.is_none();
        namespace.await_condition("owned", gone, SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_namespace_gets_its_default_service_account() -> Result<()> {
    namespace::with(async |namespace| {
        let exists = |account: Option<&ServiceAccount>| account.is_some();
        namespace.await_condition("default", exists, SOON).await?;
        Ok(())
    })
    .await
}

async fn allow_all(namespace: &namespace::Namespace, account: &str) -> Result<()> {
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "all"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace.name()}],
    });
    namespace.create_manifest(&binding).await?;
    Ok(())
}
