//! The watches: what they keep, whom they wake, and which of their events ask for a pass.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{Api, PartialObjectMeta};
use kube::core::NamespaceResourceScope;
use kube::runtime::reflector::Store as Cache;
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt, predicates};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::context::Context;
use super::guarded::{Guarded, id_of};
use super::loading::Ticket;
use super::memory::StoreId;
use super::store::Store;
use crate::api::ExternalSecret;
use crate::ops::telemetry::chain;
use crate::plan::marks::MANAGED_LABEL;
use crate::plan::store::is_ready;

/// An object that asks for a pass, or what is wrong with the watch.
pub(super) type Touched<K> = Result<Guarded<K>, watcher::Error>;

/// How many objects a list brings at once: few enough that a large cluster does not swell the process.
const PAGE: u32 = 100;

/// How long a write's answer may come after its event.
const SETTLING: Duration = Duration::from_millis(250);

/// The API of a kind of ours in one namespace or in all, decoding guarded.
pub(super) fn api<K>(ctx: &Context, namespace: Option<&str>) -> Api<Guarded<K>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
{
    match namespace {
        Some(namespace) => ctx.clients.api(namespace),
        None => Api::all(ctx.clients.of("").clone()),
    }
}

/// ExternalSecrets that were changed by a user; those that are gone are forgotten.
pub(super) fn external_secrets(
    namespace: Option<String>,
    writer: Writer<Guarded<ExternalSecret>>,
    cache: Cache<Guarded<ExternalSecret>>,
    ticket: Ticket,
    ctx: &Arc<Context>,
) -> impl Stream<Item = Touched<ExternalSecret>> + Send + use<> {
    let events = kept(api(ctx, namespace.as_deref()), writer, ticket);
    let ctx = Arc::clone(ctx);
    let forgetting = events.inspect(move |event| match event {
        Ok(Event::Delete(object)) => ctx.forget(&id_of(object)),
        Ok(Event::InitDone) => forget_missing(namespace.as_deref(), &cache, &ctx),
        _ => {}
    });
    forgetting
        .applied_objects()
        .predicate_filter(|object: &_| Some(edits(object)), kube::runtime::PredicateConfig::default())
}

/// A deletion that happened while the watch was down brings no event: what the new list lacks is gone.
fn forget_missing(namespace: Option<&str>, cache: &Cache<Guarded<ExternalSecret>>, ctx: &Context) {
    let watched = |id: &crate::poll::ObjectId| namespace.is_none_or(|namespace| *namespace == *id.namespace);
    for id in ctx.memory.ids().into_iter().filter(watched) {
        let now = cache.get(&super::guarded::reference_of(&id));
        if now.is_none_or(|object| id_of(&*object) != id) {
            ctx.forget(&id);
        }
    }
}

/// Stores whose spec was changed; their users are woken when a store comes, goes, changes or becomes ready.
pub(super) fn stores<S: Store>(
    api: Api<Guarded<S>>,
    writer: Writer<Guarded<S>>,
    ticket: Ticket,
    ctx: &Arc<Context>,
) -> impl Stream<Item = Touched<S>> + Send + use<S> {
    let known: Arc<Mutex<HashMap<StoreId, Aspect>>> = Arc::default();
    let ctx = Arc::clone(ctx);
    let events = kept(api, writer, ticket).then(move |event| {
        let (ctx, known) = (Arc::clone(&ctx), Arc::clone(&known));
        async move {
            if let Ok(event) = &event {
                wake_users(event, &known, &ctx).await;
            }
            event
        }
    });
    events.applied_objects().predicate_filter(predicates::generation, kube::runtime::PredicateConfig::default())
}

/// What of a store matters to its users.
type Aspect = (String, i64, bool);

