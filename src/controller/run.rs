//! Starts the watches and the controllers on them, and runs until told to stop.
//!
//! Stores come first: an ExternalSecret is passed over only when the store it names can be looked up. With several
//! namespaces there is one controller for each, all with one [`Context`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use kube::api::Api;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::reflector::{self, Store as Cache};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::context::{Context, Parts};
use super::error::Error;
use super::guarded::Guarded;
use super::loading::Loading;
use super::store::Store;
use super::stores::Stores;
use super::{drift, external_secret, nudge, store, wake, watch};
use crate::api::ExternalSecret;
use crate::api::secret_store::{ClusterSecretStore, SecretStore};
use crate::ops::health::{Health, Part, State};
use crate::ops::metrics::Poll;
use crate::ops::shutdown::Stop;
use crate::poll::ObjectId;

/// How often the gauges of the poller are set and its health is told.
const PULSE: Duration = Duration::from_secs(5);
/// How many intervals the poller may be late before the process is to be restarted.
const LATE_INTERVALS: u32 = 3;

/// How long sessions may take at the end to give back what their providers keep for them, such as tokens.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs every controller until `stop`; passes that have begun are ended first.
pub async fn run(parts: Parts, wakes: mpsc::Receiver<ObjectId>, health: Arc<Health>, stop: Stop) {
    let scope = parts.settings.scope.clone();
    let namespaced: Vec<_> = scope.watches().into_iter().map(|namespace| (namespace, reflector::store())).collect();
    let cluster = parts.settings.cluster_stores.then(reflector::store);
    let labels = cluster.is_some().then(reflector::store);
    let stores = Stores {
        namespaced: namespaced.iter().map(|(namespace, (reader, _))| (namespace.clone(), reader.clone())).collect(),
        cluster: cluster.as_ref().map(|(reader, _)| reader.clone()),
        namespaces: labels.as_ref().map(|(reader, _)| reader.clone()),
    };
    let ctx = Arc::new(Context::new(parts, stores));
    let (mut tasks, loading) = (JoinSet::new(), Loading::new());
    for (namespace, (reader, writer)) in namespaced {
        let api = watch::api::<SecretStore>(&ctx, namespace.as_deref());
        tasks.spawn(serve_stores(
            watch::stores(api, writer, loading.ticket(), &ctx),
            reader,
            Arc::clone(&ctx),
            stop.clone(),
        ));
    }
    if let Some((reader, writer)) = cluster {
        let api: Api<Guarded<ClusterSecretStore>> = Api::all(ctx.clients.of("").clone());
        tasks.spawn(serve_stores(
            watch::stores(api, writer, loading.ticket(), &ctx),
            reader,
            Arc::clone(&ctx),
            stop.clone(),
        ));
    }
    if let Some((_, writer)) = labels {
        tasks.spawn(until(stop.clone(), watch::namespaces(writer, loading.ticket(), Arc::clone(&ctx))));
    }
    until(stop.clone(), loading.done()).await;
    serve_objects(&ctx, wakes, &health, &stop, &mut tasks).await;
    while tasks.join_next().await.is_some() {}
    ctx.poller.sessions().close_all(FAREWELL).await;
}

/// The ExternalSecrets, the poller that wakes them, and the checks of their targets.
async fn serve_objects(
    ctx: &Arc<Context>,
    wakes: mpsc::Receiver<ObjectId>,
    health: &Arc<Health>,
    stop: &Stop,
    tasks: &mut JoinSet<()>,
) {
    let (routes, streams) = wake::routes(&ctx.settings.scope);
    let loading = Loading::new();
    for (namespace, wakes) in ctx.settings.scope.watches().into_iter().zip(streams) {
        let (reader, writer) = reflector::store();
        let objects = watch::external_secrets(namespace, writer, reader.clone(), loading.ticket(), ctx);
        tasks.spawn(serve(objects, reader, wakes, Arc::clone(ctx), stop.clone()));
    }
    tasks.spawn(until(stop.clone(), routes.carry(wakes)));
    tasks.spawn(ctx.poller.clone().run(stop.clone().requested()));
    tasks.spawn(until(stop.clone(), drift::run(Arc::clone(ctx))));
    if ctx.settings.nudge.is_some() {
        tasks.spawn(until(stop.clone(), nudge::run(Arc::clone(ctx))));
    }
    if ctx.settings.watch_secrets {
        for namespace in ctx.settings.scope.watches() {
            tasks.spawn(until(stop.clone(), watch::secrets(namespace, Arc::clone(ctx))));
        }
    }
    tasks.spawn(until(stop.clone(), pulse(Arc::clone(ctx), Arc::clone(health))));
    until(stop.clone(), loading.done()).await;
    health.set(Part::Watches, State::Ready);
}

/// Runs `work` until `stop`.
async fn until(stop: Stop, work: impl Future<Output = ()>) {
    tokio::select! {
        () = stop.requested() => {}
        () = work => {}
    }
}

async fn serve(
    objects: impl Stream<Item = watch::Touched<ExternalSecret>> + Send + 'static,
    cache: Cache<Guarded<ExternalSecret>>,
    wakes: impl Stream<Item = ObjectRef<Guarded<ExternalSecret>>> + Send + 'static,
    ctx: Arc<Context>,
    stop: Stop,
) {
    let controller = Controller::for_stream(objects, cache)
        .with_config(Config::default().concurrency(ctx.settings.concurrent))
        .reconcile_on(wakes)
        .graceful_shutdown_on(stop.requested());
    let passes = controller.run(external_secret::reconcile, external_secret::error_policy, ctx);
    passes.for_each(log).await;
}

async fn serve_stores<S: Store>(
    stores: impl Stream<Item = watch::Touched<S>> + Send + 'static,
    cache: Cache<Guarded<S>>,
    ctx: Arc<Context>,
    stop: Stop,
) {
    let controller = Controller::for_stream(stores, cache)
        .with_config(Config::default().concurrency(ctx.settings.concurrent))
        .graceful_shutdown_on(stop.requested());
    controller.run(store::reconcile::<S>, store::error_policy::<S>, ctx).for_each(log).await;
}

type Passed<K> = Result<(ObjectRef<K>, Action), kube::runtime::controller::Error<Error, kube::runtime::watcher::Error>>;

/// Failed passes are told by their error policies; here only what is wrong with a watch.
async fn log<K: kube::runtime::reflector::Lookup>(passed: Passed<K>) {
    if let Err(kube::runtime::controller::Error::QueueError(error)) = passed {
        tracing::warn!(error = crate::ops::telemetry::chain(&error), "watch interrupted");
    }
}

/// Sets the poller's gauges and says that it is alive.
async fn pulse(ctx: Arc<Context>, health: Arc<Health>) {
    let limit = ctx.settings.default_interval.max(PULSE) * LATE_INTERVALS;
    loop {
        let stats = ctx.poller.stats();
        ctx.metrics.polled(Poll {
            objects: stats.objects,
            references: stats.references,
            slots: stats.slots,
            dirty: stats.dirty,
            lateness: stats.late,
            doubted: stats.doubted,
            spared: stats.spared,
        });
        ctx.metrics.oldest_confirmation(ctx.memory.oldest_confirmation(Instant::now()));
        if stats.late < limit {
            health.ready_for(Part::Poller, limit);
        }
        tokio::time::sleep(PULSE).await;
    }
}
