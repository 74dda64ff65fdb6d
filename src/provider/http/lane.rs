//! A client that makes one connection and no second one, for schemes that sign in connections.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tower::{BoxError, Layer, Service};

use super::client::{Answer, Client, Letter};
use super::fault::Fault;
use super::{Base, Chooser, Server, Trust};

/// How long the connection may take to be free again before it is taken for closed.
const BACK_WITHIN: Duration = Duration::from_millis(500);

/// Makes lanes to one server.
#[derive(Clone, Debug)]
pub struct Lanes {
    base: Base,
    server: Server,
    trust: Trust,
}

impl Lanes {
    /// A lane of its own; calls nobody.
    pub fn make(&self) -> Result<Lane, Fault> {
        let door = Door::default();
        let proxied = self.base.is_proxied(&self.server);
        let builder = self.base.builder(proxied, &self.trust, Chooser::Store)?;
        let builder = builder.http1_only().pool_max_idle_per_host(1).connector_layer(door.clone());
        let connections = builder.build().map_err(|error| Fault::of(&error))?;
        Ok(Lane { client: self.base.client_over(connections, self.server.clone()), door })
    }
}

impl Base {
    /// Lanes to `server`, as [`Base::client`].
    pub fn lanes(&self, server: Server, trust: &Trust) -> Result<Lanes, Fault> {
        server.admit(self.reach)?;
        Ok(Lanes { base: self.clone(), server, trust: trust.clone() })
    }
}

/// One connection to one server for as long as it lasts, for one who talks at a time.
#[derive(Debug)]
pub struct Lane {
    client: Client,
    door: Door,
}

impl Lane {
    /// Sends a letter over the connection, which the first one makes.
    ///
    /// # Errors
    /// As for [`Client::send`]; the connection is gone.
    pub async fn send(&self, letter: Letter) -> Result<Answer, Fault> {
        self.client.send(letter).await
    }

    /// Whether the connection is known to be gone: what was sent last did not go out.
    pub fn is_gone(&self) -> bool {
        self.door.knocked.load(Ordering::SeqCst)
    }
}

/// Lets one connection be made.
#[derive(Clone, Debug, Default)]
struct Door {
    shut: Arc<AtomicBool>,
    knocked: Arc<AtomicBool>,
}

/// A second connection was wanted: the first one is gone.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is gone")]
pub(super) struct Gone;

impl<S> Layer<S> for Door {
    type Service = Doorway<S>;

    fn layer(&self, inner: S) -> Doorway<S> {
        Doorway { inner, door: self.clone() }
    }
}

/// Connects through a door.
#[derive(Clone, Debug)]
struct Doorway<S> {
    inner: S,
    door: Door,
}

impl<S, R> Service<R> for Doorway<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if !self.door.shut.swap(true, Ordering::SeqCst) {
            return Box::pin(self.inner.call(request));
        }
        let knocked = Arc::clone(&self.door.knocked);
        // The pool asks for a connection while the first one is on its way back, and takes whichever comes first.
        Box::pin(async move {
            tokio::time::sleep(BACK_WITHIN).await;
            knocked.store(true, Ordering::SeqCst);
            Err(Gone.into())
        })
    }
}
