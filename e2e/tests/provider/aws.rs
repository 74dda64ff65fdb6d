use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use keyferry::api::SecretStoreSpec;
use keyferry::provider::conformance::wire::{self, Answer, Complaint, Wired, Without};
use keyferry::provider::conformance::{self, Fixture, Searches};
use keyferry::provider::memory::{Keyring, Unobserved, key};
use keyferry::provider::{Context, Environment, Kind, Provider, Settings, aws, open};
use keyferry_e2e::aws::{Secrets, shared};
use keyferry_e2e::fixtures;
use keyferry_e2e::proxy::{Fault, Proxy, Rule};
use keyferry_e2e::scratch::suffix;
use keyferry_e2e::wire::{Upstream, Wire};
use serde_json::{Value, json};

use crate::trials::Stand;

/// Secrets Manager behind moto, behind the proxy that refuses what AWS refuses.
struct SecretsManager {
    provider: Arc<dyn Provider>,
    proxy: Proxy,
    secrets: Secrets,
    prefix: String,
    failures: Mutex<Vec<String>>,
}

/// The fixture for the matrix.
pub(super) async fn secrets_manager() -> Result<Box<dyn Fixture>> {
    Ok(Box::new(SecretsManager::new().await?))
}

/// The stand for the trials.
pub(crate) async fn stand() -> Result<Stand> {
    let fixture = SecretsManager::new().await?;
    let (provider, server) = (provider("SecretsManager", &fixture.prefix), fixture.proxy.address());
    stand_of("aws", Box::new(fixture), provider, server, "AWS_SECRETSMANAGER_ENDPOINT").await
}

/// The stand of one of the services, whose endpoint is set by `variable`.
pub(super) async fn stand_of(
    name: &'static str,
    fixture: Box<dyn Fixture>,
    mut provider: Value,
    server: SocketAddr,
    variable: &'static str,
) -> Result<Stand> {
    let wire = Wire::plain(Upstream::plain(server)).await?;
    for selector in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        provider["aws"]["auth"]["secretRef"][selector]["name"] = name.into();
    }
    let variables = vec![(variable, wire.url())];
    let credentials = json!({"access-key": "AKIATRIAL", "secret-access-key": "trial"});
    Ok(Stand { variables, ..Stand::new(name, fixture, Arc::new(wire), provider, credentials) })
}

/// What a store of `service` says.
pub(super) fn provider(service: &str, prefix: &str) -> Value {
    let mut provider = fixtures::aws_store("store")["spec"]["provider"].clone();
    provider["aws"]["service"] = service.into();
    provider["aws"]["prefix"] = prefix.into();
    provider
}

/// A session with `service` whose calls go to `endpoint`.
pub(super) async fn session(
    service: &str,
    endpoint: &str,
    prefix: &str,
    deadline: Duration,
) -> Result<Arc<dyn Provider>> {
    let settings = Settings { aws: at(endpoint), deadline, ..Settings::default() };
    open_store(service, prefix, settings).await
}

/// A session with `service` on a wire with TLS before `proxy`.
pub(super) async fn wired(service: &str, proxy: &Proxy, prefix: &str) -> Result<Wired, Without> {
    let wire = async || {
        let wire = Wire::start(Upstream::plain(proxy.address()), &[]).await?;
        let authorities = aws::Authorities::read(wire.authority().into()).map_err(anyhow::Error::msg)?;
        let aws = aws::Settings { authorities: Some(authorities), ..at(&wire.url()) };
        let settings = Settings { aws, deadline: wire::DEADLINE, ..Settings::default() };
        let provider = open_store(service, prefix, settings).await?;
        Ok(Wired { provider, wire: Arc::new(wire) })
    };
    wire().await.map_err(|error: anyhow::Error| Without::Failed(format!("{error:#}")))
}

/// All of AWS at one endpoint.
fn at(endpoint: &str) -> aws::Settings {
    let endpoint = Some(endpoint.to_owned());
    aws::Settings {
        secrets_manager_endpoint: endpoint.clone(),
        ssm_endpoint: endpoint.clone(),
        sts_endpoint: endpoint,
        authorities: None,
    }
}

async fn open_store(service: &str, prefix: &str, settings: Settings) -> Result<Arc<dyn Provider>> {
    let spec: SecretStoreSpec = serde_json::from_value(json!({"provider": provider(service, prefix)}))?;
    let environment = Box::pin(Environment::new(Arc::new(Unobserved), settings)).await;
    let keyring = Keyring::default();
    keyring.set(fixtures::CREDENTIALS, "access-key", "AKIAFIXTURE");
    keyring.set(fixtures::CREDENTIALS, "secret-access-key", "fixture");
    Ok(Box::pin(open(&spec, &Context::default(), Arc::new(keyring), &environment)).await?)
}

