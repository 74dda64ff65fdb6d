//! The usual scene on the node: a namespace that takes restricted pods only, AWS behind a proxy that pods reach, and the
//! operator as a pod of the chart.

use std::time::Duration;

use anyhow::{Context, Result};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::agent::Images;
use super::images::{HELPER, OPERATOR, Shipped, stand_in};
use super::release::Release;
use super::{Node, rights, turns};
use crate::aws::{self, Secrets};
use crate::fixtures;
use crate::helm::Helm;
use crate::installation::merge;
use crate::namespace::{self, Namespace, await_in};
use crate::proxy::Proxy;
use crate::scene::STORE;

const READY_WITHIN: Duration = Duration::from_mins(1);

/// What most tests on the node begin with.
pub struct Scene<'a> {
    /// The node.
    pub node: &'static Node,
    /// Where it all is; it enforces restricted Pod Security.
    pub namespace: &'a Namespace,
    /// Puts remote secrets, by the proxy, which records when.
    pub secrets: Secrets,
    /// Between the pods and AWS.
    pub proxy: Proxy,
    /// The operator.
    pub release: Release,
}

/// Runs `test` with a namespace of its own that enforces restricted Pod Security, and no operator.
pub async fn bare(test: impl AsyncFnOnce(&'static Node, &Namespace) -> Result<()>) -> Result<()> {
    let node = Box::pin(super::shared()).await?;
    namespace::on(node.plane(), async |namespace| {
        restrict(namespace).await?;
        test(node, namespace).await
    })
    .await
}

/// Runs `test` beside others, in a scene whose chart was installed with `values`.
pub async fn with(values: &Value, test: impl AsyncFnOnce(&Scene<'_>) -> Result<()>) -> Result<()> {
    let _turn = turns::together().await;
    bare(async |node, namespace| run(node, namespace, values, test).await).await
}

/// As [`with`], while no other test runs on the node.
pub async fn alone(values: &Value, test: impl AsyncFnOnce(&Scene<'_>) -> Result<()>) -> Result<()> {
    let _turn = turns::alone().await;
    bare(async |node, namespace| run(node, namespace, values, test).await).await
}

async fn run(
    node: &'static Node,
    namespace: &Namespace,
    values: &Value,
    test: impl AsyncFnOnce(&Scene<'_>) -> Result<()>,
) -> Result<()> {
    let audit = node.plane().audit().context("the node's control plane has an audit log")?;
    let mark = audit.mark(&namespace.client()).await?;
    let (secrets, proxy) = aws_for(node).await?;
    let mut all = aws_at(&proxy);
    merge(&mut all, values);
    let image = node.shipped(OPERATOR).await?;
    let release = Release::scoped(Helm::four(node.plane())?, namespace, &image, &all).await?;
    put_store(namespace).await?;
    let scene = Scene { node, namespace, secrets, proxy, release };
    Box::pin(test(&scene)).await?;
    let granted = rights::granted(&namespace.client(), namespace.name(), scene.release.account()).await?;
    let requests = audit.since(&mark, &namespace.client()).await?.by(&scene.release.user());
    rights::account(granted, &rights::used(&requests))
}

/// AWS, and a proxy in front of it at an address that pods reach. Secrets are put by the proxy.
pub async fn aws_for(node: &Node) -> Result<(Secrets, Proxy)> {
    let proxy = Proxy::start_on(node.address(), aws::shared().await?.address()).await?;
    Ok((Secrets::at(&proxy.url()), proxy))
}

/// The chart's values for an operator that takes `proxy` for AWS.
pub fn aws_at(proxy: &Proxy) -> Value {
    let variables = [
        ("AWS_SECRETSMANAGER_ENDPOINT", proxy.url()),
        ("AWS_STS_ENDPOINT", proxy.url()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    json!({"extraEnv": variables.map(|(name, value)| json!({"name": name, "value": value}))})
}

/// Creates the store that every scene has, and waits until the operator has validated it.
pub async fn put_store(namespace: &Namespace) -> Result<()> {
    fixtures::put_aws_store(namespace, STORE, "AKIAFIXTURE").await?;
    let stores = namespace.dynamic(fixtures::API_VERSION, "SecretStore");
    let validated = |store: Option<&DynamicObject>| store.is_some_and(|store| fixtures::is_ready(&store.data));
    await_in(stores, STORE, validated, READY_WITHIN).await.map(|_| ())
}

/// Has a namespace take restricted pods only.
pub async fn restrict(namespace: &Namespace) -> Result<()> {
    let all: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(namespace.client());
    let label = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
    all.patch(namespace.name(), &PatchParams::default(), &Patch::Merge(label)).await?;
    Ok(())
}

impl Scene<'_> {
    /// A name for a remote secret that no other test has.
    pub fn remote(&self, name: &str) -> String {
        format!("{}/{name}", self.namespace.name())
    }

    /// Creates an ExternalSecret of the scene's store; each of `data` is `(target key, remote name)`.
    pub async fn external_secret(&self, name: &str, refresh: Duration, data: &[(&str, &str)]) -> Result<()> {
        let remote: Vec<(&str, String)> = data.iter().map(|(key, name)| (*key, self.remote(name))).collect();
        let data: Vec<(&str, &str)> = remote.iter().map(|(key, remote)| (*key, remote.as_str())).collect();
        let manifest = fixtures::external_secret(name, STORE, refresh, &data);
        self.namespace.create_manifest(&manifest).await.map(|_| ())
    }

    /// The images of an agent's pod, on the node.
    pub async fn agent_images(&self) -> Result<Images> {
        let helper: Shipped = self.node.shipped(HELPER).await?;
        Ok(Images { helper: helper.image, stand_in: self.node.image("stand-in", &stand_in()?).await? })
    }
}
