//! The session for webhooks, put through the conformance suite on a server of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use keyferry::api::SecretStoreSpec;
use keyferry::provider::conformance::wire::{self, Wired, Without};
use keyferry::provider::conformance::{Fixture, Searches};
use keyferry::provider::http::{Reach, Settings as Http};
use keyferry::provider::memory::{Keyring, Unobserved, key};
use keyferry::provider::{Context, Environment, Kind, Provider, Settings, open};
use keyferry::sealed::Sealed;
use keyferry_e2e::webhook::{Asked, PASSWORD, TOKEN, USER, Webhook};
use keyferry_e2e::wire::{Upstream, Wire};
use serde_json::{Value, json};

use crate::trials::Stand;

/// A server and a session with it.
struct Site {
    server: Webhook,
    provider: Arc<dyn Provider>,
}

/// The fixture for the matrix.
pub(super) async fn site() -> Result<Box<dyn Fixture>> {
    Ok(Box::new(Site::new().await?))
}

/// The stand for the trials.
pub(crate) async fn stand() -> Result<Stand> {
    let site = Site::new().await?;
    let wire = wire(&site.server).await?;
    let credentials = json!({"ca": wire.authority(), "token": TOKEN});
    let provider = json!({"webhook": spec(&wire.url())});
    Ok(Stand::new("webhook", Box::new(site), Arc::new(wire), provider, credentials))
}

impl Site {
    async fn new() -> Result<Self> {
        let server = Webhook::start().await?;
        let provider = session(&spec(&server.url()), server.authority(), Settings::default().deadline).await?;
        Ok(Self { server, provider })
    }
}

async fn wire(server: &Webhook) -> Result<Wire> {
    Wire::start(Upstream::secure(server.address(), "127.0.0.1", server.authority())?, &[]).await
}

async fn session(spec: &Value, authority: &str, deadline: Duration) -> Result<Arc<dyn Provider>> {
    let spec: SecretStoreSpec = serde_json::from_value(json!({"provider": {"webhook": spec}}))?;
    let settings = Settings { http: Http { reach: Reach::Loopback }, deadline, ..Settings::default() };
    let environment = Box::pin(Environment::new(Arc::new(Unobserved), settings)).await;
    let keyring = Keyring::default();
    let (name, password) = (USER, PASSWORD);
    for (secret, key, value) in [
        ("webhook", "ca", authority),
        ("webhook", "token", TOKEN),
        ("user", "name", name),
        ("user", "password", password),
    ] {
        keyring.set(secret, key, value);
        keyring.label(secret, "webhook");
    }
    keyring.set("stranger", "password", "another");
    keyring.label("stranger", "webhook");
    Ok(Box::pin(open(&spec, &Context::default(), Arc::new(keyring), &environment)).await?)
}

fn spec(url: &str) -> Value {
    json!({
        "url": format!("{url}/secret/{{{{ .remoteRef.key }}}}"),
        "headers": {"Authorization": "Bearer {{ .auth.token }}"},
        "result": {"jsonPath": "$.value"},
        "secrets": [{"name": "auth", "secretRef": {"name": "webhook"}}],
        "caProvider": {"type": "Secret", "name": "webhook", "key": "ca"},
    })
}

fn ntlm(url: &str, password: &str) -> Value {
    json!({
        "url": format!("{url}/ntlm/{{{{ .remoteRef.key }}}}"),
        "result": {"jsonPath": "$.value"},
        "caProvider": {"type": "Secret", "name": "webhook", "key": "ca"},
        "auth": {"ntlm": {
            "usernameSecret": {"name": "user", "key": "name"},
            "passwordSecret": {"name": password, "key": "password"},
        }},
    })
}

#[async_trait]
impl Fixture for Site {
    fn provider(&self) -> Arc<dyn Provider> {
        self.provider.clone()
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        self.server.put(key, value);
        None
    }

    async fn delete(&self, key: &str) {
        self.server.delete(key);
    }