/// What neither service takes.
pub(super) fn declines(case: &str) -> Option<String> {
    match case {
        conformance::EMPTY => Some("AWS takes no empty value".to_owned()),
        conformance::UNICODE => Some("AWS takes ASCII names only".to_owned()),
        _ => None,
    }
}

/// How a service refuses; `broken` is its code for a fault of its own.
pub(super) fn says(complaint: Complaint, broken: &str) -> Answer {
    let (status, code) = match complaint {
        Complaint::Unauthenticated => (400, "UnrecognizedClientException"),
        Complaint::Denied => (400, "AccessDeniedException"),
        Complaint::Throttled => (400, "ThrottlingException"),
        Complaint::Broken => (500, broken),
    };
    let message = conformance::CANARY;
    Answer::json(status, json!({"__type": code, "message": message}).to_string())
}

/// Puts 45 keys and reads them in batches; the calls that took.
pub(super) async fn read_forty_five(fixture: &dyn Fixture, proxy: &Proxy) -> BTreeMap<String, usize> {
    let names: Vec<String> = (0..45).map(|number| format!("key-{number}")).collect();
    for name in &names {
        fixture.put(name, b"value").await;
    }
    let (mark, provider) = (proxy.mark(), fixture.provider());
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    for batch in keys.chunks(provider.batch(&keys[0]).size()) {
        assert!(provider.read_many(batch).await.iter().all(Result::is_ok));
    }
    proxy.tally(mark)
}

impl SecretsManager {
    async fn new() -> Result<Self> {
        let proxy = Proxy::start(shared().await?.address()).await?;
        let prefix = format!("conformance-{}/", suffix());
        let provider = session("SecretsManager", &proxy.url(), &prefix, Settings::default().deadline).await?;
        let secrets = shared().await?.secrets();
        Ok(Self { provider, proxy, secrets, prefix, failures: Mutex::default() })
    }

    /// The suite takes no errors from a fixture, so they are kept for the end.
    fn note<T>(&self, outcome: Result<T>) -> Option<T> {
        outcome.inspect_err(|error| self.failures.lock().expect("no panic before").push(format!("{error:#}"))).ok()
    }
}

#[async_trait]
impl Fixture for SecretsManager {
    fn provider(&self) -> Arc<dyn Provider> {
        self.provider.clone()
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        let name = format!("{}{key}", self.prefix);
        let exists = self.secrets.exists(&name).await;
        let version = match (self.note(exists)?, std::str::from_utf8(value)) {
            (true, Ok(text)) => self.secrets.put(&name, text).await,
            (false, Ok(text)) => self.secrets.create(&name, text).await,
            (true, Err(_)) => self.secrets.put_binary(&name, value).await,
            (false, Err(_)) => self.secrets.create_binary(&name, value).await,
        };
        self.note(version).map(|version| format!("uuid/{version}"))
    }

    async fn delete(&self, key: &str) {
        self.note(self.secrets.delete(&format!("{}{key}", self.prefix)).await);
    }

    fn searches(&self) -> Searches {
        Searches::ALL
    }

    /// Names are those that AWS has: the store's prefix is a part of them.
    fn listed(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>) {
        for (tag, value) in tags {
            self.note(self.secrets.tag(&self.listed(key), tag, value).await);
        }
    }

    async fn fail_item(&self, key: &str, with: Option<Kind>) -> bool {
        self.proxy.heal();
        let code = match with {
            None => return true,
            Some(Kind::Denied) => "AccessDeniedException",
            Some(_) => "InternalServiceError",
        };
        self.proxy.inject(Rule::always(Fault::Answer(400, code)).of(&self.listed(key)));
        true
    }

    fn declines(&self, case: &str) -> Option<String> {
        declines(case)
    }

    async fn wired(&self) -> Result<Wired, Without> {
        wired("SecretsManager", &self.proxy, &self.prefix).await
    }

    fn says(&self, complaint: Complaint) -> Option<Answer> {
        Some(says(complaint, "InternalServiceError"))
    }

    fn failures(&self) -> Vec<String> {
        self.failures.lock().expect("no panic before").clone()
    }
}

#[tokio::test]
async fn forty_five_keys_are_three_calls() -> Result<()> {
    let fixture = Box::pin(SecretsManager::new()).await?;
    let calls = read_forty_five(&fixture, &fixture.proxy).await;
    assert_eq!(calls.into_iter().collect::<Vec<_>>(), [("BatchGetSecretValue".to_owned(), 3)]);
    Ok(())
}
