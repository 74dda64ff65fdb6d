//! The usual scene on the node: a namespace that takes restricted pods only, AWS behind a proxy that pods reach, and the
//! operator as a pod of the chart.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use k8s_openapi::api::core::v1;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::agent::{CONTAINER, Images};
use super::images::{HELPER, OPERATOR, stand_in};
use super::pod::Pod;
use super::release::Release;
use super::{Node, rights, turns};
use crate::audit::Mark;
use crate::aws::{self, Secrets};
use crate::fixtures;
use crate::helm::Helm;
use crate::installation::merge;
use crate::namespace::{self, Namespace, await_in};
use crate::proxy::Proxy;
use crate::scene::STORE;

const LOOK_AGAIN: Duration = Duration::from_millis(200);
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
    /// Before anything of the scene.
    mark: Mark,
}

/// Files of an agent's pod: their names, and the marks of their values.
pub type Files = BTreeMap<String, String>;

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
    let scene = Scene { node, namespace, secrets, proxy, release, mark };
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
        ("AWS_SSM_ENDPOINT", proxy.url()),
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
    let all: Api<v1::Namespace> = Api::all(namespace.client());
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

    /// The `spec` of an ExternalSecret with other `data` than it has, for [`Scene::patch_external_secret`].
    pub fn data(&self, data: &[(&str, &str)]) -> Value {
        let entry = |(key, name): &(&str, &str)| json!({"secretKey": key, "remoteRef": {"key": self.remote(name)}});
        json!({"spec": {"data": data.iter().map(entry).collect::<Vec<_>>()}})
    }

    /// Merges into an ExternalSecret.
    pub async fn patch_external_secret(&self, name: &str, patch: &Value) -> Result<()> {
        let api = self.namespace.dynamic(fixtures::API_VERSION, "ExternalSecret");
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.map(|_| ()).context("patch it")
    }

    /// Waits until the Secret `name` has `value` under `key`.
    pub async fn await_value(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let expected = |secret: Option<&v1::Secret>| held(secret, key) == Some(value.as_bytes());
        self.namespace.await_condition(name, expected, READY_WITHIN).await.map(|_| ())
    }

    /// Waits until the Secret `name` has just these keys, in their order.
    pub async fn await_keys(&self, name: &str, keys: &[&str]) -> Result<()> {
        let has = |secret: Option<&v1::Secret>| {
            secret.is_some_and(|secret| {
                secret.data.iter().flatten().map(|(key, _)| key.as_str()).eq(keys.iter().copied())
            })
        };
        self.namespace.await_condition(name, has, READY_WITHIN).await.map(|_| ())
    }

    /// The images of an agent's pod, on the node.
    pub async fn agent_images(&self) -> Result<Images> {
        images(self.node).await
    }

    /// Waits until an agent's pod has told that its files, by their marks, are as `wanted`; answers when they became so.
    pub async fn await_change(&self, pod: &Pod<'_>, wanted: impl Fn(&Files) -> bool) -> Result<Timestamp> {
        self.await_change_within(pod, wanted, READY_WITHIN).await
    }

    /// As [`Scene::await_change`], with a time limit.
    pub async fn await_change_within(
        &self,
        pod: &Pod<'_>,
        wanted: impl Fn(&Files) -> bool,
        within: Duration,
    ) -> Result<Timestamp> {
        let start = Instant::now();
        loop {
            if let Some(at) = pod.lines(CONTAINER).await?.iter().find_map(|line| change(line, &wanted)) {
                return Ok(at);
            }
            if start.elapsed() > within {
                bail!("the files of {} do not come to what is expected within {within:?}", pod.name());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// When the API server took the operator's first write of the Secret `name` after `since`.
    pub async fn written(&self, name: &str, since: Timestamp) -> Result<Timestamp> {
        let audit = self.node.plane().audit().context("the node's control plane has an audit log")?;
        let requests = audit.since(&self.mark, &self.namespace.client()).await?;
        let writes = requests.by(&self.release.user()).writes().about("secrets").in_namespace(self.namespace.name());
        let write = writes.0.into_iter().filter(|write| write.name == name && write.code < 300);
        write.map(|write| write.received).find(|at| *at > since).context("the audit log has no write of the Secret")
    }
}

fn held<'a>(secret: Option<&'a v1::Secret>, key: &str) -> Option<&'a [u8]> {
    secret?.data.as_ref()?.get(key).map(|value| value.0.as_slice())
}

/// When a line of the stand-in tells of files that are as `wanted`.
fn change(line: &Value, wanted: impl Fn(&Files) -> bool) -> Option<Timestamp> {
    let files: Files = serde_json::from_value(line.get("files")?.clone()).ok()?;
    wanted(&files).then(|| Timestamp::from_microsecond(line.get("at")?.as_i64()?).ok()).flatten()
}

/// The images of an agent's pod, on the node.
pub async fn images(node: &Node) -> Result<Images> {
    let helper = node.shipped(HELPER).await?;
    Ok(Images { helper: helper.image, stand_in: node.image("stand-in", &stand_in()?).await? })
}
