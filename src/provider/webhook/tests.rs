//! Sessions against canned answers.

use std::time::Instant;

use serde_json::{Value, json};

use super::*;
use crate::provider::canned::{Answer, Asked, Canned};
use crate::provider::http::{Reach, Settings as Http};
use crate::provider::memory::{Keyring, Ledger, key, key_at};
use crate::provider::{Batch, Part, Query, RemoteKey, Search, Settings, Validity};
use crate::sealed::Sealed;

/// In what Secrets hold, in what servers answer, and in what stores have written down.
const CANARY: &str = "canary-55e1";
/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(30);

struct Session {
    provider: Arc<dyn Provider>,
    server: Canned,
    ledger: Arc<Ledger>,
}

fn text(body: &str) -> Answer {
    Answer::Text(200, "text/plain", body.to_owned())
}

fn keyring() -> Keyring {
    let keyring = Keyring::default();
    for (key, value) in [("token", CANARY), ("lines", "a\r\nx-evil: b\n"), ("user", "ann"), ("host", "127.0.0.1")] {
        keyring.set("auth", key, value);
    }
    keyring.label("auth", "webhook");
    keyring.set("other", "token", CANARY);
    keyring.set("wrong", "token", CANARY);
    keyring.label("wrong", "something");
    keyring
}

async fn environment(deadline: Duration, reach: Reach, ledger: Arc<Ledger>) -> Environment {
    let settings = Settings { deadline, body_limit: 64 * 1024, http: Http { reach }, ..Settings::default() };
    Environment::new(ledger, settings).await
}

/// A store's spec; `URL` in it becomes the server's own.
fn spec(server: &Canned, spec: &Value) -> WebhookProvider {
    let port = server.url.rsplit(':').next().unwrap();
    let spec = spec.to_string().replace("URL", &server.url).replace("PORT", port);
    serde_json::from_str(&spec).unwrap()
}

async fn try_open(
    server: &Canned,
    about: &Value,
    context: &Context,
) -> Result<(Arc<dyn Provider>, Arc<Ledger>), Error> {
    let ledger = Arc::new(Ledger::default());
    let environment = Box::pin(environment(AMPLE, Reach::Loopback, ledger.clone())).await;
    let opened = Box::pin(open(&spec(server, about), context, Arc::new(keyring()), &environment)).await;
    opened.map(|provider| (provider, ledger))
}

fn own() -> Context {
    Context { store_namespace: Some("team-a".into()), ..Context::default() }
}

async fn session(about: Value, answers: Vec<Answer>) -> Session {
    let server = Canned::start(answers).await;
    let (provider, ledger) = try_open(&server, &about, &own()).await.unwrap();
    Session { provider, server, ledger }
}

/// The words of a store that cannot be opened.
async fn refusal(about: Value) -> String {
    let server = Canned::start([text("")]).await;
    let error = try_open(&server, &about, &own()).await.err().unwrap_or_else(|| panic!("{about} was opened"));
    assert!(server.asked().is_empty());
    told(&error)
}

fn told(error: &Error) -> String {
    let told = format!("{error} {error:?}");
    assert!(!told.contains(CANARY), "{told}");
    error.to_string()
}

impl Session {
    async fn read(&self, key: RemoteKey) -> Result<Sealed, Error> {
        self.provider.read_many(&[key]).await.remove(0)
    }

    async fn fails(&self, key: RemoteKey) -> (Kind, String) {
        let error = self.read(key).await.unwrap_err();
        (error.kind, told(&error))
    }

    async fn one(&self, key: RemoteKey) -> Asked {
        self.read(key).await.unwrap();
        let mut asked = self.server.asked();
        assert_eq!(asked.len(), 1);
        asked.remove(0)
    }
}

fn secrets() -> Value {
    json!([{"name": "auth", "secretRef": {"name": "auth"}}])
}

fn with_property(name: &str, property: &str) -> RemoteKey {
    key(name).with_property(Some(property))
}

