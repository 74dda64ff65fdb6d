//! Pods from manifests: run one, wait for it, read what it said, run a program in it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1;
use kube::ResourceExt;
use kube::api::{DeleteParams, LogParams};
use serde_json::{Value, json};

use crate::namespace::Namespace;

/// What a pod of images that are on the node needs to run: a kubelet that was just started takes its time.
pub const RUNNING_WITHIN: Duration = Duration::from_mins(1);
const ACCOUNT_WITHIN: Duration = Duration::from_secs(30);

/// A pod of a test, named; the namespace takes it along.
#[derive(Clone)]
pub struct Pod<'a> {
    namespace: &'a Namespace,
    name: String,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it wrote to `/dev/termination-log`, or where it wrote nothing and failed, the end of its log.
    pub message: String,
}

/// Creates the pod of a manifest and does not wait for it; the error is the API server's, Pod Security's included.
pub async fn create<'a>(namespace: &'a Namespace, manifest: &Value) -> Result<Pod<'a>> {
    // Without it the API server refuses every pod.
    let exists = |account: Option<&v1::ServiceAccount>| account.is_some();
    namespace.await_condition("default", exists, ACCOUNT_WITHIN).await?;
    let name = namespace.create_manifest(manifest).await?.name_any();
    Ok(Pod { namespace, name })
}

/// Creates the pod of a manifest and waits until all its containers are ready.
pub async fn run<'a>(namespace: &'a Namespace, manifest: &Value) -> Result<Pod<'a>> {
    let pod = create(namespace, manifest).await?;
    pod.await_ready(RUNNING_WITHIN).await?;
    Ok(pod)
}

/// A pod of one container that runs `image` with `arguments` to its end, under the restricted Pod Security settings.
pub fn once(name: &str, image: &str, arguments: &[&str]) -> Value {
    let mut pod = restricted(name, 65_532, &[container("main", image, arguments)]);
    if let Some(spec) = pod.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.insert("restartPolicy".into(), "Never".into());
    }
    pod
}

/// A pod that a namespace with restricted Pod Security takes: no token, no root, `fsGroup` as `user`, group 0.
pub fn restricted(name: &str, user: i64, containers: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsNonRoot": true, "runAsUser": user, "runAsGroup": 0, "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": containers,
    }})
}

/// A container without any right, of an image that is on the node.
pub fn container(name: &str, image: &str, arguments: &[&str]) -> Value {
    json!({"name": name, "image": image, "imagePullPolicy": "Never", "args": arguments,
        "terminationMessagePolicy": "FallbackToLogsOnError", "securityContext": {
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
    }})
}

impl Pod<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the API server has it.
    pub async fn get(&self) -> Result<v1::Pod> {
        Ok(self.namespace.api::<v1::Pod>().get(&self.name).await?)
    }

    /// Waits until all its containers are ready.
    pub async fn await_ready(&self, within: Duration) -> Result<()> {
        let ready = |pod: Option<&v1::Pod>| pod.is_some_and(is_ready);
        self.namespace.await_condition(&self.name, ready, within).await.map(|_| ())
    }

    /// Waits until its first container has ended for good, and says how.
    pub async fn await_ended(&self, within: Duration) -> Result<Ended> {
        let over = |pod: Option<&v1::Pod>| matches!(pod.and_then(phase), Some("Succeeded" | "Failed"));
        let pod = self.namespace.await_condition(&self.name, over, within).await?.context("the pod is gone")?;
        let status = pod.status.and_then(|status| status.container_statuses).unwrap_or_default().into_iter().next();
        let ended = status.and_then(|status| status.state).and_then(|state| state.terminated);
        let ended = ended.with_context(|| format!("the container of {} has not run", self.name))?;
        Ok(Ended { code: ended.exit_code, message: ended.message.unwrap_or_default() })
    }

    /// All that a container has written so far.
    pub async fn logs(&self, container: &str) -> Result<String> {
        let what = LogParams { container: Some(container.to_owned()), ..LogParams::default() };
        Ok(self.namespace.api::<v1::Pod>().logs(&self.name, &what).await?)
    }

    /// The lines that a container has written so far, each a JSON document; a last one that is half written is left out.
    pub async fn lines(&self, container: &str) -> Result<Vec<Value>> {
        let text = self.logs(container).await?;
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Runs a program in a container and answers its standard output; a failure carries its standard error.
    pub async fn exec(&self, container: &str, command: &[&str]) -> Result<String> {
        let fixed = ["exec", "--namespace", self.namespace.name(), &self.name, "--container", container, "--"];
        self.namespace.plane().kubectl(fixed.iter().chain(command)).await
    }

    /// Runs a program in a container that answers one JSON document.
    pub async fn ask(&self, container: &str, command: &[&str]) -> Result<Value> {
        let text = self.exec(container, command).await?;
        serde_json::from_str(&text).ok().with_context(|| format!("{command:?} answered no JSON"))
    }

    /// Deletes it and waits until it is gone.
    pub async fn delete(&self) -> Result<()> {
        self.namespace.api::<v1::Pod>().delete(&self.name, &DeleteParams::default()).await?;
        let gone = |pod: Option<&v1::Pod>| pod.is_none();
        self.namespace.await_condition(&self.name, gone, RUNNING_WITHIN).await.map(|_| ())
    }
}

fn phase(pod: &v1::Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}

/// Whether the kubelet calls it ready.
pub(super) fn is_ready(pod: &v1::Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// The runtime's id of a container, which is also its cgroup's name.
pub fn container_id(pod: &v1::Pod, container: &str) -> Result<String> {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let id = statuses.filter(|status| status.name == container).find_map(|status| status.container_id.as_deref());
    match id.and_then(|id| id.strip_prefix("containerd://")) {
        Some(id) => Ok(id.to_owned()),
        None => bail!("the container {container} of {} is not running", pod.name_any()),
    }
}
