//! What all fault tests share: a control plane, AWS behind a proxy, and one operator with short intervals.
//!
//! It lives on a runtime of its own, since a test's runtime ends with the test. Objects that the CRDs would refuse are
//! stored before them, so the operator's first list has them already.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::api::core::v1::{Event, Secret};
use keyferry_e2e::audit::Audit;
use keyferry_e2e::aws::{self, Moto};
use keyferry_e2e::control_plane::ControlPlane;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::operator::Operator;
use keyferry_e2e::proxy::Proxy;
use keyferry_e2e::settings::Settings;
use kube::api::{Api, DynamicObject, GroupVersionKind, ListParams};
use kube::core::ApiResource;
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use super::{canary, stored};

/// How long the operator waits for a provider: long enough for a busy machine, short enough for a test.
pub(super) const DEADLINE: Duration = Duration::from_secs(4);
/// How many deletions a minute it makes.
pub(super) const DELETES: usize = 3;
const READY_WITHIN: Duration = Duration::from_mins(1);
const KINDS: [&str; 3] = ["ExternalSecret", "SecretStore", "ClusterSecretStore"];

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime can be started"));
static SHARED: OnceCell<Result<Stage>> = OnceCell::const_new();
static PLANE: OnceCell<Result<ControlPlane>> = OnceCell::const_new();
static OTHER_PLANE: OnceCell<Result<ControlPlane>> = OnceCell::const_new();

/// A control plane with AWS and an operator.
pub(super) struct Stage {
    pub(super) plane: &'static ControlPlane,
    pub(super) moto: &'static Moto,
    pub(super) proxy: Proxy,
    operator: Mutex<Operator>,
    user: String,
}

/// The stage of this run, started if need be; what could not be started once is not tried again.
pub(super) async fn shared() -> Result<&'static Stage> {
    let start = async || on_its_runtime(|| RUNTIME.block_on(Stage::start(&PLANE))).await;
    SHARED.get_or_init(start).await.as_ref().map_err(|error| anyhow!("{error:#}"))
}

/// Another stage with a control plane of its own, for what would disturb everybody else.
pub(super) async fn another() -> Result<Stage> {
    on_its_runtime(|| RUNTIME.block_on(Stage::start(&OTHER_PLANE))).await
}

async fn on_its_runtime(start: impl FnOnce() -> Result<Stage> + Send + 'static) -> Result<Stage> {
    tokio::task::spawn_blocking(start).await.context("the stage could not be started")?
}

impl Stage {
    async fn start(plane: &'static OnceCell<Result<ControlPlane>>) -> Result<Self> {
        // Faults of the API server and of the CRDs are made here: never a cluster that exists.
        let mut settings = Settings::from_environment();
        settings.kubeconfig = None;
        let plane = plane.get_or_init(async || ControlPlane::open(&settings).await).await;
        let plane = plane.as_ref().map_err(|error| anyhow!("{error:#}"))?;
        stored::put(plane).await?;
        let moto = aws::shared().await?;
        let proxy = Proxy::start(moto.address()).await?;
        let home = Namespace::make(plane).await?;
        let values = json!({"scopedNamespace": "", "storeRequeueInterval": "2s", "log": {"level": "debug"}});
        let installation = Installation::new(&home, &values).await?;
        let launch = installation.launch().aws_at(&proxy.url());
        let launch = launch.flag(format!("--provider-deadline={}s", DEADLINE.as_secs()));
        let launch = launch.flag(format!("--max-deletes-per-minute={DELETES}"));
        let operator = launch.start(&home, READY_WITHIN).await?;
        let user = operator.user().to_owned();
        Ok(Self { plane, moto, proxy, operator: Mutex::new(operator), user })
    }

    /// The name that the audit log knows the operator by.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// What the API server was asked.
    pub(super) fn audit(&self) -> Result<&'static Audit> {
        self.plane.audit().context("its control plane was started here")
    }

    /// Asks something of the operator.
    pub(super) fn operator<T>(&self, ask: impl FnOnce(&mut Operator) -> T) -> T {
        ask(&mut self.operator.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fails when the operator has ended or panicked.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(status) = self.operator(Operator::ended)? {
            bail!("the operator has ended: {status}");
        }
        match self.operator(|operator| operator.log())?.lines().find(|line| line.contains("panicked")) {
            Some(line) => bail!("a pass has panicked: {line}"),
            None => Ok(()),
        }
    }

    /// Fails when a value is in anything that the operator has said anywhere.
    pub(super) async fn check_leaks(&self, client: &Client) -> Result<()> {
        for (place, text) in self.sinks(client).await? {
            if let Some(position) = canary::trace(&text) {
                bail!("a secret value is in {place} at byte {position} of {}", text.len());
            }
        }
        Ok(())
    }

    /// Everything that somebody may read who may not read Secrets.
    async fn sinks(&self, client: &Client) -> Result<Vec<(String, String)>> {
        let url = self.operator(|operator| operator.metrics_url());
        let metrics = keyferry_e2e::http::get(&url).await?.text();
        let mut sinks = vec![
            ("the log".to_owned(), self.operator(|operator| operator.log())?),
            ("the metrics".to_owned(), metrics),
        ];
        for kind in KINDS {
            sinks.push((format!("the {kind}s"), objects(client, kind).await?));
        }
        let events: Api<Event> = Api::all(client.clone());
        sinks
            .push(("the Events".to_owned(), serde_json::to_string(&events.list(&ListParams::default()).await?.items)?));
        let secrets: Api<Secret> = Api::all(client.clone());
        let metadata = secrets.list_metadata(&ListParams::default()).await?;
        sinks.push(("the Secrets' metadata".to_owned(), serde_json::to_string(&metadata.items)?));
        assert!(
            sinks.iter().all(|(place, text)| text.len() > 2 || place.contains("Cluster")),
            "something cannot be read"
        );
        Ok(sinks)
    }
}

async fn objects(client: &Client, kind: &str) -> Result<String> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", kind));
    let all: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let mut objects = all.list(&ListParams::default()).await.with_context(|| format!("list {kind}s"))?.items;
    for object in &mut objects {
        object.managed_fields_mut().clear();
    }
    Ok(serde_json::to_string(&objects)?)
}