#[tokio::test]
async fn a_request_is_what_the_templates_make_of_the_reference_and_the_secrets() {
    let about = json!({
        "url": "URL/v1/{{ .remoteRef.key }}?version={{ .remoteRef.version }}&in={{ .remoteRef.namespace }}",
        "method": "POST",
        "headers": {
            "Authorization": "Basic {{ print .auth.user \":\" .auth.token | b64enc }}",
            "X-Property": "{{ .remoteRef.property }}",
            "Host": "elsewhere.example.com",
        },
        "body": "{\"folder\": \"{{ .remoteRef.key }}\"}",
        "secrets": secrets(),
    });
    let session = session(about, vec![text("the value\n")]).await;
    let asked = RemoteKey { property: Some("p.q".into()), ..key_at("team/my db", "1&x=y") };
    assert_eq!(session.read(asked.clone()).await, Ok("the value\n".into()));
    assert_eq!(session.ledger.take(), [("Webhook", "HTTPRequest", true)]);
    session.server.asked();
    let asked = session.one(asked).await;
    assert_eq!(asked.request, "POST /v1/team%2Fmy+db?version=1%26x%3Dy&in=team-a");
    assert_eq!(asked.body, r#"{"folder": "team/my db"}"#);
    assert_eq!(asked.authorization, "Basic YW5uOmNhbmFyeS01NWUx");
    assert_eq!(asked.headers["x-property"], "p.q");
    assert!(asked.headers["host"].to_str().unwrap().starts_with("127.0.0.1:"), "as Go's client makes it");
}

#[tokio::test]
async fn a_get_without_a_body_is_what_a_store_gets_that_says_no_more() {
    let session = session(json!({"url": "URL/{{ .remoteRef.key }}"}), vec![text("1")]).await;
    let asked = session.one(key("a")).await;
    assert_eq!((asked.request.as_str(), asked.body.as_str()), ("GET /a", ""));
    for key in [key("a"), key_at("a", "1")] {
        assert_eq!((session.provider.batch(&key), session.provider.is_immutable(&key)), (Batch::Single, false));
    }
    let tags = RemoteKey { part: Part::Metadata, ..key("a") };
    assert_eq!(session.read(tags).await, Ok("1".into()), "as in ESO, metadata are the value");
}

#[tokio::test]
async fn the_value_is_where_the_path_leads() {
    let body = json!({
        "data": {"text": "a\"b", "number": 2.5, "big": 1e21, "none": null, "yes": true, "map": {"b": 1.0, "a": "<"}},
        "list": [{"name": "x", "value": "1"}, {"name": "y", "value": "2"}],
    });
    let about = json!({"url": "URL/", "result": {"jsonPath": "$.{{ .remoteRef.property }}"}});
    let session = session(about, vec![Answer::Json(200, body.to_string())]).await;
    for (property, value) in [
        ("data.text", "a\"b"),
        ("data.number", "2"),
        ("data.big", "1000000000000000000000"),
        ("data.none", ""),
        ("data.yes", "true"),
        ("data.map", r#"{"a":"\u003c","b":1}"#),
        ("list", r#"{"name":"x","value":"1"}"#),
        ("list[?@.name==\"y\"].value", "2"),
        ("list[*].value", "1"),
    ] {
        assert_eq!(session.read(with_property("k", property)).await, Ok(value.into()), "{property}");
    }
    for property in ["data.missing", "list[?@.name==\"z\"].value", "list[", "list[9]"] {
        let (kind, told) = session.fails(with_property("k", property)).await;
        assert_eq!(kind, Kind::Invalid);
        assert!(told.contains("`spec.provider.webhook.result.jsonPath`"), "{told}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_looked_up_is_no_value_and_stays_untold() {
    let page = format!("<html>{CANARY}</html>");
    for body in [page, format!("{{\"a\": \"{CANARY}"), format!("{{\"b\": \"{CANARY}\"}}"), format!("\"{CANARY}\"")] {
        let about = json!({"url": "URL/", "result": {"jsonPath": "$.a"}});
        let session = session(about, vec![Answer::Text(200, "text/html", body)]).await;
        assert_eq!(session.fails(key("k")).await.0, Kind::Invalid);
    }
}

#[tokio::test]
async fn every_status_is_one_of_the_closed_kinds() {
    for (status, kind) in [
        (404, Kind::NotFound),
        (401, Kind::Unauthenticated),
        (403, Kind::Denied),
        (429, Kind::Throttled),
        (408, Kind::Unavailable),
        (500, Kind::Unavailable),
        (503, Kind::Unavailable),
        (304, Kind::Invalid),
        (400, Kind::Invalid),
        (410, Kind::Invalid),
        (418, Kind::Invalid),
    ] {
        let session = session(json!({"url": "URL/"}), vec![Answer::Text(status, "text/plain", CANARY.into())]).await;
        let (told_kind, told) = session.fails(key("k")).await;
        assert_eq!(told_kind, kind, "{status}");
        assert!(told.ends_with(&format!("(status {status})")), "{told}");
        assert_eq!(session.ledger.take(), [("Webhook", "HTTPRequest", false)]);
    }
    let elsewhere = Canned::start([text("1")]).await;
    let session = session(json!({"url": "URL/"}), vec![Answer::Elsewhere(elsewhere.url.clone())]).await;
    assert_eq!(session.fails(key("k")).await.0, Kind::Invalid);
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_reference_cannot_choose_the_server() {
    for url in [
        "http://{{ .remoteRef.key }}:PORT/",
        "{{ .remoteRef.key | unescape }}",
        "http://127.0.0.1:PORT{{ .remoteRef.property }}/",
        "http://127.0.0.1:{{ if eq .remoteRef.version \"1\" }}PORT{{ else }}1{{ end }}{{ .remoteRef.version }}/",
        "{{ .remoteRef.version }}://127.0.0.1:PORT/",
    ] {
        let told = refusal(json!({"url": url})).await;
        assert!(told.contains("`spec.provider.webhook.url`"), "{url}: {told}");
    }
    // One word that no probe is, and that leads elsewhere: it is found out when it is used.
    let sly = "http://{{ if eq .remoteRef.key \"sly\" }}localhost{{ else }}127.0.0.1{{ end }}:PORT/x";
    let session = session(json!({"url": sly}), vec![text("1")]).await;
    assert_eq!(session.read(key("a")).await, Ok("1".into()));
    session.server.asked();
    let (kind, told) = session.fails(key("sly")).await;
    assert_eq!(kind, Kind::Invalid);
    assert!(told.contains("only the store may choose"), "{told}");
    assert!(session.server.asked().is_empty());
}

#[tokio::test]
async fn the_store_may_take_the_server_from_its_secrets_or_its_namespace() {
    for url in [
        "http://{{ .auth.host }}:PORT/{{ .remoteRef.key }}",
        "{{ print \"http://\" .auth.host }}:PORT/{{ .remoteRef.key }}",
        "http://{{ if eq .remoteRef.namespace \"team-a\" }}127.0.0.1{{ end }}:PORT/{{ .remoteRef.key }}",
    ] {
        let session = session(json!({"url": url, "secrets": secrets()}), vec![text("1")]).await;
        assert_eq!(session.one(key("a")).await.request, "GET /a", "{url}");
    }
}

#[tokio::test]
async fn what_a_reference_brings_along_stays_where_it_was_put() {
    let about = json!({
        "url": "URL/v1/{{ .remoteRef.key }}/value",
        "headers": {"X-Version": "{{ .remoteRef.version }}"},
    });
    let session = session(about, vec![text("1")]).await;
    let asked = session.one(key("a/../../b?c#d@e\\f%2e")).await;
    assert_eq!(asked.request, "GET /v1/a%2F..%2F..%2Fb%3Fc%23d%40e%5Cf%252e/value");
    for word in ["..", "."] {
        let (kind, told) = session.fails(key(word)).await;
        assert_eq!(kind, Kind::Invalid);
        assert!(told.contains("`spec.provider.webhook.url`"), "{told}");
    }
    for version in ["1\r\nx-evil: 1", "1\n", "\u{0}", "\u{7f}"] {
        let (kind, told) = session.fails(key_at("a", version)).await;
        assert_eq!(kind, Kind::Invalid);
        assert!(told.contains("`spec.provider.webhook.headers[X-Version]`"), "{told}");
    }
    assert!(session.server.asked().is_empty());
}

#[tokio::test]
async fn a_line_feed_of_a_secret_is_no_second_header_and_none_of_a_url() {
    let about = json!({
        "url": "URL/", "headers": {"X-Token": "{{ .auth.lines }}"}, "secrets": secrets(),
    });
    let first = session(about, vec![text("1")]).await;
    assert!(first.fails(key("a")).await.1.contains("`spec.provider.webhook.headers[X-Token]`"));
    let second = session(json!({"url": "URL/{{ .auth.lines }}", "secrets": secrets()}), vec![text("1")]).await;
    assert!(second.fails(key("a")).await.1.contains("`spec.provider.webhook.url`"));
    assert!(first.server.asked().is_empty() && second.server.asked().is_empty());
}

#[tokio::test]
async fn a_secret_without_its_owners_label_is_not_read() {
    for name in ["other", "wrong", "none"] {
        let refused = refusal(json!({"url": "URL/", "secrets": [{"name": "auth", "secretRef": {"name": name}}]})).await;
        assert!(refused.starts_with("Kubernetes could not"), "{refused}");
    }
    let server = Canned::start([text("")]).await;
    let cluster = Context { store_kind: StoreKind::ClusterSecretStore, ..own() };
    let error = try_open(&server, &json!({"url": "URL/", "secrets": secrets()}), &cluster).await.unwrap_err();
    assert!(told(&error).contains("`spec.provider.webhook.secrets[0].secretRef.namespace`"), "{error}");
    let placed = json!({"url": "URL/", "secrets": [{"name": "auth", "secretRef": {"name": "auth", "namespace": "x"}}]});
    assert!(try_open(&server, &placed, &cluster).await.is_ok());
    let authority = json!({"url": "URL/", "caProvider": {"type": "Secret", "name": "ca", "key": "ca"}});
    let error = try_open(&server, &authority, &cluster).await.unwrap_err();
    assert!(told(&error).contains("`spec.provider.webhook.caProvider.namespace`"), "{error}");
}

#[tokio::test]
async fn what_no_request_could_be_made_of_is_refused_when_the_store_is_opened() {
    for (about, field) in [
        (json!({"url": ""}), "url"),
        (json!({"url": "a.example.com/x"}), "url"),
        (json!({"url": "ftp://a/x"}), "url"),
        (json!({"url": format!("https://ann:{CANARY}@a/x")}), "url"),
        (json!({"url": format!("https://a/{{{{ .{CANARY}")}), "url"),
        (json!({"url": "https://a/{{ nothing }}"}), "url"),
        (json!({"url": "URL/", "body": "{{ end }}"}), "body"),
        (json!({"url": "URL/", "method": "G T"}), "method"),
        (json!({"url": "URL/", "method": "connect"}), "method"),
        (json!({"url": "URL/", "headers": {"a b": "c"}}), "headers"),
        (json!({"url": "URL/", "headers": {"Connection": "c"}}), "headers[Connection]"),
        (json!({"url": "URL/", "headers": {"X": "{{"}}), "headers[X]"),
        (json!({"url": "URL/", "result": {"jsonPath": "$.["}}), "result.jsonPath"),
        (json!({"url": "URL/", "result": {"jsonPath": "$.{{ x }}"}}), "result.jsonPath"),
        (json!({"url": "URL/", "timeout": "soon"}), "timeout"),
        (json!({"url": "URL/", "caBundle": "no base64!"}), "caBundle"),
    ] {
        let told = refusal(about.clone()).await;
        assert!(told.contains(&format!("`spec.provider.webhook.{field}`")), "{about}: {told}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_drips_or_never_ends_is_given_up_on() {
    for (answer, kind) in
        [(Answer::Hang, Kind::Unavailable), (Answer::Drip, Kind::Unavailable), (Answer::Endless, Kind::Invalid)]
    {
        let session = session(json!({"url": "URL/", "timeout": "2s"}), vec![answer.clone()]).await;
        let (told_kind, told) = session.fails(key("a")).await;
        assert_eq!(told_kind, kind, "{answer:?}");
        assert!(kind == Kind::Invalid || told.contains("within 2s (`spec.provider.webhook.timeout`)"), "{told}");
    }
}

#[tokio::test]
async fn this_machine_is_out_of_reach_unless_it_is_allowed() {
    let server = Canned::start([text("1")]).await;
    let environment = Box::pin(environment(AMPLE, Reach::Remote, Arc::new(Ledger::default()))).await;
    for url in ["URL/", "http://localhost:PORT/", "http://{{ .auth.host }}:PORT/", "http://2130706433:PORT/"] {
        let about = spec(&server, &json!({"url": url, "secrets": secrets()}));
        let error = Box::pin(open(&about, &own(), Arc::new(keyring()), &environment)).await.unwrap_err();
        assert!(told(&error).contains("--allow-loopback-stores"), "{error}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_store_validates_when_its_server_is_there_and_makes_no_request() {
    let session = session(json!({"url": "URL/{{ .remoteRef.key }}"}), vec![text("1")]).await;
    assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
    assert!(session.server.asked().is_empty());
    let Session { provider, server, .. } = session;
    drop(server);
    let end = Instant::now() + AMPLE;
    while provider.validate().await.is_ok() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = provider.validate().await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(told(&error).starts_with("Webhook could not reach the server"), "{error}");
}

#[tokio::test]
async fn a_webhook_cannot_be_searched() {
    let session = session(json!({"url": "URL/"}), vec![text("1")]).await;
    let error = session.provider.find(&Search::new(&Query::default()).unwrap()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(told(&error).contains("cannot be searched"), "{error}");
}

#[tokio::test]
async fn a_bomb_ends_early_and_harms_no_other_reference() {
    let bomb =
        "{{ if eq .remoteRef.key \"bomb\" }}{{ range 100000000 }}{{ range 100000000 }}{{ end }}{{ end }}{{ end }}";
    for template in [bomb, "{{ if eq .remoteRef.key \"bomb\" }}{{ repeat 1000000000 \"x\" }}{{ end }}"] {
        let about = json!({"url": "URL/", "headers": {"X-Bomb": template}});
        let session = session(about, vec![text("1")]).await;
        let started = Instant::now();
        let answers = session.provider.read_many(&[key("a"), key("bomb"), key("b")]).await;
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        assert_eq!((answers[0].clone(), answers[2].clone()), (Ok("1".into()), Ok("1".into())));
        let told = told(answers[1].as_ref().unwrap_err());
        assert!(told.contains("`spec.provider.webhook.headers[X-Bomb]`: line 1"), "{told}");
    }
}

#[test]
fn a_session_is_shared_unless_a_template_may_learn_the_consumers_namespace() {
    let depends = |about: Value| depends_on_consumer(&serde_json::from_value(about).unwrap());
    assert!(!depends(
        json!({"url": "https://a/{{ .remoteRef.key }}", "result": {"jsonPath": "$.a"}, "secrets": secrets()})
    ));
    let namespace = "{{ .remoteRef.namespace }}";
    for about in [
        json!({"url": format!("https://a/{namespace}")}),
        json!({"url": "https://a", "body": namespace}),
        json!({"url": "https://a", "headers": {"a": "b", "c": namespace}}),
        json!({"url": "https://a", "result": {"jsonPath": namespace}}),
    ] {
        assert!(depends(about.clone()), "{about}");
    }
}

#[tokio::test]
async fn nothing_of_a_store_is_in_its_debug_output() {
    let about = json!({
        "url": format!("URL/{CANARY}"), "headers": {"Authorization": CANARY, "X": "{{ .auth.token }}"}, "body": CANARY,
        "secrets": secrets(),
    });
    let session = session(about, vec![text(CANARY)]).await;
    session.read(key("a")).await.unwrap();
    assert!(!format!("{:?} {:#?}", session.provider, session.provider).contains(CANARY));
}
