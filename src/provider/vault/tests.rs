//! Sessions against canned answers: what a real server cannot easily be made to say.

#![expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with `json!`")]

mod clouds;
mod stores;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::api::provider::vault::KvVersion;
use crate::provider::canned::{Answer, Canned};
use crate::provider::http::{Reach, Settings as Http};
use crate::provider::memory::{Keyring, Ledger, key, key_at};
use crate::provider::{Batch, Part, RemoteKey, Settings, Validity};
use crate::sealed::Sealed;

const CANARY: &str = "canary-7c2d";
/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(30);

struct Session {
    provider: Arc<dyn Provider>,
    server: Canned,
    ledger: Arc<Ledger>,
    keyring: Arc<Keyring>,
}

fn spec(auth: Value) -> VaultProvider {
    serde_json::from_value(json!({"server": "", "path": "secret", "auth": auth})).unwrap()
}

fn with_token() -> Value {
    json!({"tokenSecretRef": {"name": "vault", "key": "token"}})
}

fn with_user() -> Value {
    json!({"userPass": {"path": "userpass", "username": "ann", "secretRef": {"name": "vault", "key": "password"}}})
}

async fn environment(deadline: Duration, ledger: Arc<Ledger>) -> Environment {
    let http = Http { reach: Reach::Loopback };
    Environment::new(ledger, Settings { deadline, body_limit: 64 * 1024, http, ..Settings::default() }).await
}

fn keyring() -> Arc<Keyring> {
    let keyring = Keyring::default();
    for (key, value) in [("token", "given"), ("password", "pass\"word"), ("id", "role-1"), ("jwt", "header.body.end")] {
        keyring.set("vault", key, value);
    }
    Arc::new(keyring)
}

async fn session_within(deadline: Duration, mut spec: VaultProvider, answers: Vec<Answer>) -> Result<Session, Error> {
    let (server, ledger, keyring) = (Canned::start(answers).await, Arc::new(Ledger::default()), keyring());
    spec.server.clone_from(&server.url);
    let environment = Box::pin(environment(deadline, ledger.clone())).await;
    let provider = Box::pin(open(&spec, &Context::default(), keyring.clone(), &environment)).await?;
    Ok(Session { provider, server, ledger, keyring })
}

async fn session_of(spec: VaultProvider, answers: Vec<Answer>) -> Session {
    session_within(AMPLE, spec, answers).await.unwrap()
}

async fn session(auth: Value, answers: Vec<Answer>) -> Session {
    session_of(spec(auth), answers).await
}

fn ok(body: Value) -> Answer {
    Answer::Json(200, body.to_string())
}

fn secret(data: Value) -> Answer {
    ok(json!({"data": {"data": data, "metadata": {"version": 1}}}))
}

fn token(name: &str, life: u64, renewable: bool) -> Answer {
    ok(json!({"auth": {"client_token": name, "lease_duration": life, "renewable": renewable, "token_type": "service"}}))
}

fn error(status: u16, text: &str) -> Answer {
    Answer::Json(status, json!({"errors": [format!("{text} {CANARY}")]}).to_string())
}

fn denied() -> Answer {
    error(403, "permission denied")
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
        asked.iter().map(|asked| format!("{} {}", asked.request, header(&asked.headers, "x-vault-token"))).collect()
    }
}

fn header<'a>(headers: &'a crate::provider::http::HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("-", |value| value.to_str().unwrap())
}

fn tags(name: &str) -> RemoteKey {
    RemoteKey { part: Part::Metadata, ..key(name) }
}

