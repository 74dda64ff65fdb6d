//! Polls remote secrets, not objects, and says which objects have work.
//!
//! A *reference* is a remote secret as one session reads it; all objects that use it share it. The poller remembers a
//! keyed fingerprint of what each reference was last *seen* to be, and of what each object last *applied* of it. While
//! the two differ the object is *dirty*, and a dirty object is woken at every poll of one of its references and at its
//! own ticks, until it has applied what is seen. So nothing is lost by losing a wake, and a wake carries no value.
//!
//! One pass of an object, as its controller makes it:
//!
//! 1. [`Sessions::open`] gives the session of its store; [`Poller::subscribe`] says which references it wants, how often.
//! 2. [`Poller::fetch`] reads them, together with what other objects ask for in the same milliseconds.
//! 3. It writes, or tells its user what failed; then [`Poller::applied`] says what it acted upon.
//!
//! From then on [`Poller::run`] reads the references, in slots of a batch that are spread over the interval, and sends
//! the object's id when there is something to do. Where to look: `slots` packs references and says when; `schedule` and
//! `record` hold seen, applied and dirty; `absence`, `health` and `pace` decide what an answer, a refusal and a
//! throttling mean; `listed` what a provider says of changes without a read. `read` makes one guarded call, `detect` a round
//! with a listing; `coalesce` and `handover` save calls; `session` opens and closes.
//!
//! All of it but the last five is free of clocks and tasks: time is passed in. Values are in [`Reading`]s and, for two
//! seconds, in the hand-over buffer; nowhere else. Nothing here knows Kubernetes.

mod absence;
mod coalesce;
mod detect;
mod fingerprint;
mod handover;
mod health;
mod identity;
mod known;
mod listed;
mod pace;
mod phase;
mod read;
mod record;
mod revive;
mod run;
mod schedule;
mod seen;
mod session;
mod shrink;
mod slab;
mod slots;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use coalesce::Flights;
use fingerprint::Fingerprinter;
use handover::Handover;
use schedule::{Bounds, Schedule, Wanted};
use session::Listener;

pub use absence::Absence;
pub use fingerprint::Fingerprint;
pub use identity::{ObjectId, Reference, SessionId};
pub use seen::{Reading, Seen};
pub use session::{SessionKey, Sessions};
pub use shrink::doubt;

/// What a poller is bounded by.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often an object that wants to be applied once is polled until it is, and how soon a fetch may try a refused
    /// credential again. 10 s.
    pub default_interval: Duration,
    /// The shortest interval: what is shorter is treated as this. 1 s.
    pub least_interval: Duration,
    /// How long a read waits for others to come along. 5 ms.
    pub window: Duration,
    /// How many bytes the hand-over buffer may hold. 8 MiB.
    pub handover_bytes: usize,
    /// How long a value may stay in the hand-over buffer. 2 s.
    pub handover_age: Duration,
    /// How long a failure may: it holds no value. 10 s.
    pub failure_age: Duration,
    /// The deadline of a call, as the provider keeps it, and of waiting for a permit to make one. 30 s.
    pub deadline: Duration,
    /// How much later a call is given up on here. 5 s.
    pub margin: Duration,
    /// How many calls of one session may be under way. 8.
    pub session_concurrency: usize,
    /// How long a failure to open a session is remembered. 10 s.
    pub open_retry: Duration,
    /// After how long a session that no object depends on is closed. 15 min.
    pub session_idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_interval: Duration::from_secs(10),
            least_interval: Duration::from_secs(1),
            window: Duration::from_millis(5),
            handover_bytes: 8 << 20,
            handover_age: Duration::from_secs(2),
            failure_age: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            margin: Duration::from_secs(5),
            session_concurrency: 8,
            open_retry: Duration::from_secs(10),
            session_idle: Duration::from_mins(15),
        }
    }
}

/// What an object wants to be told about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// The references it is made of; one that is named twice counts once.
    pub references: Vec<Reference>,
    /// How often it wants to move. `None`, or zero: until it has been applied with nothing but values; then it is
    /// forgotten.
    pub interval: Option<Duration>,
}

/// Says whether this process may read for a session: the place for leader election and sharding.
pub trait Fence: fmt::Debug + Send + Sync {
    /// Asked before each poll. What it refuses is not read and changes nothing.
    fn may_read(&self, session: SessionId) -> bool;
}

/// The fence of a process that has all sessions to itself.
#[derive(Clone, Copy, Debug)]
pub struct NoFence;

impl Fence for NoFence {
    fn may_read(&self, _: SessionId) -> bool {
        true
    }
}

/// How much there is, for metrics and the watchdog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Objects that are subscribed.
    pub objects: usize,
    /// Different references that they use.
    pub references: usize,
    /// Open sessions.
    pub sessions: usize,
    /// Slots: the calls of a round.
    pub slots: usize,
    /// Slots whose read is under way.
    pub reading: usize,
    /// Objects that have work.
    pub dirty: usize,
    /// Wakes that wait for the receiver.
    pub waking: usize,
    /// By how much the most overdue slot or tick is late. What grows means that the loop does not run.
    pub late: Duration,
    /// Ticks at which the slot's last read had not come back, since the start.
    pub missed: u64,
    /// Answers of searches that were not believed, since the start.
    pub doubted: u64,
    /// Reads that were not made as a listing had no change to tell, since the start.
    pub spared: u64,
    /// Bytes in the hand-over buffer.
    pub buffer_bytes: usize,
}

