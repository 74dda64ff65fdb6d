//! One server for all tenants, which speaks as Vault and as AWS Secrets Manager do. Who asks decides what is answered.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// After so many requests with a token it is forgotten.
const FORGETS_AFTER: usize = 29;

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whose each token is, and how often it was shown.
    tokens: Mutex<BTreeMap<String, (String, usize)>>,
    /// How often values have changed.
    round: AtomicUsize,
    signed_in: AtomicUsize,
}

impl Server {
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, shared) = (listener.local_addr()?, Arc::new(Shared::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, shared.clone()));
        Ok(Self { address, shared, _tasks: tasks })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often somebody signed in.
    pub(super) fn signed_in(&self) -> usize {
        self.shared.signed_in.load(Ordering::Relaxed)
    }

    /// Gives every secret of everybody another value.
    pub(super) fn rotate(&self) -> usize {
        self.shared.round.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What the secret `key` of `tenant` is; nothing where there is none, which differs from tenant to tenant.
pub(super) fn value(tenant: &str, key: &str, round: usize) -> Option<String> {
    let sum: usize = tenant.bytes().chain(key.bytes()).map(usize::from).sum();
    (!sum.is_multiple_of(20)).then(|| format!("canary of {tenant} for {key} in round {round}"))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(converse(stream, shared.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let path = head.uri.path();
        if !header("x-amz-target").is_empty() {
            return self.batch(access_key(header("authorization")), &body);
        }
        if let Some(user) = path.strip_prefix("/v1/auth/userpass/login/") {
            return self.sign_in(user, &body);
        }
        match (self.owner(header("x-vault-token")), path.strip_prefix("/v1/secret/data/")) {
            (None, _) => say(StatusCode::FORBIDDEN, &json!({"errors": ["permission denied", "invalid token"]})),
            (Some(_), None) => say(StatusCode::OK, &json!({"data": {}})),
            (Some(tenant), Some(key)) => match self.value(&tenant, key) {
                Some(value) => say(StatusCode::OK, &json!({"data": {"data": {"value": value}, "metadata": {}}})),
                None => say(StatusCode::NOT_FOUND, &json!({"errors": []})),
            },
        }
    }

    fn value(&self, tenant: &str, key: &str) -> Option<String> {
        value(tenant, key, self.round.load(Ordering::Relaxed))
    }

    /// The password is the user's own name, so that nobody signs in as another.
    fn sign_in(&self, user: &str, body: &Value) -> Response<Full<Bytes>> {
        if body["password"] != *user {
            return say(StatusCode::BAD_REQUEST, &json!({"errors": ["invalid username or password"]}));
        }
        let token = format!("token-{}", self.signed_in.fetch_add(1, Ordering::Relaxed));
        self.tokens().insert(token.clone(), (user.to_owned(), 0));
        let auth = json!({"client_token": token, "lease_duration": 3600, "renewable": true, "token_type": "service"});
        say(StatusCode::OK, &json!({"auth": auth}))
    }

    /// Whose the token is, until it has been shown so often that it is forgotten.
    fn owner(&self, token: &str) -> Option<String> {
        let mut tokens = self.tokens();
        let (owner, shown) = tokens.get_mut(token)?;
        *shown += 1;
        let owner = owner.clone();
        if *shown >= FORGETS_AFTER {
            tokens.remove(token);
        }
        Some(owner)
    }

    fn batch(&self, tenant: &str, body: &Value) -> Response<Full<Bytes>> {
        let ids = body["SecretIdList"].as_array().cloned().unwrap_or_default();
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for id in ids.iter().filter_map(Value::as_str) {
            match self.value(tenant, id) {
                Some(value) => values.push(json!({
                    "ARN": format!("arn:aws:secretsmanager:eu-central-1:1:secret:{id}-abcdef"), "Name": id,
                    "VersionId": "1", "VersionStages": ["AWSCURRENT"], "SecretString": json!({"value": value}).to_string(),
                })),
                None => errors.push(json!({"SecretId": id, "ErrorCode": "ResourceNotFoundException", "Message": "none"})),
            }
        }
        say(StatusCode::OK, &json!({"SecretValues": values, "Errors": errors}))
    }

    fn tokens(&self) -> MutexGuard<'_, BTreeMap<String, (String, usize)>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn access_key(signature: &str) -> &str {
    let credential = signature.split_once("Credential=").map_or("", |(_, credential)| credential);
    credential.split('/').next().unwrap_or_default()
}

fn say(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(body.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer
}
