//! Sessions against canned answers of a vault and of a place to sign in: what real ones cannot easily be made to say.
//! The canned servers speak no TLS, so hosts are given past [`cloud`]'s rules, which have tests of their own.

#![expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with `json!`")]

mod changes;
mod sign_ins;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::provider::canned::{Answer, Asked, Canned};
use crate::provider::http::{Reach, Settings as Http};
use crate::provider::memory::{Keyring, Ledger, key, key_at};
use crate::provider::{Batch, Part, Query, RemoteKey, Search, Settings as Process, Validity};

const CANARY: &str = "canary-2f9d";
/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(30);

struct Session {
    provider: Arc<dyn Provider>,
    vault: Canned,
    login: Canned,
    ledger: Arc<Ledger>,
    keyring: Arc<Keyring>,
}

fn principal() -> Value {
    let at = |key: &str| json!({"name": "azure", "key": key});
    json!({"tenantId": "tenant", "authSecretRef": {"clientId": at("id"), "clientSecret": at("secret")}})
}

fn keyring() -> Arc<Keyring> {
    let keyring = Keyring::default();
    for (key, value) in [("id", "client\n"), ("secret", "pass&word"), ("tenant", "tenant-of-secret")] {
        keyring.set("azure", key, value);
    }
    Arc::new(keyring)
}

fn spec(of: &Value) -> AzureKvProvider {
    let mut spec = of.clone();
    spec["vaultUrl"] = "https://a.vault.azure.net".into();
    serde_json::from_value(spec).unwrap()
}

/// A session whose servers give these answers; the last one again and again.
async fn session_within(
    deadline: Duration,
    settings: Settings,
    of: Value,
    keyring: Arc<Keyring>,
    [login, vault]: [Vec<Answer>; 2],
) -> Result<Session, Error> {
    let (vault, login, ledger) = (Canned::start(vault).await, Canned::start(login).await, Arc::new(Ledger::default()));
    let http = Http { reach: Reach::Loopback };
    let azure = Settings { machine: Some(login.url.clone()), ..settings };
    let settings = Process { deadline, body_limit: 64 * 1024, http, azure, ..Process::default() };
    let environment = Box::pin(Environment::new(ledger.clone(), settings)).await;
    let place = Place {
        vault: Server::parse(&vault.url).unwrap(),
        authority: Server::parse(&login.url).unwrap(),
        is_chosen: false,
        resource: Some("https://vault.azure.net".to_owned()),
    };
    let provider = Box::pin(connect(&spec(&of), place, keyring.clone(), &environment)).await?;
    Ok(Session { provider, vault, login, ledger, keyring })
}

async fn session_of(of: Value, answers: [Vec<Answer>; 2]) -> Session {
    session_within(AMPLE, Settings::default(), of, keyring(), answers).await.unwrap()
}

async fn session(vault: Vec<Answer>) -> Session {
    session_of(principal(), [vec![token("t", 3600)], vault]).await
}

fn ok(body: Value) -> Answer {
    Answer::Json(200, body.to_string())
}

fn token(name: &str, life: u64) -> Answer {
    ok(json!({"token_type": "Bearer", "access_token": name, "expires_in": life}))
}

fn secret(value: &str) -> Answer {
    ok(json!({"value": value, "id": "https://a/secrets/b/1", "attributes": {"enabled": true, "updated": 1}}))
}

fn error(status: u16, code: &str, inner: &str) -> Answer {
    let error = json!({"code": code, "message": CANARY, "innererror": {"code": inner}});
    Answer::Json(status, json!({"error": error}).to_string())
}

fn gone() -> Answer {
    error(404, "SecretNotFound", "")
}

