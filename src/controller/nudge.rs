//! Tells the pods that mount a changed Secret, so that their files follow in a moment instead of a minute.
//!
//! A pass that has changed a Secret's data says so with [`Nudges::owe`], which costs nothing and never fails. One task
//! pays what is owed: it lists the pods of the namespace that opted in, once for all Secrets that changed there together,
//! and then annotates those concerned, so many a second. Nothing changed, nothing asked. What comes later than the
//! kubelet would by itself is not sent: so everything here is bounded, and whatever is lost with the process or given up
//! is found by the kubelet's next round.

mod debts;
mod queue;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::Notify;

use self::debts::{Batch, Debts};
use self::queue::{Queue, Waiting};
use super::context::Context;
use crate::cluster;
use crate::cluster::target::Place;
use crate::ops::metrics::Nudged;
use crate::plan::nudge::{Change, Pod, stamp};

/// A kubelet syncs a pod every 60 to 90 s by itself: a nudge that comes later would change nothing.
const LATE: Duration = Duration::from_mins(2);
/// How long to leave an API server alone that has not answered.
const PAUSE: Duration = Duration::from_secs(2);
/// How often one pod is tried that the API server does not answer for.
const TRIES: u8 = 5;

/// How pods are nudged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nudging {
    /// Pods a second; at least one.
    pub per_second: u32,
    /// Pods at once after a pause; at least one.
    pub burst: u32,
    /// In which namespaces; empty means in all.
    pub namespaces: Vec<String>,
}

/// Which Secrets have changed, and which pods wait to be told.
#[derive(Debug)]
pub(super) struct Nudges {
    settings: Option<Nudging>,
    limiter: DefaultDirectRateLimiter,
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug)]
struct State {
    debts: Debts,
    queue: Queue,
}

/// What to do now.
#[derive(Debug)]
enum Next {
    List(Batch),
    Send(Waiting),
    GiveUp(usize),
    Rest(Option<Duration>),
}

impl Nudges {
    /// Without settings nothing is ever owed.
    pub(super) fn new(settings: Option<Nudging>) -> Self {
        let number = |of: fn(&Nudging) -> u32| settings.as_ref().and_then(|settings| NonZeroU32::new(of(settings)));
        let per_second = number(|settings| settings.per_second).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(per_second).allow_burst(number(|s| s.burst).unwrap_or(NonZeroU32::MIN));
        let in_time = u64::from(per_second.get()).saturating_mul(LATE.as_secs());
        let queue = Queue::new(usize::try_from(in_time).unwrap_or(usize::MAX));
        let state = Mutex::new(State { debts: Debts::default(), queue });
        Self { settings, limiter: RateLimiter::direct(quota), state, news: Notify::new() }
    }

    /// A Secret's data has changed: the pods that mount it are to be told.
    pub(super) fn owe(&self, place: Place<'_>, change: Change) {
        let Some(settings) = &self.settings else { return };
        let named = settings.namespaces.iter().any(|namespace| namespace == place.namespace);
        if named || settings.namespaces.is_empty() {
            self.held().debts.owe(place.namespace, place.name, change, Instant::now());
            self.news.notify_one();
        }
    }

    /// Lists before pods, since a pod that waits may then be told of two changes at once.
    fn next(&self, now: Instant) -> Next {
        let mut state = self.held();
        if let Some(batch) = state.debts.take_due(now) {
            return Next::List(batch);
        }
        let late = state.queue.drop_late(now);
        if late > 0 {
            return Next::GiveUp(late);
        }
        let until_due = state.debts.next_due().map(|due| due.saturating_duration_since(now));
        if state.queue.len() == 0 {
            return Next::Rest(until_due);
        }
        match self.limiter.check() {
            Ok(()) => state.queue.take().map_or(Next::Rest(until_due), Next::Send),
            Err(early) => {
                let turn = early.wait_time_from(DefaultClock::default().now());
                Next::Rest(Some(until_due.map_or(turn, |due| due.min(turn))))
            }
        }
    }

