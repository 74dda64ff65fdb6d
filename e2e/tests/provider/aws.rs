use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use async_trait::async_trait;
use keyferry::api::SecretStoreSpec;
use keyferry::provider::conformance::{self, Fixture, Searches};
use keyferry::provider::memory::{Keyring, Unobserved};
use keyferry::provider::{Context, Environment, Provider, Settings, aws, open};
use keyferry_e2e::aws::{Secrets, shared};
use keyferry_e2e::fixtures;
use keyferry_e2e::proxy::Proxy;
use keyferry_e2e::scratch::suffix;

/// Secrets Manager behind moto, behind the proxy that refuses what AWS refuses.
struct SecretsManager {
    provider: Arc<dyn Provider>,
    secrets: Secrets,
    prefix: String,
    failures: Mutex<Vec<String>>,
}

impl SecretsManager {
    async fn new(proxy: &Proxy) -> Result<Self> {
        let prefix = format!("conformance-{}/", suffix());
        let mut store = fixtures::aws_store("store")["spec"].clone();
        store["provider"]["aws"]["prefix"] = prefix.clone().into();
        let spec: SecretStoreSpec = serde_json::from_value(store)?;
        let endpoint = Some(proxy.url());
        let aws = aws::Settings {
            secrets_manager_endpoint: endpoint.clone(),
            ssm_endpoint: endpoint.clone(),
            sts_endpoint: endpoint,
        };
        let settings = Settings { aws, ..Settings::default() };
        let environment = Environment::new(Arc::new(Unobserved), settings).await;
        let keyring = Keyring::default();
        keyring.set(fixtures::CREDENTIALS, "access-key", "AKIAFIXTURE");
        keyring.set(fixtures::CREDENTIALS, "secret-access-key", "fixture");
        let provider = open(&spec, &Context::default(), Arc::new(keyring), &environment).await?;
        let secrets = shared().await?.secrets();
        Ok(Self { provider, secrets, prefix, failures: Mutex::default() })
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
}

#[tokio::test]
async fn secrets_manager_conforms() -> Result<()> {
    let proxy = Proxy::start(shared().await?.address()).await?;
    let fixture = Box::pin(SecretsManager::new(&proxy)).await?;
    let outcomes = conformance::run(&fixture).await;
    let broken: Vec<_> = outcomes.into_iter().filter(|(_, outcome)| outcome.is_err()).collect();
    let failures = fixture.failures.lock().expect("no panic before").clone();
    assert!(broken.is_empty() && failures.is_empty(), "{broken:#?} {failures:#?}");
    Ok(())
}

#[tokio::test]
async fn forty_five_keys_are_three_calls() -> Result<()> {
    let proxy = Proxy::start(shared().await?.address()).await?;
    let fixture = Box::pin(SecretsManager::new(&proxy)).await?;
    let names: Vec<String> = (0..45).map(|number| format!("key-{number}")).collect();
    for name in &names {
        fixture.put(name, b"value").await;
    }
    let mark = proxy.mark();
    let keys: Vec<_> = names.iter().map(|name| keyferry::provider::memory::key(name)).collect();
    for batch in keys.chunks(fixture.provider.batch(&keys[0]).size()) {
        assert!(fixture.provider.read_many(batch).await.iter().all(Result::is_ok));
    }
    assert_eq!(proxy.tally(mark).into_iter().collect::<Vec<_>>(), [("BatchGetSecretValue".to_owned(), 3)]);
    Ok(())
}
