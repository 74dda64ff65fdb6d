//! The chart from its first installation to its removal, for the whole cluster and by both Helms, as people do it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use keyferry_e2e::aws::Secrets;
use keyferry_e2e::control_plane::ControlPlane;
use keyferry_e2e::fixtures::{aws_store, external_secret};
use keyferry_e2e::helm::Helm;
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::node::images::OPERATOR;
use keyferry_e2e::node::release::{CONTAINER, Release};
use keyferry_e2e::node::{Node, rights, scene, turns};
use keyferry_e2e::scene::STORE;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

const NAME: &str = "keyferry";
const CLUSTER_STORE: &str = "aws-of-the-cluster";
const OFTEN: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_mins(1);
/// Every kind that the chart may bring, but CRDs and what goes with these.
const KINDS: &str = "deployments,serviceaccounts,services,networkpolicies,poddisruptionbudgets,roles,rolebindings,\
    clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,pods,replicasets";

#[tokio::test]
async fn helm_four_installs_the_chart_runs_it_and_leaves_the_crds_and_the_secrets() -> Result<()> {
    lives(Helm::four, async |release, namespace| release.pod(&namespace.client()).await).await
}

/// Helm 3's `--wait` is content with a Deployment whose one pod may be unavailable for a moment, as this one's may (there
/// are never two operators without leader election): so the pod is waited for.
#[tokio::test]
async fn helm_three_installs_the_chart_runs_it_and_leaves_the_crds_and_the_secrets() -> Result<()> {
    lives(Helm::three, async |release, namespace| release.await_pod(&namespace.client(), SOON).await).await
}

async fn lives(
    helm: impl Fn(&ControlPlane) -> Result<Helm>,
    pod: impl AsyncFn(&Release, &Namespace) -> Result<v1::Pod>,
) -> Result<()> {
    // It is for the whole cluster, and brings the CRDs.
    let _turn = turns::alone().await;
    scene::bare(async |node, namespace| {
        let (secrets, proxy) = scene::aws_for(node).await?;
        let audit = node.plane().audit().context("it has an audit log")?;
        let mark = audit.mark(&namespace.client()).await?;
        remove_crds(node).await?;
        let mut values = scene::aws_at(&proxy);
        values["networkPolicy"] = json!({"enabled": true});
        values["podDisruptionBudget"] = json!({"enabled": true});
        values["metrics"] = json!({"service": {"enabled": true}});
        let image = node.shipped(OPERATOR).await?;
        let helm = helm(node.plane())?;
        namespace.owns_release(&helm, NAME);
        let release = Release::install(helm, NAME, namespace.name(), &image, &values).await?;
        let pod = pod(&release, namespace).await?;
        has_probes_and_has_not_restarted(&pod)?;
        is_selected(&pod, namespace).await?;
        works(namespace, &secrets).await?;
        let granted = rights::granted(&namespace.client(), namespace.name(), release.account()).await?;
        let requests = audit.since(&mark, &namespace.client()).await?.by(&release.user());
        rights::account(granted, &rights::used(&requests))?;

        assert!(!left(node).await?.is_empty(), "the test would not see what is left");
        release.uninstall().await?;
        await_nothing_left(node).await?;
        let crds = node.plane().kubectl(["get", "crds", "-o", "name"]).await?;
        assert!(crds.contains("externalsecrets.external-secrets.io"), "{crds}");
        assert!(holds(Some(&namespace.api::<v1::Secret>().get("app").await?), "first"));
        Ok(())
    })
    .await
}

/// The control plane has them from the beginning; Helm is to bring them here. What is left of other tests goes with them.
async fn remove_crds(node: &'static Node) -> Result<()> {
    let names = node.plane().kubectl(["get", "crds", "-o", "name"]).await?;
    let ours: Vec<&str> = names.lines().filter(|name| name.contains("external-secrets.io")).collect();
    node.plane().kubectl(["delete", "--timeout=60s"].into_iter().chain(ours)).await.map(|_| ())
}

