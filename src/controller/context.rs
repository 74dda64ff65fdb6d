//! What every pass works with.

use std::sync::Arc;
use std::time::Duration;

use gotemplate::Functions;
use tokio::sync::mpsc;

use super::backoff::Backoff;
use super::brake::Brake;
use super::kept::Kept;
use super::memory::Memory;
use super::nudge::{Nudges, Nudging};
use super::stores::Stores;
use super::templates::Templates;
use super::texts::Texts;
use crate::cluster::events::Events;
use crate::cluster::pods::Pods;
use crate::cluster::reach::{Clients, Scope};
use crate::cluster::target::Targets;
use crate::ops::metrics::Metrics;
use crate::plan::template::Engine;
use crate::poll::{ObjectId, Poller};
use crate::provider::Environment;

/// What an operator was told that concerns its passes.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Settings {
    /// Where it works.
    pub scope: Scope,
    /// Which stores are its own.
    pub class: String,
    /// Whether ClusterSecretStores, and what uses them, are served.
    pub cluster_stores: bool,
    /// Whether SecretStores are validated.
    pub stores: bool,
    /// Whether an ExternalSecret waits for its store to be ready.
    pub flood_gate: bool,
    /// The interval of an ExternalSecret that names none.
    pub default_interval: Duration,
    /// How often an unchanged status is written.
    pub heartbeat: Option<Duration>,
    /// How often a store is validated.
    pub store_interval: Duration,
    /// Passes at once, for each kind.
    pub concurrent: u16,
    /// Looks at targets a second.
    pub checks_per_second: u32,
    /// Deletions a minute for a remote secret that is gone.
    pub deletes_per_minute: u32,
    /// Whether managed Secrets are watched, so that drift is seen at once.
    pub watch_secrets: bool,
    /// Whether creation policy `Orphan` may take keys from a foreign Secret.
    pub may_wipe: bool,
    /// Whether and how the pods that mount a changed Secret are told.
    pub nudge: Option<Nudging>,
}

/// What [`Context`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// What was told.
    pub settings: Settings,
    /// How the cluster is reached.
    pub clients: Clients,
    /// Where events go.
    pub events: Events,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What all sessions share.
    pub environment: Environment,
    /// What is polled.
    pub poller: Poller,
    /// What renders templates.
    pub engine: Arc<Engine>,
    /// Where wakes are put in; the poller holds another one.
    pub wakes: mpsc::Sender<ObjectId>,
    /// Whether this process may write now.
    pub leads: Leads,
}

/// Asked before every write.
#[derive(Clone)]
pub struct Leads(Arc<dyn Fn() -> bool + Send + Sync>);

impl Leads {
    /// As `holds` says at each question.
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// Whether a write may be made now.
    pub(super) fn now(&self) -> bool {
        (self.0)()
    }
}

impl std::fmt::Debug for Leads {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Leads({})", self.now())
    }
}

/// What every pass works with.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) settings: Settings,
    pub(super) clients: Clients,
    pub(super) targets: Targets,
    pub(super) pods: Pods,
    pub(super) events: Events,
    pub(super) metrics: Arc<Metrics>,
    pub(super) environment: Environment,
    pub(super) poller: Poller,
    pub(super) wakes: mpsc::Sender<ObjectId>,
    pub(super) leads: Leads,
    pub(super) stores: Stores,
    pub(super) memory: Memory,
    pub(super) templates: Templates,
    pub(super) texts: Texts,
    pub(super) kept: Kept,
    pub(super) backoff: Backoff<ObjectId>,
    pub(super) brake: Brake,
    pub(super) nudges: Nudges,
    /// Those that templates may call.
    pub(super) functions: Functions,
}

impl Context {
    pub(super) fn new(parts: Parts, stores: Stores) -> Self {
        let Parts { settings, clients, events, metrics, environment, poller, engine, wakes, leads } = parts;
        let functions = engine.functions().clone();
        Self {
            targets: Targets::new(clients.clone()),
            pods: Pods::new(clients.clone()),
            brake: Brake::new(settings.deletes_per_minute),
            memory: Memory::default(),
            templates: Templates::new(engine),
            texts: Texts::default(),
            kept: Kept::default(),
            backoff: Backoff::default(),
            nudges: Nudges::new(settings.nudge.clone()),
            functions,
            settings,
            clients,
            events,
            metrics,
            environment,
            poller,
            wakes,
            leads,
            stores,
        }
    }

    /// Has passes made over `ids` soon.
    pub(super) async fn wake(&self, ids: Vec<ObjectId>) {
        for id in ids {
            // The receiver is gone only when the process is about to be.
            let _ = self.wakes.send(id).await;
        }
    }

    /// Forgets all that is known of an object that is gone.
    pub(super) fn forget(&self, id: &ObjectId) {
        self.poller.forget(id);
        self.memory.forget(id);
        self.texts.forget(id);
        self.kept.forget(id);
        self.backoff.clear(id);
        self.metrics.forget(crate::ops::metrics::Kind::ExternalSecret, &id.namespace, &id.name);
    }
}
