use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use async_trait::async_trait;
use keyferry::provider::conformance::wire::{Answer, Complaint, Wired, Without};
use keyferry::provider::conformance::{Fixture, Searches};
use keyferry::provider::memory::{key, key_at};
use keyferry::provider::{Kind, Part, Provider, RemoteKey, Settings};
use keyferry_e2e::aws::{Parameters, REGION, shared};
use keyferry_e2e::proxy::{Fault, Proxy, Rule};
use keyferry_e2e::scratch::suffix;

use super::aws::{declines, provider, read_forty_five, says, session, stand_of, wired};
use crate::trials::Stand;

const SERVICE: &str = "ParameterStore";
/// What a parameter of the advanced tier holds.
const MOST_BYTES: usize = 8 << 10;

/// Parameter Store behind moto, behind the proxy that refuses what AWS refuses.
struct ParameterStore {
    provider: Arc<dyn Provider>,
    parameters: Parameters,
    proxy: Proxy,
    prefix: String,
    failures: Mutex<Vec<String>>,
}

/// The fixture for the matrix.
pub(super) async fn parameter_store() -> Result<Box<dyn Fixture>> {
    Ok(Box::new(ParameterStore::new().await?))
}

/// The stand for the trials.
pub(crate) async fn stand() -> Result<Stand> {
    let fixture = ParameterStore::new().await?;
    let (provider, server) = (provider(SERVICE, &fixture.prefix), fixture.proxy.address());
    stand_of("parameters", Box::new(fixture), provider, server, "AWS_SSM_ENDPOINT").await
}

impl ParameterStore {
    async fn new() -> Result<Self> {
        let proxy = Proxy::start(shared().await?.address()).await?;
        let prefix = format!("/conformance-{}/", suffix());
        let provider = session(SERVICE, &proxy.url(), &prefix, Settings::default().deadline).await?;
        let parameters = shared().await?.parameters();
        Ok(Self { provider, parameters, proxy, prefix, failures: Mutex::default() })
    }

    /// The suite takes no errors from a fixture, so they are kept for the end.
    fn note<T>(&self, outcome: Result<T>) -> Option<T> {
        outcome.inspect_err(|error| self.failures.lock().expect("no panic before").push(format!("{error:#}"))).ok()
    }

    /// Has calls of `operation` that name `key` refused with this code.
    fn refuse(&self, operation: &str, key: &str, (status, code): (u16, &'static str)) {
        self.proxy.inject(Rule::always(Fault::Answer(status, code)).on(operation).of(&self.listed(key)));
    }
}

#[async_trait]
impl Fixture for ParameterStore {
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

    fn most_bytes(&self) -> usize {
        MOST_BYTES
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

    /// AWS knows no item that fails: it refuses the whole batch.
    async fn fail_item(&self, key: &str, with: Option<Kind>) -> bool {
        self.proxy.heal();
        let (together, alone) = match with {
            None => return true,
            Some(Kind::Denied) => ((400, "AccessDeniedException"), (400, "AccessDeniedException")),
            Some(_) => ((400, "ValidationException"), (500, "InternalServerError")),
        };
        self.refuse("GetParameters", key, together);
        self.refuse("GetParameter", key, alone);
        true
    }

    fn declines(&self, case: &str) -> Option<String> {
        declines(case)
    }

    async fn wired(&self) -> Result<Wired, Without> {
        wired(SERVICE, &self.proxy, &self.prefix).await
    }

    fn says(&self, complaint: Complaint) -> Option<Answer> {
        Some(says(complaint, "InternalServerError"))
    }

    fn failures(&self) -> Vec<String> {
        self.failures.lock().expect("no panic before").clone()
    }
}

#[tokio::test]
async fn forty_five_parameters_are_five_calls() -> Result<()> {
    let fixture = Box::pin(ParameterStore::new()).await?;
    let calls = read_forty_five(&fixture, &fixture.proxy).await;
    assert_eq!(calls.into_iter().collect::<Vec<_>>(), [("GetParameters".to_owned(), 5)]);
    Ok(())
}

#[tokio::test]
async fn labels_arns_types_and_tags_are_read() -> Result<()> {
    let fixture = Box::pin(ParameterStore::new()).await?;
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
    let fixture = Box::pin(ParameterStore::new()).await?;
    let names = ["a", "b"].map(|name| fixture.listed(name));
    for name in &names {
        fixture.parameters.put(name, name).await?;
    }
    // An ARN has no place for a prefix.
    let provider = session(SERVICE, &fixture.proxy.url(), "", Settings::default().deadline).await?;
    let arn = format!("arn:aws:ssm:{}:123456789012:parameter{}", REGION, names[1]);
    let mark = fixture.proxy.mark();
    let answers = provider.read_many(&[key(&names[0]), key(&arn)]).await;
    assert_eq!(answers, [Ok(names[0].as_str().into()), Ok(names[1].as_str().into())]);
    assert_eq!(fixture.proxy.tally(mark).into_iter().collect::<Vec<_>>(), [("GetParameters".to_owned(), 1)]);
    Ok(())
}
