//! A namespace for each test, and what stood in it when the test failed.
//!
//! [`with`] makes it, hands it to the test, and deletes it whether the test passes, fails or panics. On a failure it
//! writes what one would look at first: statuses, events, the Secrets' keys (never their values), the logs' tails.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::FutureExt;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1;
use kube::api::{Api, DeleteParams, DynamicObject, GroupVersionKind, PostParams};
use kube::core::discovery::ApiResource;
use kube::runtime::wait::{Condition, await_condition};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::audit::Audit;
use crate::control_plane::{self, ControlPlane};
use crate::dump;
use crate::helm::Helm;
use crate::process::tail;
use crate::scratch::suffix;

/// The label that names the test a namespace was made for.
pub const TEST_LABEL: &str = "e2e.keyferry.io/test";
const LOG_LINES: usize = 40;

/// A namespace that belongs to one test.
pub struct Namespace {
    name: String,
    plane: &'static ControlPlane,
    client: Client,
    logs: Mutex<Vec<PathBuf>>,
    releases: Mutex<Vec<(Helm, String)>>,
}

/// Runs `test` with a namespace of its own on the shared control plane.
pub async fn with(test: impl AsyncFnOnce(&Namespace) -> Result<()>) -> Result<()> {
    on(control_plane::shared().await?, test).await
}

/// Runs `test` with a namespace of its own on `plane`.
pub async fn on(plane: &'static ControlPlane, test: impl AsyncFnOnce(&Namespace) -> Result<()>) -> Result<()> {
    let namespace = Namespace::make(plane).await?;
    // On the heap: a test's own stack is small, and its future is not.
    let outcome = AssertUnwindSafe(Box::pin(test(&namespace))).catch_unwind().await;
    if !matches!(outcome, Ok(Ok(()))) {
        namespace.dump().await;
    }
    namespace.delete().await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}

impl Namespace {
    /// Makes one for what outlives a test; nobody deletes it.
    pub async fn make(plane: &'static ControlPlane) -> Result<Self> {
        let client = plane.client().await?;
        let test = test_name();
        let name = format!("{}-{}", short(&test), suffix());
        let mut object = v1::Namespace::default();
        object.metadata.name = Some(name.clone());
        object.metadata.labels = Some(BTreeMap::from([(TEST_LABEL.to_owned(), label(&test))]));
        Api::all(client.clone()).create(&PostParams::default(), &object).await.context("make a namespace")?;
        Ok(Self { name, plane, client, logs: Mutex::default(), releases: Mutex::default() })
    }

    /// Another handle on it, for what has to own one.
    #[must_use]
    pub fn another(&self) -> Self {
        let (logs, releases) = (Mutex::default(), Mutex::default());
        Self { name: self.name.clone(), plane: self.plane, client: self.client.clone(), logs, releases }
    }

    /// Writes a file that lives as long as the control plane, and says where.
    pub fn file(&self, name: &str, content: &str) -> Result<PathBuf> {
        self.plane.scratch().write(&format!("{}-{name}", self.name), content)
    }

    /// Its name, which is also a good beginning for names of remote secrets.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The control plane that it is in.
    pub fn plane(&self) -> &'static ControlPlane {
        self.plane
    }

    /// What the API server was asked; where that cannot be known, says so on standard error, and the test is to end.
    pub fn audit(&self) -> Option<&'static Audit> {
        let audit = self.plane.audit();
        if audit.is_none() {
            let test = test_name();
            dump::write(&format!("SKIPPED {test}: it judges by the audit log of a control plane of its own\n"));
        }
        audit
    }

    /// A client with all rights, for this test's runtime.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Has the tail of a log written when the test fails.
    pub fn watch_log(&self, log: &Path) {
        lock(&self.logs).push(log.to_owned());
    }

    /// Has a Helm release of this namespace removed with it, for what it has outside.
    pub fn owns_release(&self, helm: &Helm, release: &str) {
        lock(&self.releases).push((helm.clone(), release.to_owned()));
    }

    /// The objects of one kind in this namespace, with all rights.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client(), &self.name)
    }

    /// The objects of a kind that is only known by its words, for example `("external-secrets.io/v1", "ExternalSecret")`.
    pub fn dynamic(&self, api_version: &str, kind: &str) -> Api<DynamicObject> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.client(), &self.name, &resource)
    }

    /// Creates a typed object in this namespace.
    pub async fn create<K>(&self, object: &K) -> Result<K>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + Debug + Serialize + DeserializeOwned,
        K::DynamicType: Default,
    {
        let created = self.api::<K>().create(&PostParams::default(), object).await;
        created.with_context(|| format!("create {} {}", K::kind(&K::DynamicType::default()), object.name_any()))
    }

    /// Creates an object as it stands in a manifest, well-formed or not; the error is the API server's.
    pub async fn create_manifest(&self, manifest: &Value) -> Result<DynamicObject> {
        let field = |name| manifest.get(name).and_then(Value::as_str).unwrap_or_default();
        let object: DynamicObject = serde_json::from_value(manifest.clone())?;
        Ok(self.dynamic(field("apiVersion"), field("kind")).create(&PostParams::default(), &object).await?)
    }

    /// Waits until `condition` holds for the object `name`, which it is then answered as; none where it is gone.
    pub async fn await_condition<K>(
        &self,
        name: &str,
        condition: impl Condition<K>,
        within: Duration,
    ) -> Result<Option<K>>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + 'static,
        K::DynamicType: Default,
    {
        await_in(self.api(), name, condition, within).await
    }

    async fn delete(&self) {
        let releases = std::mem::take(&mut *lock(&self.releases));
        for (helm, release) in releases {
            let _ = helm.uninstall(&release, &self.name).await;
        }
        let all: Api<v1::Namespace> = Api::all(self.client());
        let _ = all.delete(&self.name, &DeleteParams::background()).await;
    }

    async fn dump(&self) {
        let mut text = dump::namespace(&self.client, &self.name).await;
        for log in lock(&self.logs).iter() {
            let _ = write!(text, "{}\n{}", log.display(), tail(log, LOG_LINES));
        }
        dump::write(&text);
    }
}

/// A panic of the test leaves the lists usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `condition` holds for the object `name` of `api`.
pub async fn await_in<K>(api: Api<K>, name: &str, condition: impl Condition<K>, within: Duration) -> Result<Option<K>>
where
    K: Clone + Debug + DeserializeOwned + Send + Resource + 'static,
{
    let waiting = tokio::time::timeout(within, await_condition(api, name, condition)).await;
    let met = waiting.with_context(|| format!("{name} does not come to what is expected within {within:?}"))?;
    met.with_context(|| format!("watch {name}"))
}

/// The test that runs in this thread, as the test harness names it.
fn test_name() -> String {
    std::thread::current().name().unwrap_or("test").to_owned()
}

/// The test's own name, cut to what leaves room for a suffix.
fn short(test: &str) -> String {
    let own = test.rsplit("::").next().unwrap_or(test).replace('_', "-");
    let cut: String = own.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(40).collect();
    cut.trim_matches('-').to_owned()
}

fn label(test: &str) -> String {
    let words: String = test.replace("::", ".").chars().take(63).collect();
    words.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()).to_owned()
}
