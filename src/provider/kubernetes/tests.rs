//! Sessions against canned answers: what a real API server cannot easily be made to say.

#![expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with `json!`")]

mod search;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::provider::canned::{Answer, Canned};
use crate::provider::http::{Reach, Settings as Http};
use crate::provider::memory::{Keyring, Ledger, key};
use crate::provider::{Part, RemoteKey, Settings, StoreKind, Validity};
use crate::sealed::Sealed;

const CANARY: &str = "canary-3e9a";
/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(30);

struct Session {
    provider: Arc<dyn Provider>,
    server: Canned,
    ledger: Arc<Ledger>,
    keyring: Arc<Keyring>,
}

fn spec(value: Value) -> KubernetesProvider {
    serde_json::from_value(value).unwrap()
}

fn with_token() -> Value {
    json!({"token": {"bearerToken": {"name": "k", "key": "token"}}})
}

fn with_account() -> Value {
    json!({"serviceAccount": {"name": "reader"}})
}

fn keyring() -> Arc<Keyring> {
    let keyring = Keyring::default();
    keyring.set("k", "token", "given");
    keyring.set("k", "broken", "a b");
    Arc::new(keyring)
}

/// A session whose store names the canned server, or where `own` is set the operator's own, which is then that.
async fn session_of(store: Value, own: bool, answers: Vec<Answer>) -> Result<Session, Error> {
    let (server, ledger, keyring) = (Canned::start(answers).await, Arc::new(Ledger::default()), keyring());
    let mut store = store;
    if !own {
        store["server"]["url"] = server.url.clone().into();
    }
    let http = Http { reach: Reach::Loopback };
    let settings = Settings { deadline: AMPLE, body_limit: 64 * 1024, http, ..Settings::default() };
    let settings = Settings { kubernetes: Some(Local { url: server.url.clone(), authorities: None }), ..settings };
    let environment = Box::pin(Environment::new(ledger.clone(), settings)).await;
    let context = Context { store_namespace: Some("apps".into()), ..Context::default() };
    let provider = Box::pin(open(&spec(store), &context, keyring.clone(), &environment)).await?;
    Ok(Session { provider, server, ledger, keyring })
}

async fn session(auth: Value, own: bool, answers: Vec<Answer>) -> Session {
    session_of(json!({"auth": auth, "remoteNamespace": "team"}), own, answers).await.unwrap()
}

async fn refusal(store: Value) -> String {
    let error = session_of(store, true, vec![status(500, "x", json!({}))]).await.err().unwrap();
    assert!(!error.to_string().contains(CANARY), "{error}");
    error.to_string()
}

fn ok(body: Value) -> Answer {
    Answer::Json(200, body.to_string())
}

fn object(name: &str, data: &[(&str, &[u8])]) -> Value {
    let data: serde_json::Map<_, _> =
        data.iter().map(|(name, value)| ((*name).to_owned(), STANDARD.encode(value).into())).collect();
    json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name, "namespace": "team"}, "data": data})
}

fn status(code: u16, reason: &str, details: Value) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": CANARY, "reason": reason, "details": details,
        "code": code,
    });
    Answer::Json(code, body.to_string())
}

fn absent(kind: &str, name: &str) -> Answer {
    status(404, "NotFound", json!({"kind": kind, "name": name}))
}

fn denied() -> Answer {
    status(403, "Forbidden", json!({"kind": "x", "name": "y"}))
}

impl Session {
    async fn read(&self, key: RemoteKey) -> Result<Sealed, Error> {
        let answer = self.provider.read_many(&[key]).await.remove(0);
        assert!(!format!("{answer:?}").contains(CANARY), "{answer:?}");
        answer
    }

    async fn kind(&self, name: &str) -> Option<Kind> {
        self.read(key(name)).await.err().map(|error| error.kind)
    }

    /// What was asked since the last time: verb, path, and token.
    fn asked(&self) -> Vec<String> {
        let asked = self.server.asked();
        asked.iter().map(|asked| format!("{} {}", asked.request, asked.authorization)).collect()
    }
}

#[tokio::test]
async fn a_secret_is_its_data_name_by_name_with_every_byte() {
    let session = session(with_token(), false, vec![ok(object("db", &[("b", &[0xff, 0]), ("a", b"1")]))]).await;
    let value = session.read(key("db")).await.unwrap();
    assert_eq!(value.unpack().unwrap(), [("a", &b"1"[..]), ("b", &[0xff, 0])]);
    assert_eq!(session.asked(), ["GET /api/v1/namespaces/team/secrets/db Bearer given"]);
    assert_eq!(session.ledger.take(), [("Kubernetes", "GetSecret", true)]);
}

