//! The session for Google's Secret Manager, put through the conformance suite on the server of `keyferry_e2e::gcp`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use keyferry::api::SecretStoreSpec;
use keyferry::provider::conformance::wire::{self, Answer, Complaint, Wired, Without};
use keyferry::provider::conformance::{self, Fixture, Searches};
use keyferry::provider::http::{Reach, Settings as Http};
use keyferry::provider::memory::{Keyring, Unobserved, key};
use keyferry::provider::{Context, Environment, Kind, Part, Provider, RemoteKey, Settings, gcp, open};
use keyferry_e2e::gcp::{Google, VersionState};
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::operator::Launch;
use keyferry_e2e::wire::{Upstream, Wire};
use serde_json::{Value, json};

use crate::trials::Stand;

pub(super) const PROJECT: &str = "p1";
const ACCOUNT: &str = "reader@p1.iam.gserviceaccount.com";

/// A server with TLS in front of it.
pub(super) struct Cloud {
    pub(super) google: Google,
    pub(super) wire: Arc<Wire>,
}

impl Cloud {
    pub(super) async fn start() -> Result<Self> {
        let google = Google::start().await?;
        let wire = Arc::new(Wire::start(Upstream::plain(google.address()), &[]).await?);
        Ok(Self { google, wire })
    }

    /// An operator that is told where Google is.
    pub(super) fn tell(&self, namespace: &Namespace, launch: Launch) -> Result<Launch> {
        let authority = namespace.file("google.pem", self.wire.authority())?;
        Ok(launch.variables(self.variables(&authority)))
    }

    /// Where the operator is told that Google is, through `wire`.
    fn settings(&self, wire: &Wire) -> gcp::Settings {
        let url = Some(wire.url());
        gcp::Settings {
            secret_manager: url.clone(),
            sts: url.clone(),
            iam_credentials: url,
            token: Some(format!("{}/token", wire.url())),
            metadata_host: Some(self.google.address().to_string()),
            authorities: Some(wire.authority().into()),
        }
    }

    /// How an operator is told the same; `authority` is the file of the wire's.
    pub(super) fn variables(&self, authority: &Path) -> Vec<(&'static str, String)> {
        let url = self.wire.url();
        vec![
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", url.clone()),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_STS", url.clone()),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", url.clone()),
            ("CLOUDSDK_AUTH_TOKEN_HOST", format!("{url}/token")),
            ("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", authority.display().to_string()),
            ("GCE_METADATA_HOST", self.google.address().to_string()),
        ]
    }

    /// A session with `spec`, all of whose calls go through `wire`.
    pub(super) async fn session(
        &self,
        wire: &Wire,
        spec: Value,
        keyring: Keyring,
        deadline: Duration,
    ) -> Result<Arc<dyn Provider>> {
        let spec: SecretStoreSpec = serde_json::from_value(json!({"provider": {"gcpsm": spec}}))?;
        let http = Http { reach: Reach::Loopback };
        let settings = Settings { gcp: self.settings(wire), http, deadline, ..Settings::default() };
        let environment = Box::pin(Environment::new(Arc::new(Unobserved), settings)).await;
        Ok(Box::pin(open(&spec, &Context::default(), Arc::new(keyring), &environment)).await?)
    }

    /// A session of a service account that may read the project.
    async fn by_key(&self, wire: &Wire, deadline: Duration) -> Result<Arc<dyn Provider>> {
        let keyring = Keyring::default();
        keyring.set("gcp", "key.json", &self.key_of(ACCOUNT, wire)?);
        self.session(wire, spec_by_key("gcp"), keyring, deadline).await
    }

    /// A key of `account`, which may read the project; its file.
    pub(super) fn key_of(&self, account: &str, wire: &Wire) -> Result<String> {
        Ok(self.google.service_account(account, PROJECT, &format!("{}/token", wire.url()))?.to_string())
    }
}

/// A store of the project that signs in by the key in the Secret `name`.
pub(super) fn spec_by_key(name: &str) -> Value {
    let auth = json!({"secretRef": {"secretAccessKeySecretRef": {"name": name, "key": "key.json"}}});
    json!({"projectID": PROJECT, "auth": auth})
}

/// A project and a session with it.
struct Project {
    cloud: Cloud,
    provider: Arc<dyn Provider>,
}

impl Project {
    async fn new() -> Result<Self> {
        let cloud = Cloud::start().await?;
        let provider = cloud.by_key(&cloud.wire, Settings::default().deadline).await?;
        Ok(Self { cloud, provider })
    }

    async fn kind(&self, key: &RemoteKey) -> Option<Kind> {
        self.provider.read_many(std::slice::from_ref(key)).await.remove(0).err().map(|error| error.kind)
    }
}

/// The fixture for the matrix.
pub(super) async fn project() -> Result<Box<dyn Fixture>> {
    Ok(Box::new(Project::new().await?))
}

