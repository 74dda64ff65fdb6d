//! Sessions against canned answers of an API server with a kind `Widget`.

#![expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with `json!`")]

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::provider::canned::{Answer, Canned};
use crate::provider::http::{Reach, Settings as Http};
use crate::provider::kubernetes::Local;
use crate::provider::memory::{Keyring, Ledger, key};
use crate::provider::{Query, RemoteKey, Search, Settings, Validity};
use crate::sealed::Sealed;

const AMPLE: Duration = Duration::from_secs(30);
const OWN: StoreKind = StoreKind::SecretStore;
const CLUSTER: StoreKind = StoreKind::ClusterSecretStore;

struct Session {
    provider: Arc<dyn Provider>,
    server: Canned,
}

fn spec(more: Value) -> CrdProvider {
    let mut spec = json!({
        "auth": {"serviceAccount": {"name": "reader", "namespace": "apps"}},
        "resource": {"group": "example.com", "version": "v1", "kind": "Widget"},
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(spec).unwrap()
}

async fn session_of(kind: StoreKind, more: Value, answers: Vec<Answer>) -> Result<Session, Error> {
    let server = Canned::start(answers).await;
    let settings = Settings {
        deadline: AMPLE,
        body_limit: 64 * 1024,
        http: Http { reach: Reach::Loopback },
        kubernetes: Some(Local { url: server.url.clone(), authorities: None }),
        ..Settings::default()
    };
    let environment = Box::pin(Environment::new(Arc::new(Ledger::default()), settings)).await;
    let store_namespace = Some("apps".to_owned()).filter(|_| kind == OWN);
    let context = Context { store_kind: kind, store_namespace, ..Context::default() };
    let provider = Box::pin(open(&spec(more), &context, Arc::new(Keyring::default()), &environment)).await?;
    Ok(Session { provider, server })
}

async fn session(kind: StoreKind, more: Value, answers: Vec<Answer>) -> Session {
    session_of(kind, more, answers).await.unwrap()
}

fn ok(body: Value) -> Answer {
    Answer::Json(200, body.to_string())
}

fn kinds(plural: &str, namespaced: bool) -> Answer {
    ok(json!({"kind": "APIResourceList", "resources": [
        {"name": format!("{plural}/status"), "kind": "Widget", "namespaced": namespaced},
        {"name": "others", "kind": "Other", "namespaced": true},
        {"name": plural, "kind": "Widget", "namespaced": namespaced},
    ]}))
}

fn widget(name: &str, namespace: &str) -> Value {
    json!({
        "spec": {"value": "a<b"}, "metadata": {"namespace": namespace, "name": name}, "kind": "Widget",
        "apiVersion": "example.com/v1",
    })
}

fn absent(plural: &str, name: &str) -> Answer {
    let details = json!({"group": "example.com", "kind": plural, "name": name});
    Answer::Json(404, json!({"kind": "Status", "reason": "NotFound", "details": details}).to_string())
}

fn no_page() -> Answer {
    Answer::Text(404, "text/plain", "404 page not found\n".into())
}

impl Session {
    async fn read(&self, key: RemoteKey) -> Result<Sealed, Error> {
        self.provider.read_many(&[key]).await.remove(0)
    }

    async fn kind(&self, name: &str) -> Option<Kind> {
        self.read(key(name)).await.err().map(|error| error.kind)
    }

    async fn search(&self, query: Query) -> Result<Vec<String>, Kind> {
        let found = self.provider.find(&Search::new(&query).unwrap()).await.map_err(|error| error.kind)?;
        Ok(found.entries().keys().cloned().collect())
    }

    fn asked(&self) -> Vec<String> {
        self.server.asked().into_iter().map(|asked| asked.request).collect()
    }
}

#[tokio::test]
async fn an_object_is_read_at_the_path_of_its_kind_which_is_looked_up_once() {
    let session = session(OWN, json!({}), vec![kinds("widgets", true), ok(widget("a", "apps"))]).await;
    let value = session.read(key("a")).await.unwrap();
    let whole = r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a","namespace":"apps"},"spec":{"value":"a\u003cb"}}"#;
    assert_eq!(value, whole.into());
    session.read(key("b")).await.unwrap();
    let path = "GET /apis/example.com/v1";
    assert_eq!(
        session.asked(),
        [path.to_owned(), format!("{path}/namespaces/apps/widgets/a"), format!("{path}/namespaces/apps/widgets/b")]
    );
}

#[tokio::test]
async fn a_kind_of_the_core_group_and_one_without_namespaces_have_other_paths() {
    let core = json!({"resource": {"group": "", "version": "v1", "kind": "Widget"}});
    let answers = || vec![kinds("widgets", false), ok(widget("a", "apps"))];
    let session = session(CLUSTER, core, answers()).await;
    session.read(key("a")).await.unwrap();
    assert_eq!(session.asked(), ["GET /api/v1", "GET /api/v1/widgets/a"]);
    assert_eq!(session.kind("other/a").await, Some(Kind::Invalid));
}

#[tokio::test]
async fn a_cluster_store_reads_where_the_key_says() {
    let session = session(CLUSTER, json!({}), vec![kinds("widgets", true), ok(widget("a", "team"))]).await;
    session.read(key("team/a")).await.unwrap();
    assert_eq!(session.asked()[1], "GET /apis/example.com/v1/namespaces/team/widgets/a");
    assert_eq!(session.kind("a").await, Some(Kind::Invalid));
}

#[tokio::test]
async fn a_secret_store_asks_for_nothing_of_another_namespace() {
    let session = session(OWN, json!({}), vec![kinds("widgets", true)]).await;
    for name in ["team/a", "../a", "a/../../b", "", "%2e%2e"] {
        assert_eq!(session.kind(name).await, Some(Kind::Invalid), "{name}");
    }
    assert!(session.asked().is_empty());
}

#[tokio::test]
async fn an_absent_object_is_told_from_an_absent_kind() {
    let answers = vec![kinds("widgets", true), absent("widgets", "a"), ok(json!({"kind": "Namespace"}))];
    let session_ = session(OWN, json!({}), answers).await;
    assert_eq!(session_.kind("a").await, Some(Kind::NotFound));
    for unknown in [no_page(), kinds("widgets", true)] {
        let kind = if matches!(unknown, Answer::Text(..)) { "Widget" } else { "Gadget" };
        let resource = json!({"resource": {"group": "example.com", "version": "v1", "kind": kind}});
        let session = session(OWN, resource, vec![unknown]).await;
        for _ in 0..3 {
            assert_eq!(session.kind("a").await, Some(Kind::Invalid));
        }
        assert_eq!(session.asked().len(), 1, "a kind that is not there is looked up again and again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_is_looked_up_anew_when_its_path_is_gone() {
    let answers = vec![
        kinds("widgets", true),
        ok(widget("a", "apps")),
        no_page(),
        kinds("wdgts", true),
        ok(widget("a", "apps")),
        no_page(),
    ];
    let session = session(OWN, json!({}), answers).await;
    session.read(key("a")).await.unwrap();
    tokio::time::advance(Duration::from_secs(11)).await;
    session.read(key("a")).await.unwrap();
    assert!(session.asked().last().unwrap().ends_with("/wdgts/a"));
    assert_eq!(session.kind("a").await, Some(Kind::Invalid));
    assert_eq!(session.asked().len(), 1, "it was looked up a moment ago");
}

#[tokio::test]
async fn what_no_rule_allows_is_not_asked_for() {
    let rules = json!({"whitelist": {"rules": [{"name": "^app-"}, {"name": "^db$", "properties": ["^spec.value$"]}]}});
    let session = session(OWN, rules, vec![kinds("widgets", true), ok(widget("app-1", "apps"))]).await;
    assert_eq!(session.kind("other").await, Some(Kind::Denied));
    assert!(session.asked().is_empty());
    assert_eq!(session.kind("app-1").await, None);
}

#[test]
fn what_is_wanted_of_an_object_is_held_against_the_rules() {
    let rules = json!({"whitelist": {"rules": [
        {"name": "^db$", "properties": ["^spec\\.value$"]}, {"namespace": "^open$"},
    ]}});
    let of = |name: &str, property: Option<&str>| {
        permit(&spec(rules.clone()), CLUSTER, &key(name).into(), property).map_err(|error| error.kind)
    };
    for (name, property, outcome) in [
        ("team/db", Some("spec.value"), Ok(())),
        ("team/db", Some("spec"), Err(Kind::Denied)),
        ("team/db", None, Err(Kind::Denied)),
        ("team/other", Some("spec.value"), Err(Kind::Denied)),
        ("open/other", None, Ok(())),
        ("a/b/c", None, Err(Kind::Invalid)),
    ] {
        assert_eq!(of(name, property), outcome, "{name} {property:?}");
    }
    assert_eq!(permit(&spec(rules), CLUSTER, &Query::default().into(), None), Ok(()));
    assert_eq!(permit(&spec(json!({})), OWN, &key("a").into(), None), Ok(()));
}

#[tokio::test]
async fn a_search_finds_by_key_within_the_rules() {
    let page = |next: &str, objects: &[(&str, &str)]| {
        let items: Vec<Value> = objects.iter().map(|(name, namespace)| widget(name, namespace)).collect();
        ok(json!({"kind": "WidgetList", "metadata": {"continue": next}, "items": items}))
    };
    let all = [("app-1", "open"), ("app-2", "shut"), ("db", "open")];
    let rules = json!({"whitelist": {"rules": [{"namespace": "^open$"}, {"name": "app-2", "properties": ["x"]}]}});
    let answers = vec![kinds("widgets", true), page("n", &all[..2]), page("", &all[2..])];
    let session_ = session(CLUSTER, rules, answers).await;
    let query = |name: &str| Query { name: Some(name.to_owned()), ..Query::default() };
    assert_eq!(session_.search(query("/")).await, Ok(vec!["open/app-1".to_owned(), "open/db".to_owned()]));
    let asked = session_.asked();
    assert_eq!(asked[1], "GET /apis/example.com/v1/widgets?limit=100");
    assert_eq!(asked[2], "GET /apis/example.com/v1/widgets?limit=100&continue=n");
    let own = session(OWN, json!({}), vec![kinds("widgets", true), page("", &[("app-1", "apps")])]).await;
    let tags = [("a".to_owned(), "b".to_owned())].into();
    assert_eq!(own.search(Query { tags, ..query("^app") }).await, Ok(vec!["app-1".to_owned()]));
    assert_eq!(own.asked()[1], "GET /apis/example.com/v1/namespaces/apps/widgets?limit=100&labelSelector=a%3Db");
    assert_eq!(own.search(Query { path: Some("a".into()), ..Query::default() }).await, Err(Kind::Invalid));
}

#[tokio::test]
async fn objects_of_kubernetes_own_kinds_are_listed_with_their_kind() {
    let item = json!({"metadata": {"name": "a"}});
    let page = ok(json!({"kind": "WidgetList", "metadata": {}, "items": [item]}));
    let session = session(OWN, json!({}), vec![kinds("widgets", false), page]).await;
    let found = session.provider.find(&Search::new(&Query::default()).unwrap()).await.unwrap();
    let whole = r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"}}"#;
    assert_eq!(found.entries()["a"], whole.into());
}

#[tokio::test]
async fn a_store_is_valid_where_its_kind_is_there_and_may_be_read() {
    let rules = ok(json!({"status": {"resourceRules": [
        {"verbs": ["get"], "apiGroups": ["example.com"], "resources": ["widgets"], "resourceNames": ["a"]},
    ]}}));
    let none = || ok(json!({"status": {"resourceRules": [], "allowed": false}}));
    let there = || kinds("widgets", true);
    for (kind, answers, valid) in [
        (OWN, vec![there(), rules], Ok(Validity::Valid)),
        (OWN, vec![there(), none()], Err(Kind::Denied)),
        (OWN, vec![no_page()], Err(Kind::Invalid)),
        // Which namespaces are read is not known.
        (CLUSTER, vec![there(), none()], Ok(Validity::Valid)),
    ] {
        let session = session(kind, json!({}), answers).await;
        assert_eq!(session.provider.validate().await.map_err(|error| error.kind), valid, "{kind:?}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_names_the_field() {
    let resource = |group: &str, version: &str, kind: &str| json!({"resource": {"group": group, "version": version, "kind": kind}});
    for (more, words) in [
        (resource("", "v1", "Secret"), "spec.provider.crd.resource.kind"),
        (resource("core", "v1", "secret"), "spec.provider.kubernetes"),
        (resource("a/b", "v1", "Widget"), "spec.provider.crd.resource"),
        (resource("..", "v1", "Widget"), "spec.provider.crd.resource"),
        (resource("a", "", "Widget"), "spec.provider.crd.resource"),
        (resource("a", "v1", ""), "spec.provider.crd.resource"),
        (json!({"auth": null}), "spec.provider.crd.auth"),
        (json!({"whitelist": {"rules": [{}]}}), "whitelist.rules[0]"),
    ] {
        let error = session_of(OWN, more.clone(), vec![no_page()]).await.err().unwrap();
        assert!(error.cause.contains(words), "{more}: {error}");
    }
    // Another group's kind of that name is a kind like any other.
    assert!(session_of(OWN, resource("example.com", "v1", "Secret"), vec![no_page()]).await.is_ok());
}