    fn keeps_binary(&self) -> bool {
        false
    }

    fn searches(&self) -> Searches {
        Searches::NONE
    }

    async fn tag(&self, _: &str, _: &BTreeMap<String, String>) {}

    fn declines(&self, case: &str) -> Option<String> {
        (case == wire::STRANGER).then(|| "a 404 is all that a webhook can say of absence, as in ESO".to_owned())
    }

    async fn wired(&self) -> Result<Wired, Without> {
        let wire = async || {
            let wire = wire(&self.server).await?;
            let provider = session(&spec(&wire.url()), wire.authority(), wire::DEADLINE).await?;
            Ok(Wired { provider, wire: Arc::new(wire) })
        };
        wire().await.map_err(|error: anyhow::Error| Without::Failed(format!("{error:#}")))
    }
}

async fn read(provider: &dyn Provider, name: &str) -> Result<Sealed, Kind> {
    provider.read_many(&[key(name)]).await.remove(0).map_err(|error| error.kind)
}

/// Statuses and connections, in order.
fn told(asked: &[Asked]) -> (Vec<u16>, Vec<usize>) {
    asked.iter().map(|asked| (asked.status, asked.connection)).unzip()
}

#[tokio::test]
async fn without_a_path_the_answer_is_the_value_whatever_its_bytes() -> Result<()> {
    let server = Webhook::start().await?;
    let every: Vec<u8> = (0..=u8::MAX).collect();
    server.put("binary", &every);
    let mut spec = spec(&server.url());
    spec["url"] = format!("{}/raw/{{{{ .remoteRef.key }}}}", server.url()).into();
    spec["result"] = json!({});
    let provider = session(&spec, server.authority(), Settings::default().deadline).await?;
    assert_eq!(read(&*provider, "binary").await, Ok(Sealed::new(every)));
    Ok(())
}

#[tokio::test]
async fn a_user_signs_in_by_ntlm_once_for_a_connection() -> Result<()> {
    let server = Webhook::start().await?;
    server.put("a", b"first");
    let provider = session(&ntlm(&server.url(), "user"), server.authority(), Settings::default().deadline).await?;
    assert_eq!(read(&*provider, "a").await, Ok("first".into()));
    let (statuses, connections) = told(&server.asked("/ntlm/"));
    assert_eq!(statuses, [401, 401, 200]);
    assert!(connections.iter().all(|connection| *connection == connections[0]), "{connections:?}");
    server.put("a", b"second");
    assert_eq!(read(&*provider, "a").await, Ok("second".into()));
    assert_eq!(read(&*provider, "missing").await, Err(Kind::NotFound));
    let (statuses, later) = told(&server.asked("/ntlm/"));
    assert_eq!(statuses[3..], [200, 404], "the connection is signed in already");
    assert_eq!(later[3..], [connections[0]; 2]);
    // Many at once: each connection is signed in for itself.
    let reads = (0..20).map(|_| read(&*provider, "a"));
    assert!(futures::future::join_all(reads).await.iter().all(|answer| *answer == Ok("second".into())));
    let mut by_connection = BTreeMap::<usize, Vec<u16>>::new();
    for asked in server.asked("/ntlm/") {
        by_connection.entry(asked.connection).or_default().push(asked.status);
    }
    for statuses in by_connection.values() {
        assert_eq!(statuses[..2], [401, 401], "{by_connection:?}");
        assert!(statuses[2..].iter().all(|status| *status != 401), "{by_connection:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_told_and_costs_one_handshake() -> Result<()> {
    let server = Webhook::start().await?;
    server.put("a", b"first");
    let provider = session(&ntlm(&server.url(), "stranger"), server.authority(), Settings::default().deadline).await?;
    assert_eq!(read(&*provider, "a").await, Err(Kind::Unauthenticated));
    assert_eq!(told(&server.asked("/ntlm/")).0, [401, 401, 401]);
    Ok(())
}