/// The stand for the trials.
pub(crate) async fn stand(namespace: &Namespace) -> Result<Stand> {
    let project = Project::new().await?;
    let cloud = &project.cloud;
    let authority = namespace.file("google.pem", cloud.wire.authority())?;
    let credentials = json!({"key.json": cloud.key_of(ACCOUNT, &cloud.wire)?});
    let (wire, variables) = (cloud.wire.clone(), cloud.variables(&authority));
    let provider = json!({"gcpsm": spec_by_key("gcp")});
    let stand = Stand::new("gcp", Box::new(project), wire, provider, credentials);
    Ok(Stand { variables, ..stand })
}

/// Google's names have no slashes.
fn named(key: &str) -> String {
    key.replace('/', "_")
}

#[async_trait]
impl Fixture for Project {
    fn provider(&self) -> Arc<dyn Provider> {
        self.provider.clone()
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        Some(self.cloud.google.state().put(PROJECT, None, &named(key), value).to_string())
    }

    async fn delete(&self, key: &str) {
        self.cloud.google.state().delete(PROJECT, &named(key));
    }

    fn searches(&self) -> Searches {
        Searches::ALL
    }

    fn listed(&self, key: &str) -> String {
        named(key)
    }

    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>) {
        self.cloud.google.state().label(PROJECT, &named(key), tags);
    }

    fn declines(&self, case: &str) -> Option<String> {
        match case {
            conformance::EMPTY => Some("Google takes no empty payload".to_owned()),
            conformance::UNICODE => Some("Google takes ASCII names only".to_owned()),
            _ => None,
        }
    }

    async fn wired(&self) -> Result<Wired, Without> {
        let wired = async || {
            let wire = Arc::new(Wire::start(Upstream::plain(self.cloud.google.address()), &[]).await?);
            let provider = self.cloud.by_key(&wire, wire::DEADLINE).await?;
            Ok(Wired { provider, wire })
        };
        wired().await.map_err(|error: anyhow::Error| Without::Failed(format!("{error:#}")))
    }

    fn says(&self, complaint: Complaint) -> Option<Answer> {
        let (code, status) = match complaint {
            Complaint::Unauthenticated => (401, "UNAUTHENTICATED"),
            Complaint::Denied => (403, "PERMISSION_DENIED"),
            Complaint::Throttled => (429, "RESOURCE_EXHAUSTED"),
            Complaint::Broken => (500, "INTERNAL"),
        };
        let error = json!({"code": code, "status": status, "message": conformance::CANARY});
        let answer = Answer::json(code, json!({"error": error}).to_string());
        Some(if code == 429 { answer.with("retry-after", "1") } else { answer })
    }
}

#[tokio::test]
async fn a_version_that_sleeps_and_a_project_that_may_not_be_read_are_no_absence() -> Result<()> {
    let project = Box::pin(Project::new()).await?;
    let google = &project.cloud.google;
    for value in ["1", "2"] {
        google.state().put(PROJECT, None, "a", value.as_bytes());
    }
    let at = |version: &str| RemoteKey { version: Some(version.to_owned()), ..key("a") };
    assert_eq!(project.kind(&at("9")).await, Some(Kind::NotFound));
    assert_eq!(project.kind(&at("other")).await, Some(Kind::NotFound));
    assert_eq!(project.kind(&key("b")).await, Some(Kind::NotFound));
    for state in [VersionState::Disabled, VersionState::Destroyed] {
        google.state().set_version(PROJECT, "a", 2, state);
        assert_eq!(project.kind(&key("a")).await, Some(Kind::Invalid), "{state:?}");
        assert_eq!(project.kind(&at("2")).await, Some(Kind::Invalid), "{state:?}");
        assert_eq!(project.kind(&at("1")).await, None);
    }
    google.state().revoke(PROJECT);
    assert_eq!(project.kind(&key("a")).await, Some(Kind::Denied));
    assert_eq!(project.kind(&key("b")).await, Some(Kind::Denied), "nothing is said of what may not be read");
    Ok(())
}

#[tokio::test]
async fn aliases_regions_and_metadata_are_read() -> Result<()> {
    let project = Box::pin(Project::new()).await?;
    let google = &project.cloud.google;
    for value in ["1", "2"] {
        google.state().put(PROJECT, None, "a", value.as_bytes());
    }
    google.state().alias(PROJECT, "a", "stable", 1);
    let alias = RemoteKey { version: Some("stable".to_owned()), ..key("a") };
    assert_eq!(project.provider.read_many(&[alias]).await, [Ok("1".into())]);
    google.state().annotate(PROJECT, "a", "example.com/owner", "me");
    let about = RemoteKey { part: Part::Metadata, ..key("a") };
    let text = r#"{"annotations":{"example.com/owner":"me"},"labels":null}"#;
    assert_eq!(project.provider.read_many(&[about]).await, [Ok(text.into())]);
    google.state().put(PROJECT, Some("europe-west3"), "here", b"regional");
    assert_eq!(project.kind(&key("here")).await, Some(Kind::NotFound), "a global store has global secrets");
    google.state().machine.email = ACCOUNT.to_owned();
    let spec = json!({"projectID": PROJECT, "location": "europe-west3"});
    let cloud = &project.cloud;
    let deadline = Settings::default().deadline;
    let regional = cloud.session(&cloud.wire, spec, Keyring::default(), deadline).await?;
    assert_eq!(regional.read_many(&[key("here")]).await, [Ok("regional".into())]);
    Ok(())
}