/// A remote secret becomes a Secret, by a store of the namespace and by one of the cluster; and where that is asked for, one
/// that is gone takes the Secret along.
async fn works(namespace: &Namespace, secrets: &Secrets) -> Result<()> {
    scene::put_store(namespace).await?;
    namespace.plane().kubectl_apply(&cluster_store(namespace.name())).await?;
    let remote = |name: &str| format!("{}/{name}", namespace.name());
    for name in ["app", "leaves"] {
        secrets.create(&remote(name), "first").await?;
    }
    namespace.create_manifest(&external_secret("app", STORE, OFTEN, &[("value", &remote("app"))])).await?;
    let mut leaves = external_secret("leaves", CLUSTER_STORE, OFTEN, &[("value", &remote("leaves"))]);
    leaves["spec"]["secretStoreRef"]["kind"] = json!("ClusterSecretStore");
    leaves["spec"]["target"]["deletionPolicy"] = json!("Delete");
    namespace.create_manifest(&leaves).await?;
    for name in ["app", "leaves"] {
        namespace.await_condition(name, |secret: Option<&v1::Secret>| holds(secret, "first"), SOON).await?;
    }
    secrets.delete(&remote("leaves")).await?;
    namespace.await_condition("leaves", |secret: Option<&v1::Secret>| secret.is_none(), SOON).await?;
    // Its finalizer is the operator's to remove, so it goes before the operator does; the store outlives the namespace.
    namespace.plane().kubectl(["delete", "externalsecret", "leaves", "--namespace", namespace.name()]).await?;
    namespace.plane().kubectl(["delete", "clustersecretstore", CLUSTER_STORE]).await.map(|_| ())
}

/// The namespace's store, for the whole cluster.
fn cluster_store(namespace: &str) -> Value {
    let mut store = aws_store(CLUSTER_STORE);
    store["kind"] = json!("ClusterSecretStore");
    let keys = &mut store["spec"]["provider"]["aws"]["auth"]["secretRef"];
    for key in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        keys[key]["namespace"] = json!(namespace);
    }
    store
}

/// It is ready, so the readiness probe has passed; the liveness probe has not failed.
fn has_probes_and_has_not_restarted(pod: &v1::Pod) -> Result<()> {
    let spec = pod.spec.as_ref().context("a pod has a spec")?;
    let container = spec.containers.iter().find(|container| container.name == CONTAINER).context("it has ours")?;
    assert!(container.readiness_probe.is_some() && container.liveness_probe.is_some());
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    assert!(statuses.into_iter().all(|status| status.restart_count == 0), "{:?}", pod.status);
    Ok(())
}

/// The bridge of this node enforces no policy; what can be seen is that the API server takes it and that it means the pod.
async fn is_selected(pod: &v1::Pod, namespace: &Namespace) -> Result<()> {
    let policies = namespace.api::<NetworkPolicy>().list(&ListParams::default()).await?;
    let policy = policies.items.first().and_then(|policy| policy.spec.clone()).context("there is a policy")?;
    let wanted = policy.pod_selector.and_then(|selector| selector.match_labels).context("it selects by labels")?;
    let labels: &BTreeMap<String, String> = pod.labels();
    assert!(!wanted.is_empty() && wanted.iter().all(|(name, value)| labels.get(name) == Some(value)), "{wanted:?}");
    Ok(())
}

async fn left(node: &'static Node) -> Result<String> {
    let label = format!("app.kubernetes.io/instance={NAME}");
    node.plane().kubectl(["get", KINDS, "--all-namespaces", "-o", "name", "-l", &label]).await
}

/// Pods take a moment to end.
async fn await_nothing_left(node: &'static Node) -> Result<()> {
    let gone = async {
        while !left(node).await?.is_empty() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(SOON, gone).await {
        Ok(gone) => gone,
        Err(_) => anyhow::bail!("left behind: {}", left(node).await?),
    }
}

fn holds(secret: Option<&v1::Secret>, value: &str) -> bool {
    secret.and_then(|secret| secret.data.as_ref()?.get("value")).is_some_and(|held| held.0 == value.as_bytes())
}
