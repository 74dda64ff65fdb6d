//! Leader election on a Lease, compatible with client-go's, so that External Secrets Operator and we never work at once.
//!
//! The Lease is written whole, with the resourceVersion that was read. Wall clocks are written and never compared: how
//! long a Lease has been silent is measured from when *we* last saw it change. [`Fence`] is asked before each write to
//! anything else; it closes before the Lease can be somebody else's. [`Elector::acquire`], then [`Elector::keep`], then
//! [`Elector::release`] is one term; `decide` is all the thinking.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Of the retry period, how much is added at random while waiting for a Lease that is held; client-go's.
const JITTER: f64 = 1.2;

/// The times of an election; the deadline is below the lease's duration, and the retry period well below the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long others wait for a silent holder; whole seconds.
    pub lease_duration: Duration,
    /// How long we work on after the last renewal that succeeded.
    pub renew_deadline: Duration,
    /// How often the Lease is renewed or asked for.
    pub retry_period: Duration,
}

impl Default for Timing {
    /// client-go's 15, 10 and 2 seconds.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { lease_duration: seconds(15), renew_deadline: seconds(10), retry_period: seconds(2) }
    }
}

/// Whether we may write; clones ask the same Lease.
#[derive(Clone, Debug)]
pub struct Fence(Arc<Mutex<Gate>>);

#[derive(Clone, Copy, Debug)]
enum Gate {
    Open,
    Until(Instant),
    Closed,
}

impl Fence {
    /// A fence for a process that is alone because its user says so: leader election is off.
    pub fn always() -> Self {
        Self(Arc::new(Mutex::new(Gate::Open)))
    }

    fn closed() -> Self {
        Self(Arc::new(Mutex::new(Gate::Closed)))
    }

    /// Whether the Lease is certainly ours: the last renewal that succeeded was *sent* less than the deadline ago.
    ///
    /// What is written right after must still carry a resourceVersion: a process can be stopped between the two.
    pub fn holds(&self) -> bool {
        match *self.gate() {
            Gate::Open => true,
            Gate::Until(end) => Instant::now() < end,
            Gate::Closed => false,
        }
    }

    /// When it closes unless the Lease is renewed; `None` when it is closed or always open.
    fn end(&self) -> Option<Instant> {
        match *self.gate() {
            Gate::Until(end) => Some(end),
            Gate::Open | Gate::Closed => None,
        }
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a Lease that was read asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There is none: make it.
    Create,
    /// It is ours: say that we live.
    Renew,
    /// It is nobody's, or its holder has been silent for as long as it promised to speak.
    Take,
    /// It is another's.
    Wait,
}

/// A Lease, and since when it has looked like this to us.
#[derive(Clone, Debug)]
struct Seen {
    lease: Lease,
    since: Instant,
}

/// Chooses the next step of `me`, who knows only what it saw itself.
fn decide(seen: Option<&Seen>, me: &str, now: Instant) -> Step {
    let Some(seen) = seen else { return Step::Create };
    let spec = seen.lease.spec.clone().unwrap_or_default();
    let holder = spec.holder_identity.unwrap_or_default();
    let seconds = u64::try_from(spec.lease_duration_seconds.unwrap_or_default()).unwrap_or_default();
    match holder.as_str() {
        holder if holder == me => Step::Renew,
        "" => Step::Take,
        _ if now.duration_since(seen.since) >= Duration::from_secs(seconds) => Step::Take,
        _ => Step::Wait,
    }
}

/// Runs for one Lease under one identity.
#[derive(Debug)]
pub struct Elector {
    leases: Api<Lease>,
    name: String,
    identity: String,
    timing: Timing,
    fence: Fence,
    seen: Option<Seen>,
}

impl Elector {
    /// Stands for the Lease `name` in the namespace of `leases`, as [`identity`]'s answer.
    pub fn new(leases: Api<Lease>, name: String, identity: String, timing: Timing) -> Self {
        Self { leases, name, identity, timing, fence: Fence::closed(), seen: None }
    }

    /// What to ask before each write; closed until [`Elector::acquire`] ends.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Ends when the Lease is ours, however long that takes; drop the future to give up.
    pub async fn acquire(&mut self) {
        while !self.attempt().await {
            sleep(self.timing.retry_period.mul_f64(JITTER.mul_add(rand::random::<f64>(), 1.0))).await;
        }
    }

    /// Renews the Lease; ends when it is lost, and the process must end with it. Drop the future to stop.
    pub async fn keep(&mut self) {
        while let Some(end) = self.fence.end().filter(|_| self.fence.holds()) {
            let retry_period = self.timing.retry_period;
            let renewal = async {
                sleep(retry_period).await;
                self.attempt().await
            };
            if timeout_at(end, renewal).await.is_err() {
                break;
            }
        }
        self.close();
    }

