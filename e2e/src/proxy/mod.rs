//! A recording proxy in front of an AWS emulator: counts what is asked, and fails as it is told to.
//!
//! It answers for AWS, so the operator's endpoint variables point here. What it keeps of a call is in [`Call`]: no
//! header, no body, no value. Faults are switched while it runs. What moto is too generous about (the size of a batch or
//! a page) is refused here as AWS does.

mod answer;
mod bounds;
mod call;
mod fault;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

pub use call::Call;
pub use fault::{Fault, Rule};

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A running proxy; it ends when it is dropped, and with the runtime it was started in.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    doors: mpsc::Sender<Door>,
    task: JoinHandle<()>,
}

/// A rule that was injected, to be taken back alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleId(usize);

/// A point in the record of calls.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    calls: Mutex<Vec<Call>>,
    rules: Mutex<Vec<(RuleId, Rule)>>,
    connections: AtomicUsize,
    injected: AtomicUsize,
}

/// Whether connections are taken; the sender hears when it is done.
enum Door {
    Close(oneshot::Sender<()>),
    Open(oneshot::Sender<()>),
}

impl Proxy {
    /// Starts a proxy on a free port of loopback that passes calls on to `upstream`.
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        Self::start_on(Ipv4Addr::LOCALHOST, upstream).await
    }

    /// As [`Proxy::start`], on another address of this machine.
    pub async fn start_on(address: Ipv4Addr, upstream: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((address, 0)).await.context("listen for the proxy")?;
        let address = listener.local_addr()?;
        // The emulator closes idle connections when it likes: each call has its own, so none is lost to that.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        let (calls, rules) = (Mutex::default(), Mutex::default());
        let (connections, injected) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let shared = Arc::new(Shared { upstream, client, calls, rules, connections, injected });
        let (doors, orders) = mpsc::channel(1);
        let task = tokio::spawn(serve(listener, address, shared.clone(), orders));
        Ok(Self { address, shared, doors, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the operator's endpoint variables are set to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a rule. Of those that are for a call, all latencies add up and the first other fault happens.
    pub fn inject(&self, rule: Rule) -> RuleId {
        let id = RuleId(self.shared.injected.fetch_add(1, Ordering::Relaxed));
        lock(&self.shared.rules).push((id, rule));
        id
    }

    /// Removes one rule.
    pub fn take_back(&self, id: RuleId) {
        lock(&self.shared.rules).retain(|(other, _)| *other != id);
    }

    /// Removes all rules.
    pub fn heal(&self) {
        lock(&self.shared.rules).clear();
    }

    /// Closes the port and every connection; a new one is refused.
    pub async fn refuse_connections(&self) -> Result<()> {
        self.order(Door::Close).await
    }

    /// Opens the port again, the same one.
    pub async fn take_connections(&self) -> Result<()> {
        self.order(Door::Open).await
    }

    async fn order(&self, door: impl FnOnce(oneshot::Sender<()>) -> Door) -> Result<()> {
        let (done, heard) = oneshot::channel();
        self.doors.send(door(done)).await.ok().context("the proxy has ended")?;
        heard.await.context("the proxy has ended")
    }

    /// Marks the present moment.
    pub fn mark(&self) -> Mark {
        Mark(lock(&self.shared.calls).len())
    }

    /// All calls so far, in the order they came; one that waits for its answer has no status yet.
    pub fn calls(&self) -> Vec<Call> {
        self.since(Mark(0))
    }

    /// The calls since `mark`.
    pub fn since(&self, mark: Mark) -> Vec<Call> {
        lock(&self.shared.calls).get(mark.0..).unwrap_or_default().to_vec()
    }

    /// How many calls of each operation there were since `mark`.
    pub fn tally(&self, mark: Mark) -> BTreeMap<String, usize> {
        let mut tally = BTreeMap::new();
        for call in self.since(mark) {
            *tally.entry(call.operation).or_default() += 1;
        }
        tally
    }

    /// Waits until there were `count` calls since `mark`, for tests that let polls go by.
    pub async fn await_calls(&self, mark: Mark, count: usize, within: Duration) -> Result<()> {
        let start = Instant::now();
        while self.since(mark).len() < count {
            if start.elapsed() > within {
                bail!("{} of {count} calls came within {within:?}", self.since(mark).len());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// How many connections were taken so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn record(&self, call: Call) -> usize {
        let mut calls = lock(&self.calls);
        calls.push(call);
        calls.len() - 1
    }

    fn answered(&self, index: usize, status: u16) {
        if let Some(call) = lock(&self.calls).get_mut(index) {
            call.status = Some(status);
            call.answered = Some(Timestamp::now());
        }
    }

    /// How long `call` waits, and the rule that fails it.
    fn choose(&self, call: &Call) -> (Duration, Option<Rule>) {
        let mut rules = lock(&self.rules);
        let mut latency = Duration::ZERO;
        let mut failing = None;
        for (_, rule) in rules.iter_mut() {
            if let Fault::Latency(more) = rule.fault {
                latency += if rule.takes(call) { more } else { Duration::ZERO };
            } else if failing.is_none() && rule.takes(call) {
                failing = Some(rule.clone());
            }
        }
        (latency, failing)
    }
}

/// A panic elsewhere leaves the record usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>, mut orders: mpsc::Receiver<Door>) {
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                None => return,
                Some(Door::Close(done)) => {
                    listener = None;
                    connections.shutdown().await;
                    let _ = done.send(());
                }
                Some(Door::Open(done)) => {
                    if listener.is_none() {
                        listener = TcpListener::bind(address).await.ok();
                    }
                    // Not having the port back drops the sender, which the caller hears.
                    if listener.is_some() {
                        let _ = done.send(());
                    }
                }
            },
            Some(stream) = accept(listener.as_ref()) => {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                connections.spawn(converse(stream, shared.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The next connection; never, while the port is closed.
async fn accept(listener: Option<&TcpListener>) -> Option<tokio::net::TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.ok().map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn converse(stream: tokio::net::TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer::to(shared.clone(), request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
