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
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::serve::serve;

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
        let served = state.clone();
        tasks.spawn(serve(listener, move |request| http::answer(served.clone(), request)));
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
