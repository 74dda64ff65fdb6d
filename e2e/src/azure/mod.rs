//! Azure on loopback: Entra, a machine's identity service and one vault of Key Vault, as one real server with a log of its
//! own.
//!
//! It believes nobody: a password, a certificate's signature or a ServiceAccount's token is verified before a token is
//! given, and a token's signature, audience, tenant and times before an object is. Microsoft's own Python client reads it
//! as it reads Azure (`tests/provider/azure_oracle.rs`). It listens without TLS; a [`crate::wire::Wire`] in front of it has
//! Azure's part of that.
#![allow(clippy::indexing_slicing, reason = "of JSON: an absent member is read as null, and made when it is written")]

mod certificate;
mod entra;
mod http;
mod jwt;
mod state;
mod vault;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use certificate::{Certificate, Known};
pub use state::{Application, Asked, Federated, RESOURCE, State, TENANT, Version};

/// A running server; it ends when it is dropped, and with the runtime it was started in.
#[derive(Debug)]
pub struct Azure {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

impl Azure {
    /// Starts an empty one on a free port of loopback.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen for Azure")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::new(jwt::Key::generate()?)));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, state.clone()));
        Ok(Self { address, state, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has and knows, to be looked at and changed between requests.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests there were for which `wanted` holds.
    pub fn count(&self, wanted: impl Fn(&Asked) -> bool) -> usize {
        self.state().count(wanted)
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| http::answer(state.clone(), request));
            // A client that hangs up is none of our business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
