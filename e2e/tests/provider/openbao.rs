//! The session for Vault and OpenBao, put through the conformance suite on a real server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use http::Method;
use keyferry::api::SecretStoreSpec;
use keyferry::provider::conformance::wire::{self, Answer, Complaint, Wired, Without};
use keyferry::provider::conformance::{self, Fixture, Searches};
use keyferry::provider::http::{Reach, Settings as Http};
use keyferry::provider::memory::{Keyring, Unobserved, key};
use keyferry::provider::{
    Batch, Capabilities, Close, Context, Detect, Environment, Error, Find, Kind, Matches, Part, Provider, Query, Read,
    RemoteKey, Search, Settings, Validate, Validity, open,
};
use keyferry::sealed::Sealed;
use keyferry_e2e::openbao::{OpenBao, ROOT, shared, shared_before};
use keyferry_e2e::scratch::suffix;
use keyferry_e2e::wire::{Upstream, Wire};
use serde_json::{Value, json};

use crate::trials::Stand;

/// A KV engine of a test's own, and sessions with it.
struct Engine {
    server: &'static OpenBao,
    slot: &'static str,
    mount: String,
    version: u8,
    provider: Arc<dyn Provider>,
    failures: Mutex<Vec<String>>,
}

/// A session that reads the member `value` of each secret, since the suite's secrets are one value each.
#[derive(Debug)]
struct Member(Arc<dyn Provider>);

fn member(whole: &Sealed) -> Sealed {
    let value: Value = serde_json::from_slice(whole.expose()).expect("a secret is an object");
    Sealed::from(value["value"].as_str().expect("it has a value"))
}

#[async_trait]
impl Read for Member {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn batch(&self, key: &RemoteKey) -> Batch {
        self.0.batch(key)
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        self.0.is_immutable(key)
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        self.0.read_many(keys).await.into_iter().map(|answer| answer.map(|whole| member(&whole))).collect()
    }
}

#[async_trait]
impl Find for Member {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        let found = self.0.find(search).await?;
        let mut members = Matches::default();
        for (name, whole) in found.entries() {
            members.add(search, self.name(), name.clone(), member(whole))?;
        }
        Ok(members)
    }
}

impl Detect for Member {}

#[async_trait]
impl Close for Member {
    async fn close(&self) {
        self.0.close().await;
    }
}

#[async_trait]
impl Validate for Member {
    async fn validate(&self) -> Result<Validity, Error> {
        self.0.validate().await
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}

/// The fixture for the matrix.
pub(super) async fn engine(slot: &'static str, version: u8) -> Result<Box<dyn Fixture>> {
    Ok(Box::new(Engine::new(slot, version).await?))
}

/// As [`engine`], on the line of OpenBao before.
pub(super) async fn engine_before(slot: &'static str, version: u8) -> Result<Box<dyn Fixture>> {
    Ok(Box::new(Engine::on(shared_before().await?, slot, version).await?))
}

/// The stand for the trials. The slot `openBao` is no other: its spec becomes one of `vault`'s, and the session is the same.
pub(crate) async fn stand() -> Result<Stand> {
    let fixture = Engine::new("vault", 2).await?;
    let wire = Wire::start(Upstream::plain(fixture.server.address()), &[]).await?;
    let provider = json!({"vault": spec(&wire.url(), &fixture.mount, fixture.version)});
    let credentials = json!({"token": ROOT, "ca": wire.authority()});
    let property = Some("value");
    Ok(Stand { property, ..Stand::new("vault", Box::new(fixture), Arc::new(wire), provider, credentials) })
}

async fn session(server: &OpenBao, slot: &str, spec: Value) -> Result<Arc<dyn Provider>> {
    session_within(slot, spec, &server.authority()?, Settings::default().deadline).await
}

async fn session_within(slot: &str, spec: Value, authority: &str, deadline: Duration) -> Result<Arc<dyn Provider>> {
    let spec: SecretStoreSpec = serde_json::from_value(json!({"provider": {slot: spec}}))?;
    let settings = Settings { http: Http { reach: Reach::Loopback }, deadline, ..Settings::default() };
    let environment = Box::pin(Environment::new(Arc::new(Unobserved), settings)).await;
    let keyring = Keyring::default();
    keyring.set("vault", "token", ROOT);
    keyring.set("vault", "ca", authority);
    Ok(Box::pin(open(&spec, &Context::default(), Arc::new(keyring), &environment)).await?)
}

impl Engine {
    async fn new(slot: &'static str, version: u8) -> Result<Self> {
        Self::on(shared().await?, slot, version).await
    }

