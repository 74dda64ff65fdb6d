//! One pass over one SecretStore or ClusterSecretStore: open it, ask it, say how that went.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use jiff::Timestamp;
use kube::api::Api;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::context::Context;
use super::error::Error;
use super::guarded::{Guarded, id_of};
use super::malformed;
use super::sources::connect;
use crate::api::external_secret::StoreKind;
use crate::api::secret_store::{ClusterSecretStore, SecretStore, SecretStoreSpec, SecretStoreStatus};
use crate::cluster::status;
use crate::duration;
use crate::ops::metrics::{self, Object};
use crate::plan::store::{Validation, event, is_ours, report};
use crate::plan::summary;
use crate::provider::{self, Capabilities, Provider, Validity};

/// How long at most a store that could not be validated waits for the next try; at first it is a second, since stores
/// and their credentials are often applied together and nothing tells when a Secret comes.
const RETRY: Duration = Duration::from_secs(10);

/// A kind of store.
pub(super) trait Store:
    Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    /// Which kind it is.
    const KIND: StoreKind;
    /// How metrics call it.
    const METRICS: metrics::Kind;
    /// What its user wrote.
    fn spec(&self) -> &SecretStoreSpec;
    /// What was last said of it.
    fn status(&self) -> Option<&SecretStoreStatus>;
    /// Where it is written.
    fn api(&self, ctx: &Context) -> Api<Self>;
}

impl Store for SecretStore {
    const KIND: StoreKind = StoreKind::SecretStore;
    const METRICS: metrics::Kind = metrics::Kind::SecretStore;

    fn spec(&self) -> &SecretStoreSpec {
        &self.spec
    }

    fn status(&self) -> Option<&SecretStoreStatus> {
        self.status.as_ref()
    }

    fn api(&self, ctx: &Context) -> Api<Self> {
        ctx.clients.api(&self.namespace().unwrap_or_default())
    }
}

impl Store for ClusterSecretStore {
    const KIND: StoreKind = StoreKind::ClusterSecretStore;
    const METRICS: metrics::Kind = metrics::Kind::ClusterSecretStore;

    fn spec(&self) -> &SecretStoreSpec {
        &self.spec.0
    }

    fn status(&self) -> Option<&SecretStoreStatus> {
        self.status.as_ref()
    }

    fn api(&self, ctx: &Context) -> Api<Self> {
        Api::all(ctx.clients.of("").clone())
    }
}

/// One pass; a panic in it is this store's alone.
pub(super) async fn reconcile<S: Store>(store: Arc<Guarded<S>>, ctx: Arc<Context>) -> Result<Action, Error> {
    let store = match &store.0 {
        Ok(store) => store,
        Err(invalid) => return malformed::tell_store::<S>(invalid, &ctx).await,
    };
    let pass = std::panic::AssertUnwindSafe(pass(store, &ctx));
    pass.catch_unwind().await.unwrap_or(Err(Error::Panic))
}

async fn pass<S: Store>(store: &S, ctx: &Context) -> Result<Action, Error> {
    let served = S::KIND == StoreKind::ClusterSecretStore || ctx.settings.stores;
    if !served || store.meta().deletion_timestamp.is_some() || !is_ours(store.spec(), &ctx.settings.class) {
        return Ok(Action::await_change());
    }
    let begun = Instant::now();
    let (found, wait) = match interval(store.spec(), ctx.settings.store_interval) {
        Ok(interval) => validate(store, interval, ctx).await,
        Err(cause) => (Found { validation: Validation::Invalid(cause), capabilities: None }, None),
    };
    let told = tell(store, &found, ctx).await;
    // After the store has said what is wrong, so that what uses it does not say so in words of its own.
    ctx.poller.sessions().check_credentials(&store.uid().unwrap_or_default()).await;
    count(store, &found.validation, told.is_ok(), begun.elapsed(), ctx);
    told?;
    Ok(wait.map_or_else(Action::await_change, Action::requeue))
}

/// What a validation found.
#[derive(Debug)]
struct Found {
    validation: Validation,
    /// Known once a session could be opened.
    capabilities: Option<Capabilities>,
}