fn page(server: &str, names: &[String], next: Option<usize>) -> Answer {
    let items: Vec<_> = names
        .iter()
        .map(|name| json!({"id": format!("{server}/secrets/{name}"), "attributes": {"enabled": true, "updated": 1}}))
        .collect();
    let next = next.map(|page| format!("{server}/secrets?api-version=7.4&$skiptoken={page}"));
    ok(json!({"value": items, "nextLink": next}))
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

    /// What the vault was asked since the last time: verb, path, and token.
    fn asked(&self) -> Vec<String> {
        self.vault.asked().iter().map(|asked| format!("{} {}", asked.request, asked.authorization)).collect()
    }

    fn sign_ins(&self) -> Vec<Asked> {
        self.login.asked()
    }

    async fn find(&self, query: Query) -> Result<Vec<String>, Kind> {
        let found = self.provider.find(&Search::new(&query).unwrap()).await.map_err(|error| error.kind)?;
        Ok(found.entries().keys().cloned().collect())
    }
}

fn tags(name: &str) -> RemoteKey {
    RemoteKey { part: Part::Metadata, ..key(name) }
}

async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn an_object_is_read_by_its_type_and_version_and_counted_by_esos_names() {
    let certificate = ok(json!({"cer": "MIIB", "attributes": {}}));
    let key_bundle = ok(json!({"key": {"kty": "RSA", "kid": "k"}, "attributes": {}}));
    let session = session(vec![secret("v"), secret("old"), certificate, key_bundle]).await;
    assert_eq!(session.read(key("db")).await, Ok("v".into()));
    assert_eq!(session.read(key_at("secret/db", "0f")).await, Ok("old".into()));
    assert_eq!(session.read(key("cert/web")).await, Ok(Sealed::new(vec![0x30, 0x82, 1])));
    assert_eq!(session.read(key("key/sign")).await, Ok(r#"{"kid":"k","kty":"RSA"}"#.into()));
    let paths = ["secrets/db", "secrets/db/0f", "certificates/web", "keys/sign"];
    assert_eq!(session.asked(), paths.map(|path| format!("GET /{path}?api-version=7.4 Bearer t")));
    let calls: Vec<_> = session.ledger.take().into_iter().map(|(_, call, ok)| (call, ok)).collect();
    assert_eq!(calls, ["Login", "GetSecret", "GetSecret", "GetCertificate", "GetKey"].map(|call| (call, true)));
}

#[tokio::test]
async fn versions_of_secrets_and_certificates_are_immutable_and_nothing_else_is() {
    let session = session(vec![secret("v")]).await;
    for (key, immutable) in [
        (key_at("a", "0f"), true),
        (key_at("cert/a", "0f"), true),
        (key_at("key/a", "0f"), false),
        (key("a"), false),
        (key_at("a", ""), false),
        (key_at("a", "../b"), false),
        (RemoteKey { part: Part::Metadata, ..key_at("a", "0f") }, false),
    ] {
        assert_eq!(session.provider.is_immutable(&key), immutable, "{key:?}");
        assert_eq!(session.provider.batch(&key), Batch::Single);
    }
    for key in [key_at("a", "../b"), key_at("a", "b?c"), key("other/a"), key("a b")] {
        assert_eq!(session.kind(key).await, Some(Kind::Invalid));
    }
    assert!(session.asked().is_empty() && session.sign_ins().is_empty());
}

#[tokio::test]
async fn metadata_is_an_objects_tags_and_times() {
    let bundle = ok(json!({"value": CANARY, "attributes": {"created": 0, "updated": 60}, "tags": {"a": "1"}}));
    let session = session(vec![bundle]).await;
    let wanted = r#"{"a":"1","attribute.created":"1970-01-01T00:00:00Z","attribute.updated":"1970-01-01T00:01:00Z"}"#;
    assert_eq!(session.read(tags("a")).await, Ok(wanted.into()));
}

#[tokio::test]
async fn what_an_answer_means() {
    let html = Answer::Text(200, "text/html", format!("<html>{CANARY}</html>"));
    let truncated = Answer::Json(200, format!("{{\"value\":\"{CANARY}"));
    for (answer, kind) in [
        (html, Kind::Invalid),
        (truncated, Kind::Invalid),
        (ok(json!({"value": null, "attributes": {}})), Kind::Invalid),
        (ok(json!({"access_token": CANARY})), Kind::Invalid),
        (gone(), Kind::NotFound),
        (error(404, "KeyNotFound", ""), Kind::Invalid),
        (Answer::Text(404, "text/html", CANARY.into()), Kind::Invalid),
        (error(403, "Forbidden", "SecretDisabled"), Kind::Denied),
        (error(403, "Forbidden", "ForbiddenByFirewall"), Kind::Denied),
        (error(429, "Throttled", ""), Kind::Throttled),
        (error(500, "InternalServerError", ""), Kind::Unavailable),
        (Answer::Elsewhere("http://127.0.0.1:1/".to_owned()), Kind::Unavailable),
        (Answer::Endless, Kind::Invalid),
    ] {
        let session = session(vec![answer.clone()]).await;
        assert_eq!(session.kind(key("a")).await, Some(kind), "{answer:?}");
        assert_eq!(session.sign_ins().len(), 1, "{answer:?}: none of these is the token's fault");
    }
}

#[tokio::test]
async fn a_vault_that_hangs_or_drips_is_given_up_on() {
    for answer in [Answer::Hang, Answer::Drip] {
        let answers = [vec![token("t", 3600)], vec![answer]];
        let deadline = Duration::from_millis(300);
        let session = session_within(deadline, Settings::default(), principal(), keyring(), answers).await.unwrap();
        assert_eq!(session.kind(key("a")).await, Some(Kind::Unavailable));
    }
}

fn by_name(name: &str) -> Query {
    Query { name: Some(name.to_owned()), ..Query::default() }
}

#[tokio::test]
async fn a_search_passes_over_what_is_disabled_or_gone_since() {
    let item = |name: &str, more: Value| {
        let mut item = json!({"id": format!("https://a/secrets/{name}"), "attributes": {"enabled": true}});
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let listing = ok(json!({"value": [
        item("db-1", json!({"tags": {"env": "prod"}})),
        item("db-2", json!({"attributes": {"enabled": false}})),
        item("db-3", json!({"attributes": {}})),
        item("web", json!({})),
    ], "nextLink": null}));
    let answers = vec![listing.clone(), secret("1"), listing.clone(), gone(), listing, secret("1")];
    let session = session(answers).await;
    assert_eq!(session.find(by_name("^db-")).await, Ok(vec!["db-1".to_owned()]));
    assert_eq!(session.find(by_name("^db-")).await, Ok(vec![]));
    let tagged = Query { tags: [("env".to_owned(), "prod".to_owned())].into(), ..Query::default() };
    assert_eq!(session.find(tagged).await, Ok(vec!["db-1".to_owned()]));
    let path = Query { path: Some("a".to_owned()), ..Query::default() };
    assert_eq!(session.find(path).await, Err(Kind::Invalid));
}

#[tokio::test]
async fn a_search_that_loses_a_page_fails_and_calls_nobody_else() {
    for next in [
        "http://127.0.0.1:1/secrets?$skiptoken=1",
        "https://evil.example/secrets?$skiptoken=1",
        "/secrets?$skiptoken=1",
        "keys?$skiptoken=1",
    ] {
        let listing = ok(json!({"value": [], "nextLink": next}));
        let session = session(vec![listing]).await;
        assert_eq!(session.find(by_name("a")).await, Err(Kind::Unavailable), "{next}");
        assert_eq!(session.asked().len(), 1);
    }
    let session = session(vec![ok(json!({"nextLink": null})), ok(json!({"value": null}))]).await;
    assert_eq!(session.find(by_name("a")).await, Err(Kind::Invalid));
    assert_eq!(session.find(by_name("a")).await, Err(Kind::Invalid));
}
