use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use async_trait::async_trait;
use keyferry::api::SecretStoreSpec;
use keyferry::provider::conformance::{self, Fixture, Searches};
use keyferry::provider::memory::{Keyring, Unobserved, key, key_at};
use keyferry::provider::{Context, Environment, Kind, Part, Provider, RemoteKey, Settings, aws, open};
use keyferry_e2e::aws::{Parameters, shared};
use keyferry_e2e::fixtures;
use keyferry_e2e::proxy::{Fault, Proxy, Rule};
use keyferry_e2e::scratch::suffix;

/// Parameter Store behind moto, behind the proxy that refuses what AWS refuses.
struct ParameterStore<'a> {
    provider: Arc<dyn Provider>,
    parameters: Parameters,
    proxy: &'a Proxy,
    prefix: String,
    failures: Mutex<Vec<String>>,
}

impl<'a> ParameterStore<'a> {
    async fn new(proxy: &'a Proxy) -> Result<Self> {
        let prefix = format!("/conformance-{}/", suffix());
        let provider = session(proxy, &prefix).await?;
        let parameters = shared().await?.parameters();
        Ok(Self { provider, parameters, proxy, prefix, failures: Mutex::default() })
    }

    /// The suite takes no errors from a fixture, so they are kept for the end.
    fn note<T>(&self, outcome: Result<T>) -> Option<T> {
        outcome.inspect_err(|error| self.failures.lock().expect("no panic before").push(format!("{error:#}"))).ok()
    }
}

/// A session of a store with this prefix.
async fn session(proxy: &Proxy, prefix: &str) -> Result<Arc<dyn Provider>> {
    let mut store = fixtures::aws_store("store")["spec"].clone();
    store["provider"]["aws"]["service"] = "ParameterStore".into();
    store["provider"]["aws"]["prefix"] = prefix.into();
    let spec: SecretStoreSpec = serde_json::from_value(store)?;
    let aws = aws::Settings { ssm_endpoint: Some(proxy.url()), ..aws::Settings::default() };
    let environment = Environment::new(Arc::new(Unobserved), Settings { aws, ..Settings::default() }).await;
    let keyring = Keyring::default();
    keyring.set(fixtures::CREDENTIALS, "access-key", "AKIAFIXTURE");
    keyring.set(fixtures::CREDENTIALS, "secret-access-key", "fixture");
    Ok(open(&spec, &Context::default(), Arc::new(keyring), &environment).await?)
}

#[async_trait]
impl Fixture for ParameterStore<'_> {
    fn provider(&self) -> Arc<dyn Provider> {
        self.provider.clone()
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(value);
        self.note(self.parameters.put(&self.listed(key), &text).await).map(|version| version.to_string())
    }

    async fn delete(&self, key: &str) {
        self.note(self.parameters.delete(&self.listed(key)).await);
    }

    /// A parameter is text.
    fn keeps_binary(&self) -> bool {
        false
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
            self.note(self.parameters.tag(&self.listed(key), tag, value).await);
        }
    }

    async fn fail_page(&self, with: Option<Kind>) -> bool {
        self.proxy.heal();
        let fault = match with {
            Some(Kind::Denied) => Fault::Answer(400, "AccessDeniedException"),
            Some(Kind::Throttled) => Fault::Answer(400, "ThrottlingException"),
            Some(_) => Fault::Answer(500, "InternalServerError"),
            None => return true,
        };
        self.proxy.inject(Rule::always(fault).on("GetParametersByPath").after(1));
        true
    }
}

#[tokio::test]
async fn parameter_store_conforms() -> Result<()> {
    let proxy = Proxy::start(shared().await?.address()).await?;
    let fixture = Box::pin(ParameterStore::new(&proxy)).await?;
    let outcomes = conformance::run(&fixture).await;
    let broken: Vec<_> = outcomes.into_iter().filter(|(_, outcome)| outcome.is_err()).collect();
    let failures = fixture.failures.lock().expect("no panic before").clone();
    assert!(broken.is_empty() && failures.is_empty(), "{broken:#?} {failures:#?}");
    Ok(())
}

#[tokio::test]
async fn forty_five_parameters_are_five_calls() -> Result<()> {
    let proxy = Proxy::start(shared().await?.address()).await?;
    let fixture = Box::pin(ParameterStore::new(&proxy)).await?;
    let names: Vec<String> = (0..45).map(|number| format!("key-{number}")).collect();
    for name in &names {
        fixture.put(name, b"value").await;
    }
    let mark = proxy.mark();
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    for batch in keys.chunks(fixture.provider.batch(&keys[0]).size()) {
        assert!(fixture.provider.read_many(batch).await.iter().all(Result::is_ok));
    }
    assert_eq!(proxy.tally(mark).into_iter().collect::<Vec<_>>(), [("GetParameters".to_owned(), 5)]);
    Ok(())
}

#[tokio::test]
async fn labels_arns_types_and_tags_are_read() -> Result<()> {
    let proxy = Proxy::start(shared().await?.address()).await?;
    let fixture = Box::pin(ParameterStore::new(&proxy)).await?;
    let (name, parameters) = (fixture.listed("a"), &fixture.parameters);
    for (type_, value) in [("String", "text"), ("StringList", "x,y"), ("SecureString", "sealed")] {
        let version = parameters.put_as(type_, &name, value).await?;
        assert_eq!(fixture.provider.read_many(&[key("a")]).await, [Ok(value.into())]);
        parameters.label(&name, version, "live").await?;
        assert_eq!(fixture.provider.read_many(&[key_at("a", "live")]).await, [Ok(value.into())]);
    }
    let absent = fixture.provider.read_many(&[key_at("a", "9")]).await;
    assert_eq!(absent[0].as_ref().map_err(|error| error.kind), Err(Kind::NotFound));
    parameters.tag(&name, "team", "a").await?;
    let tags = RemoteKey { part: Part::Metadata, ..key_at("a", "1") };
    assert_eq!(fixture.provider.read_many(&[tags]).await, [Ok(r#"{"team":"a"}"#.into())]);
    Ok(())
}

#[tokio::test]
async fn an_arn_is_read_in_a_batch() -> Result<()> {
    let proxy = Proxy::start(shared().await?.address()).await?;
    let fixture = Box::pin(ParameterStore::new(&proxy)).await?;
    let names = ["a", "b"].map(|name| fixture.listed(name));
    for name in &names {
        fixture.parameters.put(name, name).await?;
    }
    // An ARN has no place for a prefix.
    let provider = session(&proxy, "").await?;
    let arn = format!("arn:aws:ssm:{}:123456789012:parameter{}", keyferry_e2e::aws::REGION, names[1]);
    let mark = proxy.mark();
    let answers = provider.read_many(&[key(&names[0]), key(&arn)]).await;
    assert_eq!(answers, [Ok(names[0].as_str().into()), Ok(names[1].as_str().into())]);
    assert_eq!(proxy.tally(mark).into_iter().collect::<Vec<_>>(), [("GetParameters".to_owned(), 1)]);
    Ok(())
}