/// Polls references and wakes objects. Clones are the same poller.
#[derive(Clone, Debug)]
pub struct Poller {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    fence: Arc<dyn Fence>,
    fingerprinter: Fingerprinter,
    shared: Arc<Shared>,
    sessions: Sessions,
    handover: Mutex<Handover>,
    flights: Mutex<Flights>,
    wake: mpsc::Sender<ObjectId>,
}

/// What the sessions tell, and the loop waits for.
#[derive(Debug)]
struct Shared {
    schedule: Mutex<Schedule>,
    changed: Notify,
}

impl std::ops::Deref for Inner {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Listener for Shared {
    fn opened(&self, session: SessionId) {
        held(&self.schedule).open(session);
    }

    fn closed(&self, session: SessionId) {
        held(&self.schedule).close(session, now());
        self.changed.notify_one();
    }

    fn uses(&self, session: SessionId) -> bool {
        held(&self.schedule).uses(session)
    }
}

impl Poller {
    /// A poller that sends the ids of objects that have work to `wake`. However small the channel, no wake is lost:
    /// each object waits for its turn once.
    pub fn new(settings: Settings, wake: mpsc::Sender<ObjectId>) -> Self {
        Self::fenced(settings, wake, Arc::new(NoFence))
    }

    /// As [`Poller::new`], for a process that shares the sessions with others.
    pub fn fenced(settings: Settings, wake: mpsc::Sender<ObjectId>, fence: Arc<dyn Fence>) -> Self {
        let bounds = Bounds { once: settings.default_interval, least: settings.least_interval };
        let schedule = Mutex::new(Schedule::new(bounds, now()));
        let shared = Arc::new(Shared { schedule, changed: Notify::new() });
        let sessions = Sessions::new(&settings, Arc::clone(&shared) as Arc<dyn Listener>);
        let (bytes, age, failure_age) = (settings.handover_bytes, settings.handover_age, settings.failure_age);
        let handover = Mutex::new(Handover::new(handover::Bounds { bytes, age, failure_age }));
        let (fingerprinter, flights) = (Fingerprinter::random(), Mutex::default());
        let inner = Inner { settings, fence, fingerprinter, shared, sessions, handover, flights, wake };
        Self { inner: Arc::new(inner) }
    }

    /// The sessions that references are read through.
    pub fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    /// Reads `references` for `object` and answers each, in order.
    ///
    /// Each remote key is read at most once: what this round has just read, or is reading, is not read again. What is
    /// found counts as a poll of the reference. It may be given up on at any time.
    pub async fn fetch(&self, object: &ObjectId, references: &[Reference]) -> Vec<Reading> {
        self.ask(object, references, false).await
    }

    /// As [`Poller::fetch`], for an object whose user has just asked for a read: what was read before is not taken.
    pub async fn fetch_anew(&self, object: &ObjectId, references: &[Reference]) -> Vec<Reading> {
        self.ask(object, references, true).await
    }

    async fn ask(&self, object: &ObjectId, references: &[Reference], anew: bool) -> Vec<Reading> {
        tracing::trace!(%object, references = references.len(), anew, "fetch");
        let asked: Vec<_> = references.iter().map(|reference| self.inner.ask(reference, anew)).collect();
        futures::future::join_all(asked.into_iter().map(coalesce::Asked::answer)).await
    }

    /// Says what `object` wants from now on; what it wanted before is forgotten. To be called before the fetch, so that
    /// the first poll is due within an interval of it; cheap where nothing changed.
    pub fn subscribe(&self, object: &ObjectId, interest: Interest) {
        if held(&self.inner.schedule).wants(object, &interest.references, interest.interval) {
            return;
        }
        let wanted = interest.references.into_iter().map(|reference| self.describe(reference)).collect();
        held(&self.inner.schedule).subscribe(object, wanted, interest.interval, now());
        self.inner.changed.notify_one();
    }

    fn describe(&self, reference: Reference) -> Wanted {
        let manner = self.inner.sessions.get(reference.session).map(|session| session.manner(&reference.remote));
        Wanted { reference, manner }
    }

    /// Says what `object` has taken over, or has told its user: to be called when the write was acknowledged.
    pub fn applied(&self, object: &ObjectId, readings: &[(Reference, Seen)]) {
        held(&self.inner.schedule).applied(object, readings, now());
        self.inner.changed.notify_one();
    }

    /// Whether `object` has work: something it uses is not what it last applied.
    pub fn is_dirty(&self, object: &ObjectId) -> bool {
        held(&self.inner.schedule).is_dirty(object)
    }

    /// Counts the answer of a search that somebody else does not believe.
    pub fn doubted(&self) {
        held(&self.inner.schedule).doubted += 1;
    }

    /// Forgets `object`, and what only it used.
    pub fn forget(&self, object: &ObjectId) {
        held(&self.inner.schedule).forget(object, now());
    }

    /// How much there is of everything.
    pub fn stats(&self) -> Stats {
        let buffer_bytes = held(&self.inner.handover).bytes();
        Stats { buffer_bytes, ..held(&self.inner.schedule).stats(now()) }
    }
}

/// What `mutex` guards. A panic of another holder is no reason to stop: every change under these locks is a whole one.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime's monotonic clock: what the wall clock does is of no concern here.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