#[tokio::test]
async fn a_secret_without_data_is_empty_and_the_default_namespace_is_default() {
    let empty = ok(json!({"kind": "Secret", "metadata": {"name": "db"}}));
    let session = session_of(json!({"auth": with_token()}), false, vec![empty]).await.unwrap();
    assert_eq!(session.read(key("db")).await.unwrap().unpack(), Some(Vec::new()));
    assert_eq!(session.asked(), ["GET /api/v1/namespaces/default/secrets/db Bearer given"]);
}

#[tokio::test]
async fn metadata_is_labels_and_annotations_as_eso_writes_them() {
    let mut secret = object("db", &[("a", b"1")]);
    secret["metadata"]["labels"] = json!({"b": "<2>", "a": "1"});
    let none = object("db", &[]);
    let session = session(with_token(), false, vec![ok(secret), ok(none)]).await;
    let about = || RemoteKey { part: Part::Metadata, ..key("db") };
    let value = session.read(about()).await.unwrap();
    assert_eq!(value, r#"{"annotations":null,"labels":{"a":"1","b":"<2>"}}"#.into());
    assert_eq!(session.read(about()).await.unwrap(), r#"{"annotations":null,"labels":null}"#.into());
}

#[tokio::test]
async fn what_can_be_no_name_is_not_asked_for() {
    let session = session(with_token(), false, vec![ok(object("db", &[]))]).await;
    for name in ["", " ", "a/b", "..", ".", "A", "a\r\nb", "%2e", "-a", "a-", "a..b", "ключ", &"a".repeat(254)] {
        assert_eq!(session.kind(name).await, Some(Kind::Invalid), "{name:?}");
    }
    assert!(session.asked().is_empty());
}

#[tokio::test]
async fn an_absent_secret_is_told_from_an_absent_namespace() {
    for (namespace, kind) in [
        (ok(json!({"kind": "Namespace"})), Kind::NotFound),
        (denied(), Kind::NotFound),
        (absent("namespaces", "team"), Kind::Invalid),
        (absent("namespaces", "other"), Kind::Invalid),
        (Answer::Text(404, "text/plain", "404 page not found".into()), Kind::Invalid),
        (status(503, "x", json!({})), Kind::Unavailable),
    ] {
        let session = session(with_token(), false, vec![absent("secrets", "db"), namespace.clone()]).await;
        assert_eq!(session.kind("db").await, Some(kind), "{namespace:?}");
        assert_eq!(session.asked()[1], "GET /api/v1/namespaces/team Bearer given");
    }
}

#[tokio::test]
async fn that_a_namespace_is_there_is_believed_for_a_while() {
    let there = ok(json!({"kind": "Namespace"}));
    let gone = absent("secrets", "db");
    let session = session(with_token(), false, vec![gone.clone(), there, gone]).await;
    for _ in 0..3 {
        assert_eq!(session.kind("db").await, Some(Kind::NotFound));
    }
    assert_eq!(session.asked().iter().filter(|asked| asked.contains("/namespaces/team ")).count(), 1);
}

#[tokio::test]
async fn another_404_is_no_absence() {
    for answer in [
        absent("secrets", "other"),
        absent("configmaps", "db"),
        Answer::Text(404, "text/plain", "404 page not found".into()),
        Answer::Json(404, "{}".into()),
    ] {
        let session = session(with_token(), false, vec![answer.clone()]).await;
        assert_eq!(session.kind("db").await, Some(Kind::Invalid), "{answer:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_of_an_api_server_is_no_value() {
    let truncated = format!(r#"{{"kind":"Secret","metadata":{{"name":"db"}},"data":{{"a":"{CANARY}"#);
    for (answer, kind) in [
        (Answer::Text(200, "text/html", format!("<html>{CANARY}</html>")), Kind::Invalid),
        (Answer::Json(200, truncated), Kind::Invalid),
        (ok(json!({"kind": "Secret", "metadata": {"name": "db"}, "data": {"a": "%"}})), Kind::Invalid),
        (ok(json!({"kind": "SecretList", "metadata": {"name": "db"}})), Kind::Invalid),
        (Answer::Endless, Kind::Invalid),
        (Answer::Elsewhere("http://127.0.0.1:1/".into()), Kind::Unavailable),
        (status(500, "x", json!({})), Kind::Unavailable),
        (status(429, "TooManyRequests", json!({"retryAfterSeconds": 1})), Kind::Throttled),
    ] {
        let session = session(with_token(), false, vec![answer.clone()]).await;
        assert_eq!(session.kind("db").await, Some(kind), "{answer:?}");
    }
}

#[tokio::test]
async fn a_forbidden_read_says_which_right_is_lacking() {
    let session = session(with_token(), false, vec![denied()]).await;
    let error = session.read(key("db")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert!(error.cause.contains(r#"get secrets in the namespace "team""#), "{error}");
    assert_eq!(session.asked().len(), 1, "a good token is not had anew for a right that it lacks");
}

#[tokio::test]
async fn the_token_of_an_account_is_requested_once_and_goes_to_the_own_server() {
    let session = session(with_account(), true, vec![ok(object("db", &[]))]).await;
    for _ in 0..3 {
        session.read(key("db")).await.unwrap();
    }
    assert_eq!(session.asked(), ["GET /api/v1/namespaces/team/secrets/db Bearer token-0"; 3]);
    assert_eq!(session.keyring.tokens(), [("reader".to_owned(), Vec::new())], "the API server's own audience");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_known_any_more_is_had_anew_and_tried_once() {
    let unknown = status(401, "Unauthorized", json!({}));
    let answers = vec![ok(object("db", &[])), unknown.clone(), ok(object("db", &[])), unknown];
    let session = session(with_account(), true, answers).await;
    session.read(key("db")).await.unwrap();
    tokio::time::advance(Duration::from_secs(11)).await;
    assert!(session.read(key("db")).await.is_ok(), "the second token is good");
    assert_eq!(session.keyring.tokens().len(), 2);
    // A token that was just given is not the trouble: nothing is requested again for a while.
    assert_eq!(session.kind("db").await, Some(Kind::Unauthenticated));
    assert_eq!(session.keyring.tokens().len(), 2);
    session.asked();
}

#[tokio::test(start_paused = true)]
async fn a_token_is_had_anew_before_it_ends() {
    let session = session(with_account(), true, vec![ok(object("db", &[]))]).await;
    session.read(key("db")).await.unwrap();
    tokio::time::advance(Duration::from_mins(40)).await;
    session.read(key("db")).await.unwrap();
    assert_eq!(session.keyring.tokens().len(), 1);
    tokio::time::advance(Duration::from_mins(6)).await;
    session.read(key("db")).await.unwrap();
    assert_eq!(session.keyring.tokens().len(), 2);
}

#[tokio::test]
async fn a_given_token_that_is_not_known_is_tried_once() {
    let session = session(with_token(), false, vec![status(401, "Unauthorized", json!({}))]).await;
    assert_eq!(session.kind("db").await, Some(Kind::Unauthenticated));
    assert_eq!(session.asked().len(), 1);
}

#[tokio::test]
async fn the_token_for_an_api_server_goes_to_no_other_server() {
    let other = |auth: Value| json!({"auth": auth, "server": {"url": "https://other.example.com"}});
    let error = refusal(other(with_account())).await;
    assert!(error.contains("spec.provider.kubernetes.auth.serviceAccount.audiences"), "{error}");
    // What is no token of another audience is not shown: here one that says nothing of its audience.
    let named = json!({"serviceAccount": {"name": "reader", "audiences": ["other"]}});
    let session = session(named, false, vec![ok(object("db", &[]))]).await;
    let error = session.read(key("db")).await.unwrap_err();
    assert!(error.kind == Kind::Invalid && error.cause.contains("audiences"), "{error}");
    assert!(session.asked().is_empty(), "the token was sent");
    assert_eq!(session.keyring.tokens(), [("reader".to_owned(), vec!["other".to_owned()])]);
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_names_the_field() {
    for (store, words) in [
        (json!({}), "spec.provider.kubernetes.auth"),
        (json!({"auth": {}}), "exactly one of token, serviceAccount and cert"),
        (
            json!({"auth": {"token": with_token()["token"], "serviceAccount": {"name": "a"}}}),
            "exactly one of token, serviceAccount and cert",
        ),
        (json!({"auth": with_token(), "server": {"url": "ftp://a"}}), "server.url"),
        (json!({"auth": with_token(), "server": {"url": "http://api.example.com"}}), "https"),
        (json!({"auth": with_token(), "server": {"caBundle": "%"}}), "server.caBundle"),
        (json!({"auth": with_token(), "remoteNamespace": "../x"}), "remoteNamespace"),
        (json!({"auth": {"token": {"bearerToken": {"name": "k", "key": "broken"}}}}), "auth.token.bearerToken"),
        (json!({"auth": {"token": {"bearerToken": {"name": "k", "key": "none"}}}}), "auth.token.bearerToken"),
        (json!({"authRef": {"name": "k", "key": "token"}}), "authRef"),
    ] {
        let error = refusal(store.clone()).await;
        assert!(error.contains(words), "{store}: {error}");
    }
}

#[tokio::test]
async fn a_store_reaches_this_machine_only_where_that_is_allowed() {
    let store = spec(json!({"auth": with_token(), "server": {"url": "https://127.0.0.1:6443"}}));
    let environment = Box::pin(Environment::new(Arc::new(Ledger::default()), Settings::default())).await;
    let error = Box::pin(open(&store, &Context::default(), keyring(), &environment)).await.err().unwrap();
    assert!(error.cause.contains("--allow-loopback-stores"), "{error}");
}

#[tokio::test]
async fn a_shared_store_must_say_where_its_authorities_are() {
    let store = spec(json!({
        "auth": with_token(), "server": {"caProvider": {"type": "ConfigMap", "name": "ca", "key": "k"}},
    }));
    let environment = Box::pin(Environment::new(Arc::new(Ledger::default()), Settings::default())).await;
    let context = Context { store_kind: StoreKind::ClusterSecretStore, ..Context::default() };
    let error = Box::pin(open(&store, &context, keyring(), &environment)).await.err().unwrap();
    assert!(error.cause.contains("caProvider.namespace"), "{error}");
}

#[test]
fn a_session_whose_credentials_are_not_its_stores_shares_with_nobody() {
    let at = |namespace: Value| json!({"name": "a", "key": "b", "namespace": namespace});
    let account = |namespace: Value| json!({"name": "a", "namespace": namespace});
    let (given, open) = (json!("n"), json!(null));
    for (store, depends) in [
        (json!({"auth": {"token": {"bearerToken": at(given.clone())}}}), false),
        (json!({"auth": {"token": {"bearerToken": at(open.clone())}}}), true),
        (json!({"auth": {"serviceAccount": account(given.clone())}}), false),
        (json!({"auth": {"serviceAccount": account(json!(""))}}), true),
        (json!({"auth": {"cert": {"clientCert": at(given.clone()), "clientKey": at(given.clone())}}}), false),
        (json!({"auth": {"cert": {"clientCert": at(given.clone()), "clientKey": at(open.clone())}}}), true),
        (json!({"auth": {"cert": {"clientCert": at(open.clone()), "clientKey": at(given.clone())}}}), true),
        (json!({"authRef": at(given)}), false),
        (json!({"authRef": at(open)}), true),
    ] {
        assert_eq!(depends_on_consumer(&spec(store.clone())), depends, "{store}");
    }
}

#[tokio::test]
async fn a_store_is_valid_where_a_rule_or_a_review_lets_it_read() {
    let rules = |rules: Value| ok(json!({"kind": "SelfSubjectRulesReview", "status": {"resourceRules": rules}}));
    let access = |allowed: bool| ok(json!({"kind": "SelfSubjectAccessReview", "status": {"allowed": allowed}}));
    let named = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db"]}]);
    for (answers, calls, valid) in [
        (vec![rules(named)], 1, Ok(Validity::Valid)),
        (vec![rules(json!([])), access(true)], 2, Ok(Validity::Valid)),
        (vec![rules(json!([])), access(false)], 2, Err(Kind::Denied)),
        (vec![status(401, "Unauthorized", json!({}))], 1, Err(Kind::Unauthenticated)),
        (vec![ok(json!({"kind": "other"}))], 1, Err(Kind::Invalid)),
    ] {
        let session = session(with_token(), false, answers).await;
        assert_eq!(session.provider.validate().await.map_err(|error| error.kind), valid);
        let asked = session.server.asked();
        assert_eq!(asked.len(), calls, "{valid:?}");
        assert_eq!(asked[0].request, "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews");
        let body: Value = serde_json::from_str(&asked[0].body).unwrap();
        assert_eq!(body["spec"], json!({"namespace": "team"}));
    }
}

#[tokio::test]
async fn nothing_that_is_printed_shows_a_credential() {
    let session = session(with_token(), false, vec![ok(object("db", &[]))]).await;
    session.read(key("db")).await.unwrap();
    let shown = format!("{:?} {:#?}", session.provider, session.provider);
    assert!(!shown.contains("given"), "{shown}");
}
