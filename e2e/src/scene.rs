//! The usual scene: a namespace, the chart's rights, AWS behind the proxy, a store that uses it, and the operator.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use k8s_openapi::api::core::v1::{Event, Secret};
use keyferry::api::ExternalSecret;
use kube::ResourceExt;
use kube::api::DynamicObject;
use kube::api::ListParams;
use serde_json::Value;

use crate::aws::{self, Secrets};
use crate::control_plane::ControlPlane;
use crate::fixtures;
use crate::installation::Installation;
use crate::namespace::{self, Namespace, await_in};
use crate::operator::Operator;
use crate::proxy::Proxy;

/// The store of every scene.
pub const STORE: &str = "aws";
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const READY_WITHIN: Duration = Duration::from_secs(30);

/// What most tests of the operator begin with.
pub struct Scene<'a> {
    /// Where it all is.
    pub namespace: &'a Namespace,
    /// Puts remote secrets, past the proxy.
    pub secrets: Secrets,
    /// Between the operator and AWS.
    pub proxy: Proxy,
    /// The chart, as it was installed for this scene.
    pub installation: Installation,
    /// The one operator that is running.
    pub operator: Operator,
}

/// Runs `test` in a scene whose chart was installed with `values`.
pub async fn with(values: &Value, test: impl AsyncFnOnce(&mut Scene<'_>) -> Result<()>) -> Result<()> {
    namespace::with(async |namespace| run(namespace, values, test).await).await
}

/// As [`with`], on another control plane than the shared one.
pub async fn with_on(
    plane: &'static ControlPlane,
    values: &Value,
    test: impl AsyncFnOnce(&mut Scene<'_>) -> Result<()>,
) -> Result<()> {
    namespace::on(plane, async |namespace| run(namespace, values, test).await).await
}

async fn run(
    namespace: &Namespace,
    values: &Value,
    test: impl AsyncFnOnce(&mut Scene<'_>) -> Result<()>,
) -> Result<()> {
    let moto = aws::shared().await?;
    let proxy = Proxy::start(moto.address()).await?;
    let installation = Box::pin(Installation::new(namespace, values)).await?;
    fixtures::put_aws_store(namespace, STORE, "AKIAFIXTURE").await?;
    let operator = installation.launch().aws_at(&proxy.url()).start(namespace, READY_WITHIN).await?;
    let stores = namespace.dynamic(fixtures::API_VERSION, "SecretStore");
    let validated = |store: Option<&DynamicObject>| store.is_some_and(|store| fixtures::is_ready(&store.data));
    await_in(stores, STORE, validated, READY_WITHIN).await?;
    Box::pin(test(&mut Scene { namespace, secrets: moto.secrets(), proxy, installation, operator })).await
}

impl Scene<'_> {
    /// A name for a remote secret that no other test has.
    pub fn remote(&self, name: &str) -> String {
        format!("{}/{name}", self.namespace.name())
    }

    /// Another operator beside the one that runs, with the same rights and flags.
    pub async fn another_operator(&self) -> Result<Operator> {
        self.installation.launch().aws_at(&self.proxy.url()).start(self.namespace, READY_WITHIN).await
    }

    /// Creates an ExternalSecret of the scene's store; each of `data` is `(target key, remote name)`.
    pub async fn external_secret(&self, name: &str, refresh: Duration, data: &[(&str, &str)]) -> Result<()> {
        self.namespace.create_manifest(&self.manifest(name, refresh, data)).await.map(|_| ())
    }

    /// The manifest that [`Scene::external_secret`] creates, for tests that want more in it.
    pub fn manifest(&self, name: &str, refresh: Duration, data: &[(&str, &str)]) -> Value {
        let remote: Vec<(&str, String)> = data.iter().map(|(key, name)| (*key, self.remote(name))).collect();
        let data: Vec<(&str, &str)> = remote.iter().map(|(key, remote)| (*key, remote.as_str())).collect();
        fixtures::external_secret(name, STORE, refresh, &data)
    }

    /// Waits until the ExternalSecret `name` has `Ready` with this status and reason, for example `("True", "SecretSynced")`.
    pub async fn await_ready(&self, name: &str, status: &str, reason: &str, within: Duration) -> Result<()> {
        let expected = |object: Option<&ExternalSecret>| ready(object) == Some((status.to_owned(), reason.to_owned()));
        self.namespace.await_condition(name, expected, within).await.map(|_| ())
    }

    /// Waits until the Secret `name` has `value` under `key`.
    pub async fn await_value(&self, name: &str, key: &str, value: &str, within: Duration) -> Result<()> {
        let expected = |secret: Option<&Secret>| held(secret, key) == Some(value.as_bytes());
        self.namespace.await_condition(name, expected, within).await.map(|_| ())
    }

    /// Waits until there is an event about `name` with this reason; the operator sends it after it has written the status.
    pub async fn await_event(&self, name: &str, reason: &str, within: Duration) -> Result<()> {
        let about = format!("involvedObject.name={name},reason={reason}");
        let (events, start) = (self.namespace.api::<Event>(), Instant::now());
        while events.list(&ListParams::default().fields(&about)).await?.items.is_empty() {
            if start.elapsed() > within {
                bail!("there is no event {reason} about {name} within {within:?}");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The keys of the Secret `name`; none where there is no such Secret.
    pub async fn keys(&self, name: &str) -> Result<Option<Vec<String>>> {
        let secret = self.namespace.api::<Secret>().get_opt(name).await?;
        Ok(secret.map(|secret| secret.data.unwrap_or_default().into_keys().collect()))
    }

    /// The resource version of the Secret `name`: that of another moment says whether it was written in between.
    pub async fn version(&self, name: &str) -> Result<Option<String>> {
        Ok(self.namespace.api::<Secret>().get(name).await?.resource_version())
    }
}

fn ready(object: Option<&ExternalSecret>) -> Option<(String, String)> {
    let status = object?.status.as_ref()?;
    let condition = status.conditions.iter().find(|condition| condition.type_ == "Ready")?;
    Some((condition.status.clone(), condition.reason.clone().unwrap_or_default()))
}

fn held<'a>(secret: Option<&'a Secret>, key: &str) -> Option<&'a [u8]> {
    secret?.data.as_ref()?.get(key).map(|value| value.0.as_slice())
}
