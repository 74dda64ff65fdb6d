//! A gate before the API server: records what one operator asks, and holds a request back while the test acts.
//!
//! It makes races certain: hold the write, change what the write was decided on, let it go. Requests carry the identity
//! that the gate was opened for, so rights, policies and the audit log are the same as without it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::control_plane::{ControlPlane, Identity};
use crate::scratch::suffix;

/// An open gate; it ends when it is dropped, and with the runtime it was opened in.
#[derive(Debug)]
pub struct Gate {
    identity: Identity,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// A request that went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// For example `PATCH`.
    pub method: Method,
    /// Without its query.
    pub path: String,
}

/// A request that is to be held back, or is.
#[derive(Debug)]
pub struct Held {
    reached: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

struct Shared {
    client: Client,
    asked: Mutex<Vec<Asked>>,
    hold: Mutex<Option<Hold>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shared")
    }
}

struct Hold {
    wanted: Asked,
    reached: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

impl Gate {
    /// Opens a gate on loopback for whoever is `identity`.
    pub async fn open(plane: &ControlPlane, identity: &Identity) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen for the gate")?;
        let kubeconfig = kubeconfig(listener.local_addr()?, &identity.user);
        let kubeconfig = plane.scratch().write(&format!("gate-{}.kubeconfig", suffix()), kubeconfig)?;
        let (asked, hold) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { client: identity.client().await?, asked, hold });
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { identity: Identity { kubeconfig, ..identity.clone() }, shared, task })
    }

    /// Who goes through the gate, and by which kubeconfig.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What has gone through so far, held back or not.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// Has the next request with this method and path wait for the test.
    pub fn hold(&self, method: Method, path: &str) -> Held {
        let (reached, is_reached) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel();
        let wanted = Asked { method, path: path.to_owned() };
        *lock(&self.shared.hold) = Some(Hold { wanted, reached, go_on: may_go_on });
        Held { reached: is_reached, go_on }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Held {
    /// Waits until the request stands at the gate.
    pub async fn reached(&mut self, within: Duration) -> Result<()> {
        let reached = tokio::time::timeout(within, &mut self.reached).await;
        reached.context("no such request came to the gate in time")?.map_err(|_| anyhow!("the gate has ended"))
    }

    /// Lets it through.
    pub fn let_go(self) {
        // Whoever asked may have gone.
        let _ = self.go_on.send(());
    }
}

impl Shared {
    async fn pass(&self, request: Request<Incoming>) -> Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let asked = Asked { method: head.method.clone(), path: head.uri.path().to_owned() };
        lock(&self.asked).push(asked.clone());
        let body = body.collect().await?.to_bytes();
        let hold = lock(&self.hold).take_if(|hold| hold.wanted == asked);
        if let Some(Hold { reached, go_on, .. }) = hold {
            let _ = reached.send(());
            // A test that has ended holds nothing back.
            let _ = go_on.await;
        }
        let uri = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut passed = Request::builder().method(head.method).uri(uri);
        for name in [header::ACCEPT, header::CONTENT_TYPE, header::USER_AGENT] {
            if let Some(value) = head.headers.get(&name) {
                passed = passed.header(name, value);
            }
        }
        Ok(self.client.send(passed.body(Body::from(body.to_vec()))?).await?)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| shared.pass(request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// A panic elsewhere leaves the record usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Without a token: the gate puts its own in.
fn kubeconfig(address: SocketAddr, user: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "gate",
        "clusters": [{"name": "gate", "cluster": {"server": format!("http://{address}")}}],
        "users": [{"name": user, "user": {}}],
        "contexts": [{"name": "gate", "context": {"cluster": "gate", "user": user}}],
    })
    .to_string()
}