    /// Until there is something to do again, or news.
    async fn rest(&self, wait: Option<Duration>) {
        let time = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time => {}
            () = self.news.notified() => {}
        }
    }

    /// Puts the pods that a change concerns in line; how many found no room.
    fn join(&self, batch: &Batch, pods: &[Pod]) -> usize {
        let mut state = self.held();
        let concerned = pods.iter().filter(|pod| pod.is_concerned_by(&batch.changes));
        concerned.filter(|pod| !state.queue.join(Waiting::new(batch, pod))).count()
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pays what is owed, one call after the other, until the future is dropped.
pub(super) async fn run(ctx: Arc<Context>) {
    loop {
        match ctx.nudges.next(Instant::now()) {
            Next::List(batch) => list(batch, &ctx).await,
            Next::Send(pod) => send(pod, &ctx).await,
            Next::GiveUp(pods) => give_up(pods, &ctx),
            Next::Rest(wait) => ctx.nudges.rest(wait).await,
        }
        ctx.metrics.nudges_waiting(ctx.nudges.held().queue.len());
    }
}

async fn list(batch: Batch, ctx: &Context) {
    let Err(error) = enlist(&batch, ctx).await else { return };
    if error.kind == cluster::Kind::Unavailable {
        tracing::debug!(namespace = %batch.namespace, %error, "pods not listed yet");
        if ctx.nudges.held().debts.put_back(batch, Instant::now()) {
            return tokio::time::sleep(PAUSE).await;
        }
    } else {
        tracing::warn!(namespace = %batch.namespace, %error, "pods not nudged");
    }
    ctx.metrics.nudged(Nudged::Unlisted, 1);
}

/// Puts every pod that the batch concerns in line.
async fn enlist(batch: &Batch, ctx: &Context) -> Result<(), cluster::Error> {
    let mut token = None;
    loop {
        let page = ctx.pods.page(&batch.namespace, token.as_deref()).await?;
        let left_out = ctx.nudges.join(batch, &page.pods);
        if left_out > 0 {
            give_up(left_out, ctx);
        }
        token = page.next.filter(|_| left_out == 0);
        if token.is_none() {
            return Ok(());
        }
    }
}

fn give_up(pods: usize, ctx: &Context) {
    tracing::warn!(pods, "too many pods to nudge in time; the kubelets get to them by themselves");
    ctx.metrics.nudged(Nudged::Late, pods);
}

/// Annotates one pod, unless another replica leads by now.
async fn send(pod: Waiting, ctx: &Context) {
    if !ctx.leads.now() {
        ctx.nudges.held().queue.join(pod);
        return tokio::time::sleep(PAUSE).await;
    }
    let sent = ctx.pods.nudge(&pod.namespace, &pod.name, &pod.uid, &stamp(Timestamp::now())).await;
    match sent.map_err(|error| (error.kind, error)) {
        Ok(()) => {
            tracing::debug!(namespace = %pod.namespace, pod = pod.name, "pod nudged");
            ctx.metrics.nudged(Nudged::Sent, 1);
            ctx.metrics.nudge_took(pod.since.elapsed());
        }
        Err((cluster::Kind::NotFound, _)) => ctx.metrics.nudged(Nudged::Gone, 1),
        Err((cluster::Kind::Unavailable, error)) if pod.tries < TRIES => {
            tracing::debug!(namespace = %pod.namespace, %error, "pod not nudged yet");
            ctx.nudges.held().queue.join(Waiting { tries: pod.tries.saturating_add(1), ..pod });
            tokio::time::sleep(PAUSE).await;
        }
        Err((_, error)) => {
            tracing::warn!(namespace = %pod.namespace, %error, "pod not nudged");
            ctx.metrics.nudged(Nudged::Failed, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(300);

    fn nudges(namespaces: &[&str]) -> Nudges {
        let namespaces = namespaces.iter().map(|name| (*name).to_owned()).collect();
        Nudges::new(Some(Nudging { per_second: 1, burst: 2, namespaces }))
    }

    fn place<'a>(namespace: &'a str, name: &'a str) -> Place<'a> {
        Place { namespace, name, owner: "es" }
    }

    fn pods(count: usize) -> Vec<Pod> {
        let pod = |number| {
            serde_json::json!({"metadata": {"name": format!("p{number}"), "uid": format!("u{number}")}, "spec": {
                "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
                "containers": [{"volumeMounts": [{"name": "v"}]}],
            }})
        };
        (0..count).map(|number| serde_json::from_value(pod(number)).unwrap()).collect()
    }

    /// What is listed for the change that was owed last.
    fn listed(nudges: &Nudges) -> Batch {
        match nudges.next(Instant::now() + SOON) {
            Next::List(batch) => batch,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_is_owed_where_it_is_off_or_elsewhere() {
        for nudges in [Nudges::new(None), nudges(&["b", "c"])] {
            nudges.owe(place("a", "s"), Change::Written);
            assert!(matches!(nudges.next(Instant::now() + SOON), Next::Rest(None)));
        }
        for nudges in [nudges(&[]), nudges(&["b", "a"])] {
            nudges.owe(place("a", "s"), Change::Written);
            assert_eq!(&*listed(&nudges).namespace, "a");
        }
    }

    #[test]
    fn a_burst_is_sent_then_it_waits_its_turn_and_a_list_comes_first() {
        let nudges = nudges(&[]);
        nudges.owe(place("a", "s"), Change::Written);
        let batch = listed(&nudges);
        assert_eq!(nudges.join(&batch, &pods(4)), 0);
        for name in ["p0", "p1"] {
            let next = nudges.next(Instant::now());
            assert!(matches!(&next, Next::Send(pod) if pod.name == name), "{next:?}");
        }
        let waits = |wait: Option<Duration>| wait.is_some_and(|wait| wait <= Duration::from_secs(1));
        assert!(matches!(nudges.next(Instant::now()), Next::Rest(wait) if waits(wait)));
        nudges.owe(place("b", "s"), Change::Written);
        assert_eq!(&*listed(&nudges).namespace, "b");
    }

    #[test]
    fn what_cannot_be_sent_in_time_is_given_up_when_it_is_listed_or_when_its_time_is_over() {
        let nudges = nudges(&[]);
        nudges.owe(place("a", "s"), Change::Written);
        let batch = listed(&nudges);
        let in_time = usize::try_from(LATE.as_secs()).unwrap();
        assert_eq!(nudges.join(&batch, &pods(in_time + 7)), 7);
        assert!(matches!(nudges.next(batch.until), Next::GiveUp(pods) if pods == in_time));
        assert!(matches!(nudges.next(batch.until), Next::Rest(None)));
    }
}
