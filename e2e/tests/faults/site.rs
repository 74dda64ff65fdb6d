//! A test's own place on the stage: a namespace, a store, and a neighbour whose refreshes must never falter.

use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::{LocalBoxFuture, join_all};
use k8s_openapi::api::core::v1::{Event, Secret};
use keyferry::api::ExternalSecret;
use keyferry_e2e::audit::Mark;
use keyferry_e2e::aws::{REGION, Secrets};
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::namespace::{self, Namespace};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::canary;
use super::stage::{self, Stage};

/// The store that the neighbour uses, and whatever does not need one of its own.
pub(super) const STORE: &str = "aws";
/// How long anything may take on a busy machine.
pub(super) const SOON: Duration = Duration::from_secs(45);
/// The longest that a neighbour's refresh may take at an interval of a second.
const LATE: Duration = Duration::from_secs(20);

/// A test's own place.
pub(super) struct Site<'a> {
    pub(super) stage: &'a Stage,
    pub(super) namespace: &'a Namespace,
    pub(super) secrets: Secrets,
    rotations: watch::Receiver<usize>,
}

/// Runs `test` beside a neighbour that rotates all the while; the operator must live, and nothing may have leaked.
pub(super) fn with(test: impl AsyncFnOnce(&Site<'_>) -> Result<()> + Send + 'static) -> Result<()> {
    on_a_large_stack(async || {
        let (rotated, rotations) = watch::channel(0);
        visit(stage::shared().await?, rotations, async |site| {
            let rotating = Box::pin(site.rotate_neighbour(&rotated));
            tokio::select! {
                tested = Box::pin(test(site)) => tested,
                failed = rotating => bail!("the neighbour: {:#}", failed.err().context("it does not end")?),
            }
        })
        .await
    })
}

/// Runs `test` on a stage of its own, without a neighbour: for what stops everybody.
pub(super) fn alone(test: impl AsyncFnOnce(&Site<'_>) -> Result<()> + Send + 'static) -> Result<()> {
    on_a_large_stack(async || {
        let stage = stage::another().await?;
        visit(&stage, watch::channel(0).1, test).await
    })
}

/// Many futures in one are large in a debug build, larger than the stack of a test's thread.
fn on_a_large_stack<F: AsyncFnOnce() -> Result<()> + Send + 'static>(test: F) -> Result<()> {
    const STACK: usize = 64 << 20;
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    let run = move || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(test());
    let thread = std::thread::Builder::new().name(name).stack_size(STACK).spawn(run)?;
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

async fn visit(
    stage: &Stage,
    rotations: watch::Receiver<usize>,
    test: impl AsyncFnOnce(&Site<'_>) -> Result<()>,
) -> Result<()> {
    namespace::on(stage.plane, async |namespace| {
        namespace.watch_log(&stage.operator(|operator| operator.log_file().to_owned()));
        let site = Site { stage, namespace, secrets: stage.moto.secrets(), rotations };
        site.store(STORE).await?;
        Box::pin(test(&site)).await?;
        stage.check()?;
        stage.check_leaks(&namespace.client()).await
    })
    .await
}

/// Waits for all of several trials and tells of all that failed.
pub(super) async fn all(trials: Vec<LocalBoxFuture<'_, Result<()>>>) -> Result<()> {
    let failures: Vec<String> =
        join_all(trials).await.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if failures.is_empty() {
        return Ok(());
    }
    bail!("{} trials failed:\n{}", failures.len(), failures.join("\n"))
}

impl Site<'_> {
    /// A name for a remote secret that no other test has.
    pub(super) fn remote(&self, name: &str) -> String {
        format!("{}/{name}", self.namespace.name())
    }

    /// Makes a remote secret with a value of its own, which is answered.
    pub(super) async fn put(&self, name: &str) -> Result<String> {
        let value = canary::value();
        let remote = self.remote(name);
        // The emulator fails now and then where many come at once, before it does anything.
        if self.secrets.create(&remote, &value).await.is_err() && !self.secrets.exists(&remote).await? {
            self.secrets.create(&remote, &value).await?;
        }
        Ok(value)
    }

    /// Who signs the calls of a store: what the proxy's rules tell stores apart by.
    pub(super) fn access_key(&self, store: &str) -> String {
        format!("KfCnry-{}-{store}", self.namespace.name())
    }

    /// Puts a store with credentials of its own, `<name>-credentials`.
    pub(super) async fn store(&self, name: &str) -> Result<()> {
        self.create(&self.credentials(name)).await?;
        self.create(&Self::aws_store(name)).await
    }

    pub(super) fn credentials(&self, store: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": format!("{store}-credentials")},
            "stringData": {"id": self.access_key(store), "key": canary::word()}})
    }

    pub(super) fn aws_store(name: &str) -> Value {
        json!({"apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": name},
            "spec": {"provider": {"aws": Self::aws(name)}}})
    }

    /// The `aws` of a store that signs with the credentials of `name`.
    pub(super) fn aws(name: &str) -> Value {
        let secret = format!("{name}-credentials");
        json!({"service": "SecretsManager", "region": REGION, "auth": {"secretRef": {
            "accessKeyIDSecretRef": {"name": secret, "key": "id"},
            "secretAccessKeySecretRef": {"name": secret, "key": "key"},
        }}})
    }

    /// An ExternalSecret that takes the key `a` from the remote secret of its own name, with `patch` merged into its spec.
    pub(super) fn manifest(&self, name: &str, patch: &Value) -> Value {
        let mut object = json!({"apiVersion": API_VERSION, "kind": "ExternalSecret", "metadata": {"name": name},
        "spec": {
            "refreshInterval": "1s",
            "secretStoreRef": {"name": STORE},
            "data": [{"secretKey": "a", "remoteRef": {"key": self.remote(name)}}],
        }});
        for (field, value) in patch.as_object().into_iter().flatten() {
            object["spec"][field] = value.clone();
        }
        object
    }

    /// Creates an object as it stands in a manifest.
    pub(super) async fn create(&self, manifest: &Value) -> Result<()> {
        let created = self.namespace.create_manifest(manifest).await;
        created.map(|_| ()).with_context(|| format!("create {} {}", manifest["kind"], manifest["metadata"]["name"]))
    }

    /// Creates the ExternalSecret `name` with its remote secret, and waits until it is synced.
    pub(super) async fn sound(&self, name: &str, patch: &Value) -> Result<()> {
        self.put(name).await?;
        self.create(&self.manifest(name, patch)).await?;
        self.ready(name).await.map(|_| ())
    }

    /// Merges `patch` into an object.
    pub(super) async fn patch(&self, api_version: &str, kind: &str, name: &str, patch: &Value) -> Result<()> {
        let api = self.namespace.dynamic(api_version, kind);
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .with_context(|| format!("patch {name}"))?;
        Ok(())
    }

    /// Merges `patch` into an ExternalSecret's spec.
    pub(super) async fn respec(&self, name: &str, patch: &Value) -> Result<()> {
        self.patch(API_VERSION, "ExternalSecret", name, &json!({"spec": patch})).await
    }

    /// Deletes an object of the core group.
    pub(super) async fn delete(&self, kind: &str, name: &str) -> Result<()> {
        self.namespace.dynamic("v1", kind).delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Waits until an ExternalSecret is `Ready`.
    pub(super) async fn ready(&self, name: &str) -> Result<ExternalSecret> {
        self.condition::<ExternalSecret>(name, "True", "", &[]).await
    }

    /// Waits until an ExternalSecret is not `Ready`, with ESO's reason and these words in the message.
    pub(super) async fn failed(&self, name: &str, words: &[&str]) -> Result<ExternalSecret> {
        self.condition::<ExternalSecret>(name, "False", "SecretSyncedError", words).await
    }

    /// Waits until an object's `Ready` condition is this; any reason where none is given.
    pub(super) async fn condition<K>(&self, name: &str, status: &str, reason: &str, words: &[&str]) -> Result<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
        K: Clone + Debug + serde::de::DeserializeOwned + serde::Serialize + Send + 'static,
    {
        let last = std::sync::Mutex::new(String::from("no condition"));
        let met = |object: Option<&K>| {
            let Some(condition) = object.and_then(ready_condition) else { return false };
            let field = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
            *last.lock().expect("nobody panics") = condition.to_string();
            field("status") == status
                && (reason.is_empty() || field("reason") == reason)
                && words.iter().all(|word| field("message").contains(word))
        };
        let found = Box::pin(self.namespace.await_condition(name, met, SOON)).await;
        let expected = || format!("{name} should have Ready={status} {reason} {words:?}");
        let found =
            found.with_context(|| format!("{}, and has {}", expected(), last.lock().expect("nobody panics")))?;
        found.with_context(expected)
    }

    /// Waits until the Secret `name` has `value` under `key`.
    pub(super) async fn held(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let met = |secret: Option<&Secret>| held(secret, key) == Some(value.as_bytes());
        Box::pin(self.namespace.await_condition(name, met, SOON)).await.map(|_| ())
    }

    /// UID and resourceVersion of a Secret; none where there is none.
    pub(super) async fn version(&self, name: &str) -> Result<Option<(String, String)>> {
        let secret = self.namespace.api::<Secret>().get_opt(name).await?;
        Ok(secret.map(|secret| (secret.uid().unwrap_or_default(), secret.resource_version().unwrap_or_default())))
    }

    /// Marks the present moment in the audit log.
    pub(super) async fn mark(&self) -> Result<Mark> {
        self.stage.audit()?.mark(&self.namespace.client()).await
    }

    /// How often the operator has written the status of an ExternalSecret since `mark`.
    pub(super) async fn statuses(&self, mark: &Mark, name: &str) -> Result<usize> {
        let requests = self.stage.audit()?.since(mark, &self.namespace.client()).await?.by(self.stage.user());
        let requests = requests.in_namespace(self.namespace.name()).about("externalsecrets/status");
        Ok(requests.only(|request| request.name == name && request.code < 300).count())
    }

    /// How many warnings have been told about an object, those that were folded into one counted.
    pub(super) async fn warnings(&self, name: &str) -> Result<Vec<String>> {
        let events = self.namespace.api::<Event>().list(&ListParams::default()).await?;
        let of_it = |event: &Event| {
            let about = &event.involved_object;
            // A store may have the same name, and says what is wrong with it in an event of its own.
            let it = about.name.as_deref() == Some(name) && about.kind.as_deref() == Some("ExternalSecret");
            it && event.type_.as_deref() == Some("Warning")
        };
        let mut warnings = Vec::new();
        for event in events.into_iter().filter(of_it) {
            let folded = event.series.as_ref().and_then(|series| series.count).or(event.count).unwrap_or(1).max(1);
            warnings.extend((0..folded).map(|_| event.message.clone().unwrap_or_default()));
        }
        Ok(warnings)
    }

    /// Waits until the neighbour has followed two whole rotations from now on.
    pub(super) async fn neighbour_follows(&self) -> Result<()> {
        let mut rotations = self.rotations.clone();
        // The one under way may have begun before.
        let enough = *rotations.borrow() + 3;
        rotations.wait_for(|count| *count >= enough).await.context("the neighbour has stopped")?;
        Ok(())
    }

    /// Rotates the neighbour's remote secret for ever; ends only when its Secret does not follow in time.
    async fn rotate_neighbour(&self, rotated: &watch::Sender<usize>) -> Result<()> {
        let name = "neighbour";
        self.sound(name, &json!({})).await?;
        loop {
            let value = canary::value();
            self.secrets.put(&self.remote(name), &value).await?;
            let met = |secret: Option<&Secret>| held(secret, "a") == Some(value.as_bytes());
            self.namespace.await_condition(name, met, LATE).await?;
            rotated.send_modify(|count| *count += 1);
        }
    }
}

fn ready_condition(object: &impl serde::Serialize) -> Option<Value> {
    let object = serde_json::to_value(object).ok()?;
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == "Ready").cloned()
}

fn held<'a>(secret: Option<&'a Secret>, key: &str) -> Option<&'a [u8]> {
    secret?.data.as_ref()?.get(key).map(|value| value.0.as_slice())
}
