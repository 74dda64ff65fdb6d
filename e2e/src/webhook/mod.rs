//! A server of secrets such as a webhook store may name: HTTPS on loopback, with a log of its own.
//!
//! `/secret/KEY` answers `{"value": …, "key": KEY}` to who has the bearer token, `/raw/KEY` the bytes themselves to anybody,
//! `POST /body` reads the key from the body, and `/ntlm/KEY` is for one user by NTLM, which is checked for real and for
//! each connection ([`ntlm`]). `/hang`, `/redirect` and `/endless` do what they say.

mod ntlm;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::form::decoded;
use crate::wire::certificates::Certificates;
use ntlm::{Checked, Handshake};
pub use ntlm::{PASSWORD, USER};

/// The bearer token of `/secret`.
pub const TOKEN: &str = "token-of-the-webhook";

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A running server; it ends when it is dropped, and with the runtime it was started in.
#[derive(Debug)]
pub struct Webhook {
    address: SocketAddr,
    certificates: Certificates,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// One request, without anything that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The verb.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The status of its answer; 0 before there is one.
    pub status: u16,
    /// On which connection it came, counted from 1.
    pub connection: usize,
}

#[derive(Debug, Default)]
struct Shared {
    secrets: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

impl Webhook {
    /// An empty server on a free port.
    pub async fn start() -> Result<Self> {
        let certificates = Certificates::new(&[])?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen for webhooks")?;
        let (address, shared) = (listener.local_addr()?, Arc::<Shared>::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, TlsAcceptor::from(certificates.of(None)), shared.clone()));
        Ok(Self { address, certificates, shared, _tasks: tasks })
    }

    /// Where it listens, for example `https://127.0.0.1:1234`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority of its certificate, PEM.
    pub fn authority(&self) -> &str {
        self.certificates.authority()
    }

    /// Gives a secret a value.
    pub fn put(&self, key: &str, value: &[u8]) {
        held(&self.shared.secrets).insert(key.to_owned(), value.to_owned());
    }

    /// Takes a secret away.
    pub fn delete(&self, key: &str) {
        held(&self.shared.secrets).remove(key);
    }

    /// All requests so far whose path begins with `prefix`, in order.
    pub fn asked(&self, prefix: &str) -> Vec<Asked> {
        held(&self.shared.asked).iter().filter(|asked| asked.path.starts_with(prefix)).cloned().collect()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), shared.clone());
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let connection = Arc::new(Connection::of(shared));
            let service = service_fn(move |request| {
                let connection = connection.clone();
                async move { Ok::<_, Infallible>(connection.answer(request).await) }
            });
            // What a client does to its connection is its own affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Connection {
    number: usize,
    shared: Arc<Shared>,
    handshake: Mutex<Handshake>,
}

impl Connection {
    fn of(shared: Arc<Shared>) -> Self {
        let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Self { number, shared, handshake: Mutex::default() }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let place = {
            let mut asked = held(&self.shared.asked);
            let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
            asked.push(Asked { method: request.method().to_string(), path, status: 0, connection: self.number });
            asked.len() - 1
        };
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let path = decoded(&head.uri.path().replace('+', " "));
        let answer = self.route(&path, &head.headers, &body).await;
        if let Some(asked) = held(&self.shared.asked).get_mut(place) {
            asked.status = answer.status().as_u16();
        }
        answer
    }

    async fn route(&self, path: &str, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
        let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
        let bearer = headers.get(header::AUTHORIZATION).is_some_and(|value| *value == *format!("Bearer {TOKEN}"));
        match first {
            "secret" if bearer => self.secret(rest),
            "body" if bearer => self.secret(&key_of(body)),
            "secret" | "body" => plain(StatusCode::UNAUTHORIZED, "no token"),
            "raw" => self.value(rest).map_or_else(absent, |value| whole(StatusCode::OK, "text/plain", value)),
            "ntlm" => self.signed_in(rest, headers),
            "hang" => std::future::pending().await,
            "endless" => Response::new(endless()),
            "redirect" => {
                let answer =
                    Response::builder().status(StatusCode::FOUND).header(header::LOCATION, format!("/raw/{rest}"));
                answer.body(full(Vec::new())).unwrap_or_default()
            }
            _ => plain(StatusCode::BAD_REQUEST, "no such place"),
        }
    }

    fn value(&self, key: &str) -> Option<Vec<u8>> {
        held(&self.shared.secrets).get(key).cloned()
    }

    fn secret(&self, key: &str) -> Response<Body> {
        let Some(value) = self.value(key) else { return absent() };
        let body = json!({"value": String::from_utf8_lossy(&value), "key": key}).to_string();
        whole(StatusCode::OK, "application/json", body.into_bytes())
    }

    fn signed_in(&self, key: &str, headers: &HeaderMap) -> Response<Body> {
        match held(&self.handshake).check(headers.get(header::AUTHORIZATION)) {
            Checked::SignedIn => self.secret(key),
            Checked::Asks(challenge) => {
                let mut answer = plain(StatusCode::UNAUTHORIZED, "who are you?");
                if let Ok(challenge) = challenge.parse() {
                    answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                answer
            }
        }
    }
}

fn key_of(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.get("folder").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn full(body: Vec<u8>) -> Body {
    Full::new(Bytes::from(body)).boxed_unsync()
}

fn whole(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Body> {
    let answer = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    answer.body(full(body)).unwrap_or_default()
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    whole(status, "text/plain", text.as_bytes().to_vec())
}

fn absent() -> Response<Body> {
    whole(StatusCode::NOT_FOUND, "application/json", br#"{"error":"no such secret"}"#.to_vec())
}

fn endless() -> Body {
    let chunks = futures::stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(&[b' '; 16_384]))));
    StreamBody::new(chunks).boxed_unsync()
}
