//! Open sessions with stores, each with credentials of its own.
//!
//! A session belongs to a store's UID and generation and, where the credentials depend on it, to the consumer's
//! namespace; nothing is shared across two. It is closed, for good, when its store changes, when an object that its
//! credentials were read from changes, and when nobody has used it for a while; the next [`Sessions::open`] gives
//! another number. Opening is done once however many ask, and a failure is remembered for a moment.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as Turn, Notify, Semaphore};
use tokio::task::JoinSet;

use crate::provider::{Credentials, Error, Kind, Provider, Remote};

use super::identity::SessionId;
use super::schedule::Manner;
use super::{Settings, held, now};

/// What decides which credentials a session has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// The store's UID.
    pub store_uid: Arc<str>,
    /// The store's generation: another spec is another session.
    pub generation: i64,
    /// The consumer's namespace, where the credentials of a ClusterSecretStore depend on it; else `None`.
    pub consumer_namespace: Option<Arc<str>>,
}

/// An open session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) provider: Arc<dyn Provider>,
    /// How many calls may be under way. One, until the credentials have proved good.
    pub(super) permits: Semaphore,
    /// Where calls wait for their turn while the session is throttled.
    pub(super) line: Turn<()>,
    /// An answer has come: the first in line may have its turn sooner than it was told.
    pub(super) answered: Notify,
    key: SessionKey,
    credentials: Arc<dyn Credentials>,
    used: Mutex<Instant>,
    proved: std::sync::Once,
}

impl Session {
    /// How the provider reads `remote` now.
    pub(super) fn manner(&self, remote: &Remote) -> Manner {
        let (batch, immutable) = (self.provider.batch_of(remote), self.provider.is_fixed(remote));
        Manner { batch, immutable, detects: self.provider.detects_of(remote).filter(|_| !immutable) }
    }

    /// The credentials are good: from now on `concurrency` calls may be under way.
    pub(super) fn prove(&self, concurrency: usize) {
        self.proved.call_once(|| self.permits.add_permits(concurrency.saturating_sub(1)));
    }
}

/// What sessions tell the poller.
pub(super) trait Listener: fmt::Debug + Send + Sync {
    fn opened(&self, session: SessionId);
    fn closed(&self, session: SessionId);
    /// Whether objects depend on it.
    fn uses(&self, session: SessionId) -> bool;
}

/// All open sessions.
#[derive(Debug)]
pub struct Sessions {
    listener: Arc<dyn Listener>,
    retry: Duration,
    idle: Duration,
    deadline: Duration,
    state: Mutex<State>,
    /// Sessions that give back what their providers keep for them.
    farewells: Mutex<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<SessionId, Arc<Session>>,
    doors: HashMap<SessionKey, Arc<Turn<Door>>>,
    given: u64,
}

/// The way to a session: one at a time passes.
#[derive(Debug, Default)]
enum Door {
    #[default]
    Closed,
    Open(SessionId),
    Failed {
        error: Error,
        until: Instant,
    },
}

impl Sessions {
    pub(super) fn new(settings: &Settings, listener: Arc<dyn Listener>) -> Self {
        Self {
            listener,
            retry: settings.open_retry,
            idle: settings.session_idle,
            // Opening may take several calls, each with a deadline of its own.
            deadline: settings.deadline * 2 + settings.margin,
            state: Mutex::default(),
            farewells: Mutex::default(),
        }
    }

    /// The session of `key`; `open` opens it where there is none.
    ///
    /// However many ask at once, one of them opens. Its failure is everybody's until `Settings::open_retry` is over, or
    /// the store is closed. Sessions of older generations of the store are closed.
    pub async fn open<F, O>(&self, key: SessionKey, open: O) -> Result<SessionId, Error>
    where
        O: FnOnce() -> F,
        F: Future<Output = Result<(Arc<dyn Provider>, Arc<dyn Credentials>), Error>>,
    {
        let door = held(&self.state).doors.entry(key.clone()).or_default().clone();
        let mut door = door.lock().await;
        match &*door {
            Door::Open(id) if self.touch(*id) => return Ok(*id),
            Door::Failed { error, until } if now() < *until => return Err(error.clone()),
            _ => {}
        }
        let opened = tokio::time::timeout(self.deadline, open()).await.unwrap_or_else(|_| Err(too_slow()));
        match opened {
            Ok((provider, credentials)) => {
                let id = self.enter(key, provider, credentials);
                *door = Door::Open(id);
                Ok(id)
            }
            Err(error) => {
                *door = Door::Failed { error: error.clone(), until: now() + self.retry };
                Err(error)
            }
        }
    }