    async fn on(server: &'static OpenBao, slot: &'static str, version: u8) -> Result<Self> {
        let mount = format!("kv-{}", suffix());
        server.mount(&mount, version).await?;
        let provider = session(server, slot, spec(&server.secure_url(), &mount, version)).await?;
        Ok(Self { server, slot, mount, version, provider, failures: Mutex::default() })
    }

    fn path(&self, part: &str, key: &str) -> String {
        if self.version == 2 { format!("{}/{part}/{key}", self.mount) } else { format!("{}/{key}", self.mount) }
    }

    /// The suite takes no errors from a fixture, so they are kept for the end.
    fn note<T>(&self, outcome: Result<T>) -> Option<T> {
        outcome.inspect_err(|error| self.failures.lock().expect("no panic before").push(format!("{error:#}"))).ok()
    }

    async fn write(&self, key: &str, data: &Value) -> Option<Value> {
        let body = if self.version == 2 { json!({"data": data}) } else { data.clone() };
        self.note(self.server.call(Method::POST, &self.path("data", key), body).await)
    }

    async fn search(&self, query: Query) -> Result<Vec<String>, Kind> {
        let search = Search::new(&query).expect("an expression");
        let found = self.provider.find(&search).await.map_err(|error| error.kind)?;
        Ok(found.entries().keys().cloned().collect())
    }

    async fn kind(&self, key: &RemoteKey) -> Option<Kind> {
        self.provider.read_many(std::slice::from_ref(key)).await.remove(0).err().map(|error| error.kind)
    }
}

fn spec(url: &str, mount: &str, version: u8) -> Value {
    json!({
        "server": url,
        "caProvider": {"type": "Secret", "name": "vault", "key": "ca"},
        "path": mount,
        "version": format!("v{version}"),
        "auth": {"tokenSecretRef": {"name": "vault", "key": "token"}},
    })
}

#[async_trait]
impl Fixture for Engine {
    fn provider(&self) -> Arc<dyn Provider> {
        Arc::new(Member(self.provider.clone()))
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        let value = std::str::from_utf8(value).expect("it keeps text");
        let answer = self.write(key, &json!({"value": value})).await?;
        answer.pointer("/data/version").and_then(Value::as_u64).map(|version| version.to_string())
    }

    async fn delete(&self, key: &str) {
        self.note(self.server.call(Method::DELETE, &self.path("data", key), Value::Null).await);
    }

    fn keeps_binary(&self) -> bool {
        false
    }

    fn searches(&self) -> Searches {
        Searches { tags: self.version == 2, ..Searches::ALL }
    }

    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>) {
        let about = json!({"custom_metadata": tags});
        self.note(self.server.call(Method::POST, &self.path("metadata", key), about).await);
    }

    async fn wired(&self) -> Result<Wired, Without> {
        let wire = async || {
            let wire = Wire::start(Upstream::plain(self.server.address()), &[]).await?;
            let spec = spec(&wire.url(), &self.mount, self.version);
            let provider = session_within(self.slot, spec, wire.authority(), wire::DEADLINE).await?;
            Ok(Wired { provider: Arc::new(Member(provider)), wire: Arc::new(wire) })
        };
        wire().await.map_err(|error: anyhow::Error| Without::Failed(format!("{error:#}")))
    }