    /// Gives the Lease back if it is ours, so that another need not wait for it; call it when all work has ended.
    pub async fn release(&mut self) {
        let held = self.fence.holds();
        self.close();
        let Some(seen) = self.seen.take().filter(|_| held) else { return };
        let now = MicroTime(Timestamp::now());
        let spec = LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            acquire_time: Some(now.clone()),
            renew_time: Some(now),
            ..seen.lease.spec.unwrap_or_default()
        };
        if let Err(error) = self.replace(seen.lease.metadata, spec).await {
            tracing::warn!(lease = self.name, %error, "could not release the lease; another replica waits for its end");
        }
    }

    /// One try, in at most half the deadline so that there is time for a second; true when the Lease is ours after it.
    async fn attempt(&mut self) -> bool {
        let sent = Instant::now();
        match timeout(self.timing.renew_deadline / 2, self.step(sent)).await {
            Ok(Ok(ours)) => ours,
            Ok(Err(error)) => {
                tracing::warn!(lease = self.name, %error, "could not ask for the lease");
                false
            }
            Err(_) => {
                tracing::warn!(lease = self.name, "the API server does not answer about the lease");
                false
            }
        }
    }

    /// Writes what [`decide`] says. A holder first writes over what it wrote last, without reading.
    async fn step(&mut self, sent: Instant) -> Result<bool, kube::Error> {
        if self.fence.holds() && self.write(Step::Renew, sent).await.is_ok() {
            return Ok(true);
        }
        self.read().await?;
        let step = decide(self.seen.as_ref(), &self.identity, Instant::now());
        if step == Step::Wait {
            self.close();
            return Ok(false);
        }
        self.write(step, sent).await?;
        tracing::debug!(lease = self.name, identity = self.identity, ?step, "the lease is ours");
        Ok(true)
    }

    /// Reads the Lease; only a change of its spec is a sign of life, so an edited label delays nobody.
    async fn read(&mut self) -> Result<(), kube::Error> {
        let lease = self.leases.get_opt(&self.name).await?;
        let now = Instant::now();
        self.seen = lease.map(|lease| match self.seen.take() {
            Some(seen) if seen.lease.spec == lease.spec => Seen { lease, since: seen.since },
            _ => Seen { lease, since: now },
        });
        Ok(())
    }

    async fn write(&mut self, step: Step, sent: Instant) -> Result<(), kube::Error> {
        let before = self.seen.as_ref().map(|seen| seen.lease.clone()).unwrap_or_default();
        let spec = self.claim(step, before.spec.unwrap_or_default());
        let lease = match step {
            Step::Create => self.create(spec).await?,
            Step::Renew | Step::Take | Step::Wait => self.replace(before.metadata, spec).await?,
        };
        self.seen = Some(Seen { lease, since: sent });
        *self.fence.gate() = Gate::Until(sent + self.timing.renew_deadline);
        Ok(())
    }

    fn claim(&self, step: Step, before: LeaseSpec) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let transitions = before.lease_transitions.unwrap_or_default();
        let (acquired, transitions) = match step {
            Step::Renew => (before.acquire_time.unwrap_or_else(|| now.clone()), transitions),
            Step::Create => (now.clone(), 0),
            Step::Take | Step::Wait => (now.clone(), transitions.saturating_add(1)),
        };
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.timing.lease_duration.as_secs()).ok(),
            acquire_time: Some(acquired),
            renew_time: Some(now),
            lease_transitions: Some(transitions),
            ..before
        }
    }

    async fn create(&self, spec: LeaseSpec) -> Result<Lease, kube::Error> {
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        let lease = Lease { metadata, spec: Some(spec) };
        self.leases.create(&PostParams::default(), &lease).await
    }

    /// The metadata is what was read, resourceVersion included: a Lease that changed since answers 409.
    #[expect(clippy::disallowed_methods, reason = "a Lease is no target, and client-go writes it this way")]
    async fn replace(&self, metadata: ObjectMeta, spec: LeaseSpec) -> Result<Lease, kube::Error> {
        let lease = Lease { metadata, spec: Some(spec) };
        self.leases.replace(&self.name, &PostParams::default(), &lease).await
    }

    fn close(&self) {
        *self.fence.gate() = Gate::Closed;
    }
}

/// A name that no other process has: `host`, an underscore, and a random UUID, as in client-go's tools.
pub fn identity(host: &str) -> String {
    let random = rand::random::<u128>();
    // Version 4, variant 1.
    let bits = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let groups = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Vec<_> = groups.iter().filter_map(|(start, end)| hex.get(*start..*end)).collect();
    format!("{host}_{}", parts.join("-"))
}

#[cfg(test)]
mod tests;
