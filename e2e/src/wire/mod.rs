//! A wire between a session and its server: it terminates TLS in the server's name, passes on, and does to connections
//! what the conformance suite and the fault trials tell it.
//!
//! It knows no provider: what a server says is told to it as an answer. Its certificates are of an authority of its own,
//! which a store or a setting names. It keeps no request; of answers it keeps one, for [`Fault::Repeat`], until it heals.

mod answer;
pub(crate) mod certificates;
mod upstream;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use keyferry::provider::conformance::wire::{Fault, Scope, Wire as Told};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use certificates::Certificates;
pub use upstream::Upstream;

/// How long the port may be in coming back.
const BACK_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A running wire; it ends when it is dropped, and with the runtime it was started in.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    certificates: Option<Certificates>,
    state: Mutex<State>,
    /// Counts what has befallen: connections end with the weather they were made in where it concerns them.
    weather: watch::Sender<Weather>,
    calls: AtomicUsize,
    strayed: AtomicUsize,
    elsewhere: SocketAddr,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weather {
    connections: usize,
    closed: bool,
}

#[derive(Debug, Default)]
struct State {
    fault: Option<(Fault, Scope)>,
    /// Requests since the fault began.
    since: usize,
    repeated: Option<(String, answer::Whole)>,
    open: bool,
}

impl Wire {
    /// A wire with TLS on a free port of loopback, for `127.0.0.1`, `localhost` and `names`.
    pub async fn start(upstream: Upstream, names: &[&str]) -> Result<Self> {
        Self::start_with(upstream, Some(Certificates::new(names)?)).await
    }

    /// A wire without TLS, for a session that cannot be told whom to believe.
    pub async fn plain(upstream: Upstream) -> Result<Self> {
        Self::start_with(upstream, None).await
    }

    async fn start_with(upstream: Upstream, certificates: Option<Certificates>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen for the wire")?;
        let other = TcpListener::bind("127.0.0.1:0").await.context("listen where redirects point")?;
        let (address, elsewhere) = (listener.local_addr()?, other.local_addr()?);
        let state = Mutex::new(State { open: true, ..State::default() });
        let (calls, strayed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let weather = watch::Sender::new(Weather::default());
        let shared = Arc::new(Shared { upstream, certificates, state, weather, calls, strayed, elsewhere });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, address, shared.clone()));
        tasks.spawn(count_strays(other, shared.clone()));
        Ok(Self { address, shared, _tasks: tasks })
    }

    /// Where it listens, for example `https://127.0.0.1:1234`.
    pub fn url(&self) -> String {
        let scheme = if self.shared.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority of its certificate, PEM; empty without TLS.
    pub fn authority(&self) -> &str {
        self.shared.certificates.as_ref().map_or("", Certificates::authority)
    }
}

#[async_trait]
impl Told for Wire {
    async fn befall(&self, fault: Fault, scope: Scope) {
        self.shared.turn(Some((fault, scope))).await;
    }

    async fn heal(&self) {
        self.shared.turn(None).await;
    }

    fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::Relaxed)
    }

    fn strayed(&self) -> usize {
        self.shared.strayed.load(Ordering::Relaxed)
    }

    fn is_secure(&self) -> bool {
        self.shared.certificates.is_some()
    }
}

impl Shared {
    /// Changes the weather; answers when the port is as the new one has it.
    async fn turn(&self, fault: Option<(Fault, Scope)>) {
        let closed = matches!(fault, Some((Fault::Refuse, _)));
        {
            let mut state = self.state();
            let old = state.fault.take();
            let concerns =
                |fault: &Option<(Fault, Scope)>| fault.as_ref().is_some_and(|(fault, _)| is_of_connections(fault));
            let ends = concerns(&old) || concerns(&fault);
            *state = State { fault, open: state.open, ..State::default() };
            self.weather.send_modify(|weather| {
                weather.connections += usize::from(ends);
                weather.closed = closed;
            });
        }
        let end = tokio::time::Instant::now() + BACK_WITHIN;
        while self.state().open == closed && tokio::time::Instant::now() < end {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// A panic elsewhere leaves the state usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault of a request, counted.
    fn fault_of(&self, words: &[&[u8]]) -> Option<Fault> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        let before = state.since;
        state.since += 1;
        let (fault, scope) = state.fault.as_ref()?;
        let about =
            scope.about.as_ref().is_none_or(|about| words.iter().any(|words| contains(words, about.as_bytes())));
        (before >= scope.after && about).then(|| fault.clone())
    }
}

fn is_of_connections(fault: &Fault) -> bool {
    matches!(fault, Fault::Refuse | Fault::Expired | Fault::Foreign | Fault::Misnamed)
}

fn contains(words: &[u8], about: &[u8]) -> bool {
    words.windows(about.len().max(1)).any(|window| window == about)
}

/// Takes connections while it is open; every one ends when the weather of connections changes.
async fn serve(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    let mut listener = Some(listener);
    let mut weather = shared.weather.subscribe();
    let mut connections = JoinSet::new();
    let mut seen = Weather::default();
    loop {
        tokio::select! {
            biased;
            changed = weather.changed() => {
                let now = *weather.borrow_and_update();
                if changed.is_err() {
                    return;
                }
                if now.connections != seen.connections {
                    connections.shutdown().await;
                }
                listener = if now.closed { None } else { open(listener, address).await };
                shared.state().open = listener.is_some();
                seen = now;
            }
            Some(stream) = accept(listener.as_ref()) => {
                connections.spawn(converse(stream, shared.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn open(listener: Option<TcpListener>, address: SocketAddr) -> Option<TcpListener> {
    match listener {
        Some(listener) => Some(listener),
        None => TcpListener::bind(address).await.ok(),
    }
}

/// The next connection; never, while the port is closed.
async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.ok().map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let fault = shared.state().fault.as_ref().map(|(fault, _)| fault.clone());
    let config = shared.certificates.as_ref().map(|certificates| certificates.of(fault.as_ref()));
    let Some(config) = config else { return answer_all(stream, shared).await };
    if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
        answer_all(stream, shared).await;
    }
}

async fn answer_all<S>(stream: S, shared: Arc<Shared>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer::to(shared.clone(), request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Closes whatever comes: that it came is enough.
async fn count_strays(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((_stream, _)) = listener.accept().await {
        shared.strayed.fetch_add(1, Ordering::Relaxed);
    }
}