#[tokio::test]
async fn a_secret_is_its_data_as_go_writes_it() {
    let session = session(with_token(), vec![secret(json!({"b": "<1>", "a": {"z": 1.50, "y": [null]}}))]).await;
    let value = session.read(key("team/db")).await.unwrap();
    assert_eq!(value, r#"{"a":{"y":[null],"z":1.5},"b":"\u003c1\u003e"}"#.into());
    assert_eq!(session.asked(), ["GET /v1/secret/data/team/db given"]);
    assert_eq!(session.ledger.take(), [("HashiCorp/Vault", "ReadSecretData", true)]);
}

#[tokio::test]
async fn versions_go_into_the_query_and_are_immutable() {
    let session = session(with_token(), vec![secret(json!({}))]).await;
    assert_eq!(session.read(key_at("a", "3")).await, Ok("{}".into()));
    assert_eq!(session.asked(), ["GET /v1/secret/data/a?version=3 given"]);
    for (key, immutable) in [(key_at("a", "3"), true), (key("a"), false), (key_at("a", "0"), false), (tags("a"), false)]
    {
        assert_eq!(session.provider.is_immutable(&key), immutable, "{key:?}");
        assert_eq!(session.provider.batch(&key), Batch::Single);
    }
    for version in ["latest", "1&x=y", "-1", "11111111111111111111"] {
        assert_eq!(session.kind(key_at("a", version)).await, Some(Kind::Invalid), "{version}");
    }
    assert!(session.asked().is_empty());
}

#[tokio::test]
async fn the_engines_first_version_has_neither_versions_nor_metadata() {
    let answers = vec![ok(json!({"data": {"password": "1"}}))];
    let session = session_of(VaultProvider { version: Some(KvVersion::V1), ..spec(with_token()) }, answers).await;
    assert_eq!(session.read(key("a/b")).await, Ok(r#"{"password":"1"}"#.into()));
    assert_eq!(session.asked(), ["GET /v1/secret/a/b given"]);
    assert_eq!(session.kind(key_at("a", "1")).await, Some(Kind::Invalid));
    assert_eq!(session.kind(tags("a")).await, Some(Kind::Invalid));
    assert!(!session.provider.is_immutable(&key_at("a", "1")));
    assert!(session.asked().is_empty());
}

#[tokio::test]
async fn metadata_is_what_people_wrote_about_a_secret() {
    let custom = |custom: Value| ok(json!({"data": {"custom_metadata": custom, "current_version": 4}}));
    let answers = vec![custom(json!({"b": "2", "a": "1"})), custom(json!(null)), custom(json!({})), error(404, "")];
    let session = session(with_token(), answers).await;
    assert_eq!(session.read(tags("a")).await, Ok(r#"{"a":"1","b":"2"}"#.into()));
    assert_eq!(session.asked(), ["GET /v1/secret/metadata/a given"]);
    assert_eq!(session.read(tags("a")).await, Ok("".into()));
    assert_eq!(session.read(tags("a")).await, Ok("".into()));
    assert_eq!(session.kind(tags("a")).await, Some(Kind::Invalid));
}

#[tokio::test]
async fn an_answer_that_is_none_of_an_engine_is_no_value() {
    let html = Answer::Text(200, "text/html", format!("<html>{CANARY}</html>"));
    let truncated = Answer::Json(200, format!("{{\"data\":{{\"data\":{{\"a\":\"{CANARY}"));
    for (answer, kind) in [
        (html, Kind::Invalid),
        (truncated, Kind::Invalid),
        (ok(json!({"data": CANARY})), Kind::Invalid),
        (ok(json!({"data": {"data": [CANARY]}})), Kind::Invalid),
        (ok(json!({"auth": {"client_token": CANARY}})), Kind::Invalid),
        (ok(json!({"data": {"data": null}})), Kind::NotFound),
        (Answer::Elsewhere("http://127.0.0.1:1/".to_owned()), Kind::Unavailable),
        (error(503, "Vault is sealed"), Kind::Unavailable),
        (error(500, "x"), Kind::Unavailable),
        (error(429, "x"), Kind::Throttled),
        (Answer::Endless, Kind::Invalid),
    ] {
        let session = session(with_token(), vec![answer.clone()]).await;
        assert_eq!(session.kind(key("a")).await, Some(kind), "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_or_drips_is_given_up_on() {
    for answer in [Answer::Hang, Answer::Drip] {
        let session = session_within(Duration::from_millis(300), spec(with_token()), vec![answer]).await.unwrap();
        assert_eq!(session.kind(key("a")).await, Some(Kind::Unavailable));
    }
}

#[tokio::test]
async fn one_sign_in_serves_all_reads_however_many_begin_at_once() {
    let session = session(with_user(), vec![token("t1", 3600, true), secret(json!({"a": 1}))]).await;
    let reads = (0..50).map(|number| session.read(key(&format!("k{number}"))));
    assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
    let asked = session.asked();
    assert_eq!(asked[0], "POST /v1/auth/userpass/login/ann -");
    assert_eq!(asked.len(), 51);
    assert!(asked[1..].iter().all(|asked| asked.ends_with(" t1")));
}

#[tokio::test]
async fn a_refused_sign_in_is_not_tried_again_at_once_and_is_everybodys_answer() {
    let session = session(with_user(), vec![error(400, "invalid username or password"), secret(json!({}))]).await;
    let answers = futures::future::join_all((0..20).map(|_| session.kind(key("a")))).await;
    assert!(answers.iter().all(|kind| *kind == Some(Kind::Unauthenticated)));
    assert_eq!(session.asked(), ["POST /v1/auth/userpass/login/ann -"]);
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end_and_replaced_when_it_cannot_be() {
    let answers = vec![
        token("t1", 100, true),
        secret(json!({})),
        token("t1", 100, true),
        secret(json!({})),
        // Its last end is near: it was given less.
        token("t1", 30, true),
        secret(json!({})),
        token("t2", 100, false),
        Answer::Json(204, String::new()),
        secret(json!({})),
    ];
    let session = session(with_user(), answers).await;
    let read = async || {
        session.read(key("a")).await.unwrap();
        session.asked().join(", ")
    };
    let get = |token: &str| format!("GET /v1/secret/data/a {token}");
    assert_eq!(read().await, format!("POST /v1/auth/userpass/login/ann -, {}", get("t1")));
    let pass = async |seconds| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    };
    pass(68).await;
    assert_eq!(read().await, format!("POST /v1/auth/token/renew-self t1, {}", get("t1")));
    pass(68).await;
    assert_eq!(read().await, format!("POST /v1/auth/token/renew-self t1, {}", get("t1")));
    pass(21).await;
    let replaced = "POST /v1/auth/userpass/login/ann -, POST /v1/auth/token/revoke-self t1";
    assert_eq!(read().await, format!("{replaced}, {}", get("t2")));
}

#[tokio::test]
async fn a_token_that_can_neither_be_renewed_nor_replaced_is_used_until_it_ends() {
    let answers = vec![
        token("t1", 100, true),
        secret(json!({})),
        error(500, "x"),
        error(500, "x"),
        secret(json!({})),
        error(500, "x"),
    ];
    let session = session(with_user(), answers).await;
    session.read(key("a")).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(70)).await;
    tokio::time::resume();
    session.read(key("a")).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    session.asked();
    assert_eq!(session.kind(key("a")).await, Some(Kind::Unavailable));
    assert_eq!(session.asked(), ["POST /v1/auth/userpass/login/ann -"]);
}

#[tokio::test]
async fn a_bad_token_is_replaced_once_and_the_read_made_once_more() {
    let answers = vec![
        token("t1", 3600, true),
        error(403, "permission denied, invalid token"),
        token("t2", 3600, true),
        secret(json!({"a": 1})),
    ];
    let session = session(with_user(), answers).await;
    assert_eq!(session.read(key("a")).await, Ok(r#"{"a":1}"#.into()));
    assert_eq!(session.asked()[2..], ["POST /v1/auth/userpass/login/ann -", "GET /v1/secret/data/a t2"]);
}

#[tokio::test]
async fn a_forbidden_path_costs_no_sign_in_and_one_look_up_in_ten_seconds() {
    let session = session(with_user(), vec![token("t1", 3600, true), denied()]).await;
    let round = async || {
        let answers = futures::future::join_all((0..9).map(|number| session.kind(key(&format!("k{number}"))))).await;
        assert!(answers.iter().all(|kind| *kind == Some(Kind::Denied)), "{answers:?}");
        session.asked().iter().filter(|asked| !asked.contains("/data/")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(round().await, ["POST /v1/auth/userpass/login/ann -"]);
    assert!(round().await.is_empty(), "a token that was given just now is good");
}

#[tokio::test]
async fn a_token_that_was_revoked_is_found_out_by_looking_it_up() {
    let answers = vec![
        token("t1", 3600, true),
        secret(json!({})),
        denied(),
        denied(),
        token("t2", 3600, true),
        ok(json!({"data": {}})),
        secret(json!({"a": 1})),
    ];
    let session = session(with_user(), answers).await;
    session.read(key("a")).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    session.asked();
    assert_eq!(session.read(key("a")).await, Ok(r#"{"a":1}"#.into()));
    assert_eq!(
        session.asked(),
        [
            "GET /v1/secret/data/a t1",
            "GET /v1/auth/token/lookup-self t1",
            "POST /v1/auth/userpass/login/ann -",
            "GET /v1/auth/token/lookup-self t2",
            "GET /v1/secret/data/a t2",
        ]
    );
}

#[tokio::test]
async fn a_principal_that_may_not_look_itself_up_does_not_sign_in_at_every_poll() {
    let session = session(
        with_user(),
        vec![token("t1", 3600, true), secret(json!({})), denied(), denied(), token("t2", 3600, true), denied()],
    )
    .await;
    session.read(key("a")).await.unwrap();
    let mut sign_ins = 0;
    for _ in 0..20 {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(11)).await;
        tokio::time::resume();
        assert_eq!(session.kind(key("a")).await, Some(Kind::Denied));
        sign_ins += session.asked().iter().filter(|asked| asked.contains("/login/")).count();
    }
    assert_eq!(sign_ins, 2, "the first one and the one that found out");
}

#[tokio::test]
async fn a_given_token_is_looked_up_and_never_renewed_or_revoked() {
    let session = session(with_token(), vec![ok(json!({"data": {}})), denied()]).await;
    assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
    assert_eq!(session.asked(), ["GET /v1/auth/token/lookup-self given"]);
    assert_eq!(session.provider.validate().await.unwrap_err().kind, Kind::Unauthenticated);
    session.asked();
    let answers = futures::future::join_all((0..20).map(|_| session.kind(key("a")))).await;
    assert!(answers.iter().all(|kind| *kind == Some(Kind::Unauthenticated)));
    let looked_up = session.asked().iter().filter(|asked| asked.contains("lookup-self")).count();
    assert_eq!(looked_up, 1, "a dead token is looked up once, however many reads it fails");
}
