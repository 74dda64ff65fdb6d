//! The chart as people install it: by Helm, with its pod on the node.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1;
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::images::Shipped;
use super::{pod, progress};
use crate::helm::{Helm, chart};
use crate::installation::merge;
use crate::namespace::Namespace;

const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The operator's container.
pub const CONTAINER: &str = "keyferry";

/// An installed release.
#[derive(Clone, Debug)]
pub struct Release {
    helm: Helm,
    /// The release's name, its full name, and that of its ServiceAccount.
    name: String,
    namespace: String,
    values: Value,
}

impl Release {
    /// Installs the chart for one test and waits as `helm --wait` does.
    ///
    /// `values` win over what an installation needs to live beside others: its namespace for a scope, no CRDs (they are
    /// there), no API policy (it would hold for the whole cluster).
    pub async fn scoped(helm: Helm, namespace: &Namespace, image: &Shipped, values: &Value) -> Result<Self> {
        let name = namespace.name();
        let mut all = json!({
            "fullnameOverride": name,
            "installCRDs": false,
            "apiPolicy": {"enabled": false},
            "scopedNamespace": name,
        });
        merge(&mut all, values);
        namespace.owns_release(&helm, name);
        Self::install(helm, name, name, image, &all).await
    }

    /// Installs the chart with `values` and the image that is on the node, and waits as `helm --wait` does.
    pub async fn install(helm: Helm, name: &str, namespace: &str, image: &Shipped, values: &Value) -> Result<Self> {
        let (repository, tag) = image.repository_and_tag();
        let mut all = json!({"image": {"repository": repository, "tag": tag, "pullPolicy": "Never"}});
        merge(&mut all, values);
        let what = format!("install {name}");
        progress::of(what, helm.install_and_wait("install", name, &chart(), namespace, &all)).await?;
        Ok(Self { helm, name: name.to_owned(), namespace: namespace.to_owned(), values: all })
    }

    /// Upgrades it with more values, and waits as `helm --wait` does.
    pub async fn upgrade(&mut self, more: &Value) -> Result<()> {
        merge(&mut self.values, more);
        self.helm.install_and_wait("upgrade", &self.name, &chart(), &self.namespace, &self.values).await
    }

    /// Removes it.
    pub async fn uninstall(self) -> Result<()> {
        self.helm.uninstall(&self.name, &self.namespace).await
    }

    /// The name of its ServiceAccount.
    pub fn account(&self) -> &str {
        &self.name
    }

    /// The name that the audit log knows its operator by.
    pub fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    /// Its one pod that is ready.
    pub async fn pod(&self, client: &Client) -> Result<v1::Pod> {
        let ready = self.pods(client).await?.into_iter().find(|pod| pod::is_ready(pod) && !is_leaving(pod));
        ready.with_context(|| format!("no pod of {} is ready", self.name))
    }

    /// Waits until a pod is ready.
    pub async fn await_pod(&self, client: &Client, within: Duration) -> Result<v1::Pod> {
        self.await_pod_that(client, |_| true, within).await
    }

    /// Waits until a pod is ready that is not `old`.
    pub async fn await_another_pod(&self, client: &Client, old: &v1::Pod, within: Duration) -> Result<v1::Pod> {
        self.await_pod_that(client, |pod| pod.uid() != old.uid(), within).await
    }

    async fn await_pod_that(
        &self,
        client: &Client,
        wanted: impl Fn(&v1::Pod) -> bool,
        within: Duration,
    ) -> Result<v1::Pod> {
        let look = async {
            loop {
                match self.pod(client).await {
                    Ok(pod) if wanted(&pod) => return pod,
                    _ => tokio::time::sleep(LOOK_AGAIN).await,
                }
            }
        };
        let found = tokio::time::timeout(within, look).await;
        found.with_context(|| format!("no such pod of {} is ready within {within:?}", self.name))
    }

    /// All its pods.
    pub async fn pods(&self, client: &Client) -> Result<Vec<v1::Pod>> {
        let label = format!("app.kubernetes.io/instance={}", self.name);
        let pods: Api<v1::Pod> = Api::namespaced(client.clone(), &self.namespace);
        Ok(pods.list(&ListParams::default().labels(&label)).await?.items)
    }
}

fn is_leaving(pod: &v1::Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}