/// Opens a session of its own and asks.
async fn validate<S: Store>(store: &S, interval: Duration, ctx: &Context) -> (Found, Option<Duration>) {
    let (capabilities, asked) = match open(store, ctx).await {
        Ok(provider) => {
            let asked = provider.validate().await;
            provider.close().await;
            (Some(provider.capabilities()), asked)
        }
        Err(error) => (None, Err(error)),
    };
    let validation = match asked {
        Ok(Validity::Valid) => Validation::Valid,
        Ok(Validity::Unknown) => Validation::Unknown,
        Err(error) => Validation::Invalid(error.to_string()),
    };
    let wait = if let Validation::Invalid(_) = validation {
        ctx.backoff.failed(id_of(store)).min(RETRY).min(interval)
    } else {
        ctx.backoff.clear(&id_of(store));
        interval
    };
    (Found { validation, capabilities }, Some(wait))
}

async fn open<S: Store>(store: &S, ctx: &Context) -> Result<Arc<dyn Provider>, provider::Error> {
    let context = provider::Context {
        store_kind: S::KIND,
        store_name: store.name_any(),
        store_namespace: store.namespace(),
        consumer_namespace: None,
    };
    let (provider, _) = connect(Arc::new(store.spec().clone()), context, ctx).await?;
    Ok(provider)
}

async fn tell<S: Store>(store: &S, found: &Found, ctx: &Context) -> Result<(), Error> {
    let (validation, capabilities) = (&found.validation, found.capabilities.map(Capabilities::as_str));
    let Some(status) = report(validation, capabilities, store.status(), Timestamp::now()) else { return Ok(()) };
    if !ctx.leads.now() {
        return Err(Error::NotLeading);
    }
    tracing::info!(
        kind = S::METRICS.label(),
        namespace = store.namespace(),
        name = store.name_any(),
        ?validation,
        "store"
    );
    status::write(&store.api(ctx), store, &status).await?;
    if let Some(event) = event(validation, store.status(), &status) {
        send(store, &event, ctx).await;
    }
    Ok(())
}

/// An event that cannot be sent is a line in the log and nothing else.
async fn send<S: Store>(store: &S, event: &summary::Event, ctx: &Context) {
    if let Err(error) = ctx.events.send(&store.object_ref(&()), event).await {
        tracing::debug!(namespace = store.namespace(), name = store.name_any(), %error, "event not sent");
    }
}

fn count<S: Store>(store: &S, validation: &Validation, told: bool, took: Duration, ctx: &Context) {
    let (namespace, name) = (store.namespace().unwrap_or_default(), store.name_any());
    let labels = store.meta().labels.as_ref();
    let object = Object { kind: S::METRICS, namespace: &namespace, name: &name, labels };
    ctx.metrics.ready(&object, !matches!(validation, Validation::Invalid(_)));
    let outcome = if told { metrics::Outcome::RequeueAfter } else { metrics::Outcome::Error };
    ctx.metrics.reconciled(&object, outcome, took);
}

/// How often the store is validated: a number is seconds, zero the default.
fn interval(spec: &SecretStoreSpec, default: Duration) -> Result<Duration, String> {
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
    let refuse = || "spec.refreshInterval is neither seconds nor a duration; write it like 300 or 5m".to_owned();
    let read = match &spec.refresh_interval {
        None => return Ok(default),
        Some(IntOrString::Int(seconds)) => Duration::from_secs(u64::try_from(*seconds).map_err(|_| refuse())?),
        Some(IntOrString::String(text)) => duration::parse(text).map_err(|_| refuse())?,
    };
    Ok(if read.is_zero() { default } else { read.max(Duration::from_secs(1)) })
}

/// When a failed pass is made again.
#[expect(clippy::needless_pass_by_value, reason = "as kube calls it")]
pub(super) fn error_policy<S: Store>(store: Arc<Guarded<S>>, error: &Error, _: Arc<Context>) -> Action {
    let category = error.category();
    tracing::warn!(kind = S::METRICS.label(), name = store.name_any(), category, %error, "pass failed");
    Action::requeue(RETRY)
}