async fn wake_users<S: Store>(event: &Event<Guarded<S>>, known: &Mutex<HashMap<StoreId, Aspect>>, ctx: &Context) {
    let (store, now) = match event {
        Event::Apply(store) | Event::InitApply(store) => (store, Some(aspect(store))),
        Event::Delete(store) => (store, None),
        Event::Init | Event::InitDone => return,
    };
    let id = (S::KIND, store.namespace(), store.name_any());
    let before = {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match &now {
            Some(now) => known.insert(id.clone(), now.clone()),
            None => known.remove(&id),
        }
    };
    if before == now {
        return;
    }
    if let Some((uid, ..)) = before.filter(|before| now.as_ref().is_none_or(|now| now.0 != before.0)) {
        ctx.poller.sessions().close_store(&uid);
    }
    if now.is_none() {
        ctx.backoff.clear(&id_of(store));
        ctx.metrics.forget(S::METRICS, &store.namespace().unwrap_or_default(), &store.name_any());
    }
    ctx.wake(ctx.memory.users(&id)).await;
}

fn aspect<S: Store>(store: &Guarded<S>) -> Aspect {
    let ready = store.0.as_ref().is_ok_and(|store| is_ready(store.status()));
    (store.uid().unwrap_or_default(), store.meta().generation.unwrap_or_default(), ready)
}

/// Namespaces' labels; where they change, what uses a ClusterSecretStore there is woken.
pub(super) async fn namespaces(writer: Writer<PartialObjectMeta<Namespace>>, ticket: Ticket, ctx: Arc<Context>) {
    let api: Api<PartialObjectMeta<Namespace>> = Api::all(ctx.clients.of("").clone());
    let labels = kept(api, writer, ticket)
        .applied_objects()
        .predicate_filter(predicates::labels, kube::runtime::PredicateConfig::default());
    let mut labels = std::pin::pin!(labels);
    while let Some(touched) = labels.next().await {
        match touched {
            Ok(namespace) => ctx.wake(ctx.memory.cluster_users(&namespace.name_any())).await,
            Err(error) => {
                tracing::warn!(error = chain(&error), "watch of Namespaces interrupted");
            }
        }
    }
}

/// Metadata of managed Secrets; one that is not what was confirmed is checked at once instead of at its turn.
pub(super) async fn secrets(namespace: Option<String>, ctx: Arc<Context>) {
    let api: Api<PartialObjectMeta<Secret>> = match &namespace {
        Some(namespace) => Api::namespaced(ctx.clients.of(namespace).clone(), namespace),
        None => Api::all(ctx.clients.of("").clone()),
    };
    let config = watcher::Config::default().labels(&format!("{MANAGED_LABEL}=true")).page_size(PAGE);
    let mut events = std::pin::pin!(watcher(api, config).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(secret) | Event::InitApply(secret)) => {
                seen(&secret, secret.resource_version().as_deref(), &ctx);
            }
            Ok(Event::Delete(secret)) => seen(&secret, None, &ctx),
            Ok(Event::Init | Event::InitDone) => {}
            Err(error) => tracing::warn!(error = chain(&error), "watch of Secrets interrupted"),
        }
    }
}

/// The event of a write of ours may come before the write's answer, so the check waits a moment.
fn seen(secret: &PartialObjectMeta<Secret>, version: Option<&str>, ctx: &Context) {
    let namespace = secret.namespace().unwrap_or_default();
    ctx.memory.seen(&namespace, &secret.name_any(), version, Instant::now() + SETTLING);
}

/// A watch into a cache, without what nobody reads of it.
fn kept<K>(
    api: Api<K>,
    writer: Writer<K>,
    mut ticket: Ticket,
) -> impl Stream<Item = watcher::Result<Event<K>>> + Send + use<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let config = watcher::Config::default().page_size(PAGE);
    let events = watcher(api, config).default_backoff();
    let kept = events.modify(|object| object.meta_mut().managed_fields = None).reflect(writer);
    kept.inspect(move |event| {
        if matches!(event, Ok(Event::InitDone)) {
            ticket.fill();
        }
    })
}

/// Everything of an object that a user may change, and nothing that we write.
fn edits<K: Resource>(object: &Guarded<K>) -> u64 {
    let metadata = object.meta();
    let mut hasher = DefaultHasher::new();
    (&metadata.uid, metadata.generation, &metadata.labels, &metadata.annotations, &metadata.finalizers)
        .hash(&mut hasher);
    hasher.finish()
}
