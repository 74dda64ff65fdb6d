//! The operator: flags become parts, and the parts run until they are told to stop. Behind the word `render` it is a command
//! that prints manifests and ends.

#[path = "main/outside.rs"]
mod outside;
#[path = "main/render.rs"]
mod render;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use keyferry::cluster::events::Events;
use keyferry::cluster::lease::{Elector, Fence, Timing, identity};
use keyferry::cluster::reach::{Clients, Scope};
use keyferry::cluster::throttle;
use keyferry::controller::{self, Leads, Parts};
use keyferry::ops::cli::{self, Flags};
use keyferry::ops::health::{Health, Part, State};
use keyferry::ops::metrics::Metrics;
use keyferry::ops::server::{self, Listen};
use keyferry::ops::settings::{Election, Settings};
use keyferry::ops::shutdown::{self, Stop};
use keyferry::ops::telemetry;
use keyferry::plan::template::Engine;
use keyferry::poll::{self, Poller};
use tokio::sync::mpsc;

/// How many wakes may wait to be carried to their watch; none is lost where there are more.
const WAKES: usize = 1024;
/// How long passes that have begun may take after the word to stop.
const GRACE: Duration = Duration::from_secs(25);

fn main() -> ExitCode {
    match cli::render::asked(std::env::args_os()) {
        Some(Ok(agent)) => return render::run(&agent),
        Some(Err(error)) => error.exit(),
        None => {}
    }
    let flags = match Flags::read(std::env::args_os()) {
        Ok(flags) => flags,
        Err(error) => error.exit(),
    };
    match start(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = telemetry::chain(error.as_ref()), "keyferry ends");
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// For a person at a terminal, when the log does not run yet.
#[expect(clippy::print_stderr, reason = "bad flags are told before there is a log")]
fn complain(error: &anyhow::Error) {
    if error.is::<keyferry::ops::settings::Invalid>() {
        eprintln!("keyferry: {error}");
    }
}

fn start(flags: Flags) -> anyhow::Result<()> {
    let settings = Settings::try_from(flags)?;
    telemetry::start(settings.log).context("could not start the log")?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build();
    runtime.context("could not start the runtime")?.block_on(run(settings))
}

/// Few threads: the work is waiting.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(1, 4))
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = shutdown::on_signal().context("could not listen for signals")?;
    let metrics = Arc::new(Metrics::new(settings.extended_metric_labels)?);
    let health = Arc::new(Health::default());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "keyferry starts");
    for flag in &settings.without_effect {
        tracing::info!(flag, "this flag is accepted and does nothing");
    }
    serve(settings.metrics, server::metrics(Arc::clone(&metrics)), &stop).await?;
    serve(settings.probes, server::probes(Arc::clone(&health)), &stop).await?;
    let client = throttle::client(settings.client.qps, settings.client.burst).await?;
    match settings.election.clone() {
        None => Box::pin(work(settings, client, Fence::always(), metrics, health, stop)).await,
        Some(election) => Box::pin(lead(settings, election, client, metrics, health, stop)).await,
    }
}

/// Serves `routes` in the background, where an address was given.
async fn serve(listen: Option<Listen>, routes: axum::Router, stop: &Stop) -> anyhow::Result<()> {
    let Some(listen) = listen else { return Ok(()) };
    let listener = listen.bind().await?;
    let stop = stop.clone();
    tokio::spawn(async move {
        if let Err(error) = server::serve(listener, routes, stop).await {
            tracing::error!(error = telemetry::chain(&error), "an endpoint ended");
        }
    });
    Ok(())
}

/// Waits for the lease, works while it is held, gives it back.
///
/// A lease that is lost ends the process: what was under way must not go on beside the new leader.
async fn lead(
    settings: Settings,
    election: Election,
    client: kube::Client,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    stop: Stop,
) -> anyhow::Result<()> {
    let Election { name, namespace, host, lease_duration, renew_deadline, retry_period } = election;
    let leases = match &namespace {
        Some(namespace) => kube::Api::namespaced(client.clone(), namespace),
        None => kube::Api::default_namespaced(client.clone()),
    };
    let timing = Timing { lease_duration, renew_deadline, retry_period };
    let mut elector = Elector::new(leases, name.clone(), identity(&host), timing);
    for part in Part::ALL {
        health.set(part, State::Standby);
    }
    metrics.leading(&name, false);
    tokio::select! {
        () = stop.clone().requested() => return Ok(()),
        () = elector.acquire() => {}
    }
    for part in Part::ALL {
        health.set(part, State::Starting);
    }
    metrics.leading(&name, true);
    let fence = elector.fence();
    let worked = tokio::select! {
        worked = work(settings, client, fence, metrics, health, stop) => worked,
        () = elector.keep() => Err(anyhow::anyhow!("the lease {name:?} was lost")),
    };
    elector.release().await;
    worked
}

/// Runs the controllers until told to stop.
async fn work(
    settings: Settings,
    client: kube::Client,
    fence: Fence,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    stop: Stop,
) -> anyhow::Result<()> {
    let (wakes, woken) = mpsc::channel(WAKES);
    let polling = poll::Settings {
        default_interval: settings.sync.default_refresh_interval,
        deadline: settings.sync.provider_deadline,
        ..poll::Settings::default()
    };
    let parts = Parts {
        clients: Clients::new(client.clone()),
        events: Events::new(client, settings.instance.clone()),
        environment: outside::environment(&settings, &metrics).await?,
        poller: Poller::new(polling, wakes.clone()),
        engine: Arc::new(Engine::new(sprig::functions(sprig::System), settings.sync.template_delimiters.clone())),
        leads: Leads::new(move || fence.holds()),
        settings: passes(settings),
        metrics,
        wakes,
    };
    let controllers = controller::run(parts, woken, health, stop.clone());
    tokio::select! {
        () = controllers => {}
        () = grace(stop) => tracing::warn!("passes did not end in time"),
    }
    tracing::info!("keyferry stops");
    Ok(())
}

async fn grace(stop: Stop) {
    stop.requested().await;
    tokio::time::sleep(GRACE).await;
}

/// What of the settings concerns the passes; the rest is spent above.
fn passes(settings: Settings) -> controller::Settings {
    let sync = settings.sync;
    controller::Settings {
        scope: Scope::of(settings.namespaces),
        class: settings.controller_class,
        cluster_stores: settings.cluster_stores,
        stores: settings.stores,
        flood_gate: settings.flood_gate,
        default_interval: sync.default_refresh_interval,
        heartbeat: sync.status_heartbeat,
        store_interval: sync.store_requeue_interval,
        concurrent: sync.concurrent,
        checks_per_second: sync.target_check_qps,
        deletes_per_minute: sync.max_deletes_per_minute,
        watch_secrets: sync.watch_secrets,
        may_wipe: sync.adoption == keyferry::ops::cli::Adoption::Any,
        nudge: settings.nudge.map(nudging),
    }
}

fn nudging(nudge: keyferry::ops::settings::Nudge) -> controller::Nudging {
    let keyferry::ops::settings::Nudge { namespaces, qps, burst } = nudge;
    controller::Nudging { per_second: qps, burst, namespaces }
}
