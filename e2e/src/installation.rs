//! The chart, installed for one test: its ServiceAccount, its rights, its write policy, and the flags it would run with.
//!
//! There is no node, so the Deployment's pod never runs; the operator is started beside it with the same arguments and
//! the same rights. Each installation is confined to its test's namespace, so that several live on one control plane.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use http::Method;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Client;
use serde_json::{Value, json};

use crate::control_plane::Identity;
use crate::helm::{Helm, chart};
use crate::namespace::Namespace;
use crate::operator::Launch;
use crate::raw::{Content, ask, collection};

const POLICY_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Their ports are of the machine here, and not of a pod.
const OWN_FLAGS: [&str; 2] = ["--metrics-addr=", "--live-addr="];

/// An installed chart; removed with its namespace.
#[derive(Clone, Debug)]
pub struct Installation {
    identity: Identity,
    arguments: Vec<String>,
}

impl Installation {
    /// Installs the chart into `namespace` with Helm 4, and waits until its write policy is in force.
    ///
    /// `values` win over what an installation needs to live beside others: its namespace for a scope, no CRDs (they are
    /// there), no API policy (it would hold for the whole cluster).
    pub async fn new(namespace: &Namespace, values: &Value) -> Result<Self> {
        let (name, plane) = (namespace.name(), namespace.plane());
        let helm = Helm::four(plane)?;
        let mut all = json!({
            "fullnameOverride": name,
            "installCRDs": false,
            "apiPolicy": {"enabled": false},
            "scopedNamespace": name,
        });
        merge(&mut all, values);
        namespace.owns_release(&helm, name);
        helm.install(name, &chart(), name, &all).await?;
        let identity = plane.service_account(name, name).await?;
        if all.pointer("/writePolicy/enabled") != Some(&Value::Bool(false)) {
            await_write_policy(&identity.client().await?, name).await?;
        }
        Ok(Self { identity, arguments: arguments(namespace).await? })
    }

    /// As [`Installation::new`], with the right to request tokens, which the default has not, and with stores that are
    /// validated so seldom that it does not count among the calls of a test.
    pub async fn that_mints_tokens(namespace: &Namespace) -> Result<Self> {
        let values = json!({"rbac": {"serviceAccountTokenCreate": true}, "storeRequeueInterval": "1h"});
        Self::new(namespace, &values).await
    }

    /// The operator's ServiceAccount.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The operator as the Deployment would run it.
    pub fn launch(&self) -> Launch {
        self.arguments.iter().fold(Launch::new(&self.identity), Launch::flag)
    }
}

/// What the Deployment gives its container, without the addresses to listen on.
async fn arguments(namespace: &Namespace) -> Result<Vec<String>> {
    let deployment = namespace.api::<Deployment>().get_opt(namespace.name()).await?;
    let pod = deployment.and_then(|deployment| deployment.spec).and_then(|spec| spec.template.spec);
    let container = pod.and_then(|pod| pod.containers.into_iter().next());
    let arguments = container.and_then(|container| container.args).unwrap_or_default();
    Ok(arguments.into_iter().filter(|argument| OWN_FLAGS.iter().all(|flag| !argument.starts_with(flag))).collect())
}

/// Policies and rights reach the API server's admission a moment after they are written.
async fn await_write_policy(operator: &Client, namespace: &str) -> Result<()> {
    let path = collection("v1", namespace, "secrets") + "?dryRun=All";
    let unmarked = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "unmarked"}});
    let start = Instant::now();
    loop {
        let reply = ask(operator, Method::POST, &path, Some((Content::Object, &unmarked))).await?;
        if reply.message.contains("write policy") {
            return Ok(());
        }
        if start.elapsed() > POLICY_WITHIN {
            bail!("the write policy is not in force after {POLICY_WITHIN:?}: {} {}", reply.status, reply.message);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Merges `more` into `values` as Helm merges values files: objects key by key, everything else whole.
pub(crate) fn merge(values: &mut Value, more: &Value) {
    match (values, more) {
        (Value::Object(values), Value::Object(more)) => {
            for (key, value) in more {
                merge(values.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (values, more) => *values = more.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_merged_key_by_key() {
        let mut values = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut values, &json!({"a": {"b": 3}, "d": [2]}));
        assert_eq!(values, json!({"a": {"b": 3, "c": 2}, "d": [2]}));
    }
}
