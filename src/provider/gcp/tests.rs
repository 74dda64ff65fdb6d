//! Sessions against canned answers: what a real server cannot easily be made to say.

#![expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with `json!`")]

mod reading;
mod searching;
mod signing_in;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::provider::canned::{Answer, Asked, Canned};
use crate::provider::http::{Reach, Settings as Http};
use crate::provider::memory::{Keyring, Ledger, key, key_at};
use crate::provider::{Part, Query, RemoteKey, Search, Settings as All};
use crate::sealed::Sealed;

const CANARY: &str = "canary-5b0f";
/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(30);

/// A session whose every service is one server, which gives the session's token first.
struct Session {
    provider: Arc<dyn Provider>,
    server: Canned,
    ledger: Arc<Ledger>,
}

fn spec(auth: Value) -> GcpSmProvider {
    serde_json::from_value(json!({"projectID": "p1", "auth": auth})).unwrap()
}

fn with_key() -> Value {
    json!({"secretRef": {"secretAccessKeySecretRef": {"name": "gcp", "key": "key.json"}}})
}

fn keyring() -> Arc<Keyring> {
    let keyring = Keyring::default();
    keyring.set("gcp", "key.json", &signer::tests::file(&json!({})).0.to_string());
    Arc::new(keyring)
}

async fn environment(url: &str, deadline: Duration, ledger: Arc<Ledger>) -> Environment {
    let settings = Settings {
        secret_manager: Some(url.to_owned()),
        sts: Some(url.to_owned()),
        iam_credentials: Some(url.to_owned()),
        token: Some(format!("{url}/token")),
        metadata_host: url.strip_prefix("http://").map(str::to_owned),
        authorities: None,
    };
    let http = Http { reach: Reach::Loopback };
    let all = All { deadline, body_limit: 256 * 1024, gcp: settings, http, ..All::default() };
    Environment::new(ledger, all).await
}

async fn open_with(
    keyring: Arc<Keyring>,
    deadline: Duration,
    spec: GcpSmProvider,
    answers: Vec<Answer>,
) -> Result<Session, Error> {
    let (server, ledger) = (Canned::start(answers).await, Arc::new(Ledger::default()));
    let environment = Box::pin(environment(&server.url, deadline, ledger.clone())).await;
    let provider = Box::pin(open(&spec, &Context::default(), keyring, &environment)).await?;
    Ok(Session { provider, server, ledger })
}

async fn session_of(spec: GcpSmProvider, answers: Vec<Answer>) -> Session {
    open_with(keyring(), AMPLE, spec, answers).await.unwrap()
}

/// A session that has its token already; what it was asked for that is forgotten.
async fn signed_in(spec: GcpSmProvider, answers: Vec<Answer>) -> Session {
    let answers = [vec![token("t1", 3600)], answers].concat();
    let session = session_of(spec, answers).await;
    session.provider.validate().await.unwrap();
    session.server.asked();
    session.ledger.take();
    session
}

async fn session(answers: Vec<Answer>) -> Session {
    signed_in(spec(with_key()), answers).await
}

fn ok(body: Value) -> Answer {
    Answer::Json(200, body.to_string())
}

fn token(name: &str, life: u64) -> Answer {
    ok(json!({"access_token": name, "expires_in": life, "token_type": "Bearer"}))
}

fn error(code: u16, status: &str, message: &str) -> Answer {
    let message = format!("{message} {CANARY}");
    Answer::Json(code, json!({"error": {"code": code, "status": status, "message": message}}).to_string())
}

fn gone(secret: &str) -> Answer {
    error(404, "NOT_FOUND", &format!("Secret [projects/1/secrets/{secret}] not found or has no versions."))
}

fn asleep(version: u32) -> Answer {
    let message = format!("Secret Version [projects/1/secrets/a/versions/{version}] is in DISABLED state.");
    error(400, "FAILED_PRECONDITION", &message)
}

/// A payload with its true checksum.
fn payload(value: &[u8]) -> Answer {
    use base64::Engine;
    let data = base64::engine::general_purpose::STANDARD.encode(value);
    let sum = crc32c::crc32c(value).to_string();
    ok(json!({"name": "projects/1/secrets/a/versions/1", "payload": {"data": data, "dataCrc32c": sum}}))
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.headers.get(name).map_or("-", |value| value.to_str().unwrap())
}

impl Session {
    async fn read(&self, key: RemoteKey) -> Result<Sealed, Error> {
        self.provider.read_many(&[key]).await.remove(0)
    }

    async fn kind(&self, key: RemoteKey) -> Option<Kind> {
        let error = self.read(key).await.err()?;
        assert!(!format!("{error:?} {error}").contains(CANARY), "{error:?}");
        Some(error.kind)
    }

    /// What was asked since the last time: verb, path, and token.
    fn asked(&self) -> Vec<String> {
        let asked = self.server.asked();
        asked.iter().map(|asked| format!("{} {}", asked.request, header(asked, "authorization"))).collect()
    }
}

async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
