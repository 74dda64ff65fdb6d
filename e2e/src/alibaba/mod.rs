//! Alibaba Cloud on loopback: KMS Secrets Manager, STS and the metadata service of an instance, as far as Keyferry talks to
//! them. There is no emulator of it anywhere, so this one is ours: it computes every signature anew, checks dates and
//! nonces, and is held against Alibaba Cloud's own SDK, whose requests it must take as they are.
//!
//! A test starts one of its own, without TLS; a [`crate::wire::Wire`] gives it some.
#![allow(clippy::indexing_slicing, reason = "of JSON: an absent member is read as null, and made when it is written")]

mod kms;
mod metadata;
mod request;
mod signature;
mod sts;
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::scratch::suffix;
use crate::serve::serve;
use request::Asking;
pub use sts::Trust;
use vault::Vault;

/// The region of every fixture.
pub const REGION: &str = "eu-central-1";
/// The account of every fixture.
pub const ACCOUNT: &str = "1234567890123456";
/// More than any request of a test.
const REQUEST_LIMIT: usize = 1 << 20;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Alibaba {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

/// What it was asked; it has no values in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The operation, or the path of the metadata service.
    pub operation: String,
    /// The secret's name, or the role's ARN.
    pub about: String,
    /// Whose key signed it; empty where nobody signed.
    pub key: String,
    /// The code of the error that was answered.
    pub code: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An access key.
#[derive(Clone, Debug)]
struct Key {
    secret: String,
    token: Option<String>,
    ends: Option<Timestamp>,
    /// Names begin so that it may read; none, and it may read none.
    reads: String,
}

#[derive(Debug, Default)]
struct State {
    vault: Vault,
    keys: BTreeMap<String, Key>,
    nonces: BTreeSet<String>,
    trusts: Vec<Trust>,
    /// How long keys of a role live.
    life: i64,
    /// The role of the instance, and the token that was given last.
    role: Option<String>,
    metadata_token: String,
    asked: Vec<Asked>,
}

/// What an operation comes to: a body, or a status and a code.
type Outcome = std::result::Result<Value, (u16, &'static str)>;

impl Alibaba {
    /// Starts it on a free port of loopback, without secrets and keys.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen for Alibaba Cloud")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State { life: 3600, ..State::default() }));
        let mut tasks = JoinSet::new();
        let served = Arc::clone(&state);
        tasks.spawn(serve(listener, move |request| answer(Arc::clone(&served), request)));
        Ok(Self { address, state, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, without TLS.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes an access key that may read secrets whose names begin with `reads`; answers its secret.
    pub fn key(&self, id: &str, reads: &str) -> String {
        self.insert(id, None, None, reads)
    }

    /// Makes a temporary access key; answers its secret and its token.
    pub fn temporary_key(&self, id: &str, reads: &str) -> (String, String) {
        let token = suffix();
        (self.insert(id, Some(token.clone()), None, reads), token)
    }

    fn insert(&self, id: &str, token: Option<String>, ends: Option<Timestamp>, reads: &str) -> String {
        let secret = suffix() + &suffix();
        let key = Key { secret: secret.clone(), token, ends, reads: reads.to_owned() };
        self.state().keys.insert(id.to_owned(), key);
        secret
    }

    /// Takes an access key away, or all keys that roles gave.
    pub fn revoke(&self, begin: &str) {
        self.state().keys.retain(|id, _| !id.starts_with(begin));
    }

    /// Lets `ServiceAccounts` take a role.
    pub fn trust(&self, trust: Trust) {
        self.state().trusts.push(trust);
    }

    /// Has keys of roles end after so many seconds; an hour at first.
    pub fn live(&self, seconds: i64) {
        self.state().life = seconds;
    }

    /// Gives the instance a RAM role.
    pub fn instance_role(&self, name: &str) {
        self.state().role = Some(name.to_owned());
    }

    /// Puts a new current value; answers its version's id.
    pub fn put(&self, name: &str, value: &[u8]) -> String {
        self.state().vault.put(name, value)
    }

    /// As KMS keeps those that it rotates itself, for example `Rds`, with the configuration that they have.
    pub fn rotated_by_kms(&self, name: &str, kind: &str, config: &Value) {
        self.state().vault.manage(name, kind, config);
    }

    /// Gives a version a stage of the user's own.
    pub fn stage(&self, name: &str, version: &str, stage: &str) {
        self.state().vault.stage(name, version, stage);
    }

    /// Sets tags.
    pub fn tag(&self, name: &str, tags: &BTreeMap<String, String>) {
        self.state().vault.tag(name, tags);
    }

    /// Deletes a secret at once.
    pub fn delete(&self, name: &str) {
        self.state().vault.delete(name);
    }

    /// Deletes a secret so that it could be restored.
    pub fn plan_deletion(&self, name: &str) {
        self.state().vault.plan_deletion(name);
    }

    /// What it was asked so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// How often an operation was asked for.
    pub fn count(&self, operation: &str) -> usize {
        self.state().asked.iter().filter(|asked| asked.operation == operation).count()
    }

    /// Waits until an operation was asked for so often, counted from the start.
    pub async fn await_count(&self, operation: &str, count: usize, within: Duration) -> Result<()> {
        let start = std::time::Instant::now();
        while self.count(operation) < count {
            if start.elapsed() > within {
                bail!("{operation} was asked for {} times and not {count}", self.count(operation));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> std::io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_LIMIT).collect().await.map_err(std::io::Error::other)?.to_bytes();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if head.uri.path().starts_with("/latest/") {
        return metadata::answer(&mut state, &head).map_err(std::io::Error::other);
    }
    let asking = Asking::new(head, body);
    let (key, outcome) = operate(&mut state, &asking);
    let about = ["SecretName", "RoleArn"].iter().find_map(|name| asking.parameter(name)).unwrap_or_default().to_owned();
    let code = outcome.as_ref().err().map(|(_, code)| (*code).to_owned());
    state.asked.push(Asked { operation: asking.action().to_owned(), about, key, code, at: Timestamp::now() });
    drop(state);
    let (status, body) = match outcome {
        Ok(body) => (200, body),
        Err((status, code)) => (
            status,
            json!({"Code": code, "Message": "as the code says", "RequestId": suffix(), "HostId": "kms.aliyuncs.com"}),
        ),
    };
    let response = Response::builder().status(status).header("content-type", "application/json;charset=utf-8");
    response.body(Full::from(body.to_string())).map_err(std::io::Error::other)
}

/// Who asks, and what comes of it.
fn operate(state: &mut State, asking: &Asking) -> (String, Outcome) {
    if asking.action() == "AssumeRoleWithOIDC" {
        return (String::new(), sts::assume(state, asking));
    }
    match signature::check(state, asking, Timestamp::now()) {
        Ok((id, key)) => {
            let outcome = kms::operate(&mut state.vault, &key, asking);
            (id, outcome)
        }
        Err(refused) => (String::new(), Err(refused)),
    }
}

impl State {
    /// A temporary key, as STS and the metadata service give it.
    fn give(&mut self, begin: &str, reads: &str) -> Value {
        let (id, secret, token) = (format!("STS.{begin}{}", suffix()), suffix(), suffix() + &suffix());
        let ends = Timestamp::now() + SignedDuration::from_secs(self.life);
        let given = json!({
            "AccessKeyId": id, "AccessKeySecret": secret, "SecurityToken": token,
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        self.keys.insert(id, Key { secret, token: Some(token), ends: Some(ends), reads: reads.to_owned() });
        given
    }
}
