//! Google Cloud on loopback: Secret Manager's REST API, the services that give tokens, and a metadata server, as one real
//! server with a log of its own.
//!
//! It believes nobody: an assertion, a ServiceAccount's token or a request signed for AWS is verified before a token is
//! given, and a token before a secret is. Google's own Python client reads it as it reads Google (`tests/provider/gcp_oracle.rs`).
//! It listens without TLS; a [`crate::wire::Wire`] in front of it has Google's part of that.
#![allow(clippy::indexing_slicing, reason = "of JSON: an absent member is read as null, and made when it is written")]

mod aws;
mod http;
mod jwt;
mod proofs;
mod secrets;
mod state;
mod tokens;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::serve::serve;

pub use jwt::der;
pub use state::{Asked, Machine, Provider, State, VersionState};

/// A running server; it ends when it is dropped, and with the runtime it was started in.
#[derive(Debug)]
pub struct Google {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

impl Google {
    /// Starts an empty one on a free port of loopback.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen for Google")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
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

    /// Makes a service account with a key, which may read `project`; answers the key's file. `token_uri` is where the key
    /// says that it is exchanged.
    pub fn service_account(&self, email: &str, project: &str, token_uri: &str) -> Result<Value> {
        let key = jwt::Key::generate(email)?;
        let mut state = self.state();
        state.certificates.insert(key.id.clone(), (email.to_owned(), key.certificate.clone()));
        state.keys.insert(key.id.clone(), (email.to_owned(), key.public.clone()));
        // Google's own library makes its assertions out to Google whatever the key says.
        state.token_uris.extend([token_uri.to_owned(), "https://oauth2.googleapis.com/token".to_owned()]);
        state.grant(email, project);
        Ok(key.file(email, project, token_uri))
    }

    /// What it was asked so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// How often `operation` was asked for something in whose name `part` is.
    pub fn count(&self, operation: &str, part: &str) -> usize {
        self.state().asked.iter().filter(|asked| asked.operation == operation && asked.key.contains(part)).count()
    }
}