    /// Whether `id` is open; if so, it is in use.
    fn touch(&self, id: SessionId) -> bool {
        let session = self.get(id);
        session.inspect(|session| *held(&session.used) = now()).is_some()
    }

    fn enter(&self, key: SessionKey, provider: Arc<dyn Provider>, credentials: Arc<dyn Credentials>) -> SessionId {
        let of_before = |other: &SessionKey| {
            other.store_uid == key.store_uid
                && other.consumer_namespace == key.consumer_namespace
                && other.generation < key.generation
        };
        self.close_where(|session| of_before(&session.key));
        let mut state = held(&self.state);
        state.doors.retain(|other, _| !of_before(other));
        state.given += 1;
        let id = SessionId::new(state.given);
        let (permits, used, proved) = (Semaphore::new(1), Mutex::new(now()), std::sync::Once::new());
        let (line, answered) = (Turn::default(), Notify::new());
        let session = Session { id, provider, permits, line, answered, key, credentials, used, proved };
        state.open.insert(id, Arc::new(session));
        drop(state);
        self.listener.opened(id);
        id
    }

    /// The session `id`, while it is open.
    pub(super) fn get(&self, id: SessionId) -> Option<Arc<Session>> {
        held(&self.state).open.get(&id).cloned()
    }

    /// Looks whether the credentials of the store's sessions are still those that are in the cluster, and closes the
    /// sessions of which they are not; says whether there were any. To be called at a store's validation; the poller
    /// itself calls it when a provider refuses a credential.
    pub async fn check_credentials(&self, store_uid: &str) -> bool {
        self.forget_failures(store_uid);
        let sessions: Vec<_> =
            held(&self.state).open.values().filter(|session| &*session.key.store_uid == store_uid).cloned().collect();
        let mut changed = false;
        for session in sessions {
            changed |= self.check(&session).await;
        }
        changed
    }

    /// Closes `session` if its credentials have changed.
    pub(super) async fn check(&self, session: &Session) -> bool {
        let changed = tokio::time::timeout(self.deadline, session.credentials.changed()).await.unwrap_or(false);
        if changed {
            self.close_where(|other| other.id == session.id);
        }
        changed
    }

    /// Closes all sessions of a store, of whatever generation and namespace: it was changed or deleted.
    pub fn close_store(&self, store_uid: &str) {
        self.close_where(|session| &*session.key.store_uid == store_uid);
        self.forget_failures(store_uid);
    }

    /// Closes the sessions that no object depends on and nobody has asked for lately.
    pub(super) fn close_idle(&self) {
        let end = now();
        let idle = |session: &Session| end.saturating_duration_since(*held(&session.used)) >= self.idle;
        self.close_where(|session| idle(session) && !self.listener.uses(session.id));
        // A door that somebody stands in is held twice.
        let leads_nowhere = |door: &Arc<Turn<Door>>, open: &HashMap<SessionId, Arc<Session>>| {
            Arc::strong_count(door) == 1
                && door.try_lock().is_ok_and(|door| match &*door {
                    Door::Closed => true,
                    Door::Open(id) => !open.contains_key(id),
                    Door::Failed { until, .. } => *until <= end,
                })
        };
        let State { open, doors, .. } = &mut *held(&self.state);
        doors.retain(|_, door| !leads_nowhere(door, open));
    }

    fn forget_failures(&self, store_uid: &str) {
        let failed = |door: &Arc<Turn<Door>>| door.try_lock().is_ok_and(|door| matches!(*door, Door::Failed { .. }));
        held(&self.state).doors.retain(|key, door| &*key.store_uid != store_uid || !failed(door));
    }

    /// Closes every session, and waits for `patience` at most until each has given back what its provider keeps for it.
    /// To be called when nothing is read any more.
    pub async fn close_all(&self, patience: Duration) {
        self.close_where(|_| true);
        let mut farewells = std::mem::take(&mut *held(&self.farewells));
        let _ = tokio::time::timeout(patience, async { while farewells.join_next().await.is_some() {} }).await;
    }

    fn close_where(&self, ends: impl Fn(&Session) -> bool) {
        let closed: Vec<_> = held(&self.state).open.extract_if(|_, session| ends(session)).collect();
        for (id, session) in closed {
            self.listener.closed(id);
            self.bid_farewell(session);
        }
    }

    /// In the background: nobody waits for a provider that is left.
    fn bid_farewell(&self, session: Arc<Session>) {
        let mut farewells = held(&self.farewells);
        while farewells.try_join_next().is_some() {}
        farewells.spawn(async move { session.provider.close().await });
    }
}

fn too_slow() -> Error {
    Error {
        provider: "session",
        doing: "open the store's session".into(),
        kind: Kind::Unavailable,
        cause: "no answer in time".into(),
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