    fn says(&self, complaint: Complaint) -> Option<Answer> {
        let (status, words) = match complaint {
            Complaint::Unauthenticated => (403, "invalid token"),
            Complaint::Denied => (403, "permission denied"),
            Complaint::Throttled => (429, "request path rate limit quota exceeded"),
            Complaint::Broken => (503, "Vault is sealed"),
        };
        Some(Answer::json(status, json!({"errors": [words, conformance::CANARY]}).to_string()))
    }

    fn failures(&self) -> Vec<String> {
        self.failures.lock().expect("no panic before").clone()
    }
}

#[tokio::test]
async fn a_destroyed_version_is_gone_and_an_engine_that_is_not_there_is_not_absence() -> Result<()> {
    let engine = Engine::new("vault", 2).await?;
    for value in ["1", "2"] {
        engine.write("a", &json!({"value": value})).await;
    }
    engine.server.call(Method::PUT, &engine.path("destroy", "a"), json!({"versions": [1]})).await?;
    let at = |version: &str| RemoteKey { version: Some(version.to_owned()), ..key("a") };
    assert_eq!(engine.kind(&at("1")).await, Some(Kind::NotFound));
    assert_eq!(engine.kind(&at("2")).await, None);
    assert_eq!(engine.kind(&at("3")).await, Some(Kind::NotFound));
    engine.server.call(Method::DELETE, &format!("sys/mounts/{}", engine.mount), Value::Null).await?;
    assert_eq!(engine.kind(&key("a")).await, Some(Kind::Invalid));
    Ok(())
}

#[tokio::test]
async fn an_engine_of_another_version_is_not_absence() -> Result<()> {
    let engine = Engine::new("vault", 2).await?;
    engine.write("a", &json!({"value": "1"})).await;
    let spec = json!({
        "server": engine.server.url(),
        "path": engine.mount,
        "version": "v1",
        "auth": {"tokenSecretRef": {"name": "vault", "key": "token"}},
    });
    let answer = session(engine.server, "vault", spec).await?.read_many(&[key("a")]).await.remove(0);
    assert_eq!(answer.map_err(|error| error.kind), Err(Kind::Invalid));
    Ok(())
}

#[tokio::test]
async fn metadata_is_what_people_wrote_and_searches_go_by_path_name_or_it() -> Result<()> {
    let engine = Engine::new("vault", 2).await?;
    for name in ["team/a/db", "team/a/gone", "team/b/db", "team/b/cache", "db"] {
        engine.write(name, &json!({"value": name})).await;
    }
    let about = json!({"custom_metadata": {"env": "prod", "owner": "a"}});
    engine.server.call(Method::POST, &engine.path("metadata", "team/b/db"), about).await?;
    engine.delete("team/a/gone").await;
    let tags = RemoteKey { part: Part::Metadata, ..key("team/b/db") };
    let answer = engine.provider.read_many(&[tags]).await.remove(0);
    assert_eq!(answer, Ok(r#"{"env":"prod","owner":"a"}"#.into()));
    let query = |path: Option<&str>, name: Option<&str>, tags: &[(&str, &str)]| Query {
        path: path.map(str::to_owned),
        name: name.map(str::to_owned),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    for (query, names) in [
        (query(None, None, &[]), vec!["db", "team/a/db", "team/b/cache", "team/b/db"]),
        (query(None, Some("db$"), &[]), vec!["db", "team/a/db", "team/b/db"]),
        (query(Some("team"), Some("^team/b/"), &[]), vec!["team/b/cache", "team/b/db"]),
        (query(Some("team/b"), None, &[("env", "prod")]), vec!["team/b/db"]),
        (query(None, None, &[("env", "test")]), vec![]),
        (query(Some("nowhere"), None, &[]), vec![]),
    ] {
        assert_eq!(engine.search(query.clone()).await, Ok(names.into_iter().map(str::to_owned).collect()), "{query:?}");
    }
    let first = Engine::new("vault", 1).await?;
    first.write("team/db", &json!({"value": "1"})).await;
    assert_eq!(first.search(query(None, Some("db"), &[])).await, Ok(vec!["team/db".to_owned()]));
    assert_eq!(first.search(query(None, None, &[("a", "b")])).await, Err(Kind::Invalid));
    Ok(())
}
