//! The session for Azure Key Vault, put through the conformance suite on our own server, over TLS.

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
use keyferry::provider::{Context, Environment, Kind, Part, Provider, RemoteKey, Settings, azure, open};
use keyferry_e2e::azure::{Application, Azure, TENANT};
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::wire::{Upstream, Wire};
use serde_json::{Value, json};

use crate::trials::Stand;

pub(super) const CLIENT: &str = "00d88624-f0d7-46f6-a641-6232c2608928";
pub(super) const PASSWORD: &str = "pass&word=+%";
/// Longer than a change is too young for a mark.
const SETTLED: i64 = 60;

/// A vault of a test's own, and a session with it.
pub(super) struct Vault {
    pub(super) server: Azure,
    pub(super) wire: Arc<Wire>,
    pub(super) provider: Arc<dyn Provider>,
    /// How many seconds pass after each change, as they do for people: a change of this moment is no mark.
    passing: i64,
}

/// The fixture for the matrix.
pub(super) async fn vault() -> Result<Box<dyn Fixture>> {
    Ok(Box::new(Vault::new().await?))
}

/// The stand for the trials, in which time passes by itself.
pub(crate) async fn stand(namespace: &Namespace) -> Result<Stand> {
    let vault = Vault { passing: 0, ..Vault::new().await? };
    let wire = vault.wire.clone();
    let flags = flags(&namespace.file("azure.pem", wire.authority())?);
    let provider = json!({"azurekv": spec(&wire)});
    let variables = vec![("AZURE_AUTHORITY_HOST", wire.url())];
    let credentials = json!({"id": CLIENT, "secret": PASSWORD});
    let stand = Stand::new("azure", Box::new(vault), wire, provider, credentials);
    Ok(Stand { variables, flags, ..stand })
}

/// What tells an operator of a vault on this machine; `authority` is the file of the one that it is signed by.
pub(super) fn flags(authority: &Path) -> Vec<String> {
    vec!["--azure-keyvault-suffixes=localhost".to_owned(), format!("--azure-ca-file={}", authority.display())]
}

/// A store with the vault behind `wire` that signs in by the password in the Secret `azure`.
fn spec(wire: &Wire) -> Value {
    let at = |key: &str| json!({"name": "azure", "key": key});
    json!({
        "vaultUrl": format!("https://localhost:{}", wire.address().port()),
        "tenantId": TENANT,
        "authSecretRef": {"clientId": at("id"), "clientSecret": at("secret")},
    })
}

/// An application that may do all, and shows itself by a password.
fn reader() -> Application {
    Application { secrets: vec![PASSWORD.to_owned()], may_get: true, may_list: true, ..Application::default() }
}

async fn session(wire: &Wire, more: Value, deadline: Duration) -> Result<Arc<dyn Provider>> {
    let mut spec = spec(wire);
    for (name, value) in more.as_object().expect("fields") {
        spec[name] = value.clone();
    }
    let spec: SecretStoreSpec = serde_json::from_value(json!({"provider": {"azurekv": spec}}))?;
    let azure = azure::Settings {
        authority: Some(wire.url()),
        suffixes: vec!["localhost".to_owned()],
        authorities: Some(wire.authority().into()),
        ..azure::Settings::default()
    };
    let settings = Settings { http: Http { reach: Reach::Loopback }, azure, deadline, ..Settings::default() };
    let environment = Box::pin(Environment::new(Arc::new(Unobserved), settings)).await;
    let keyring = Keyring::default();
    keyring.set("azure", "id", CLIENT);
    keyring.set("azure", "secret", PASSWORD);
    Ok(Box::pin(open(&spec, &Context::default(), Arc::new(keyring), &environment)).await?)
}

impl Vault {
    pub(super) async fn new() -> Result<Self> {
        Self::read_as(json!({})).await
    }

    async fn read_as(more: Value) -> Result<Self> {
        let server = Azure::start().await?;
        server.state().applications.insert(CLIENT.to_owned(), reader());
        let wire = Arc::new(Wire::start(Upstream::plain(server.address()), &[]).await?);
        let provider = session(&wire, more, Settings::default().deadline).await?;
        Ok(Self { server, wire, provider, passing: SETTLED })
    }

    pub(super) async fn read(&self, key: RemoteKey) -> Result<String, Kind> {
        let answer = self.provider.read_many(&[key]).await.remove(0).map_err(|error| error.kind)?;
        Ok(String::from_utf8_lossy(answer.expose()).into_owned())
    }
}

#[async_trait]
impl Fixture for Vault {
    fn provider(&self) -> Arc<dyn Provider> {
        self.provider.clone()
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        let value = std::str::from_utf8(value).expect("it keeps text");
        let mut state = self.server.state();
        let version = state.put_secret(key, value);
        state.ahead += self.passing;
        Some(version)
    }

    async fn delete(&self, key: &str) {
        self.server.state().delete("secrets", key);
    }

    fn keeps_binary(&self) -> bool {
        false
    }

    fn most_bytes(&self) -> usize {
        25_600
    }

    fn searches(&self) -> Searches {
        Searches { path: false, ..Searches::ALL }
    }

    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>) {
        let mut state = self.server.state();
        if let Some(version) = state.touch("secrets", key) {
            version.tags.clone_from(tags);
        }
        state.ahead += self.passing;
    }

    fn declines(&self, case: &str) -> Option<String> {
        (case == conformance::UNICODE).then(|| "a vault takes letters, digits and dashes only".to_owned())
    }

    async fn wired(&self) -> Result<Wired, Without> {
        let wire = async || {
            let wire = Wire::start(Upstream::plain(self.server.address()), &[]).await?;
            let provider = session(&wire, json!({}), wire::DEADLINE).await?;
            Ok(Wired { provider, wire: Arc::new(wire) })
        };
        wire().await.map_err(|error: anyhow::Error| Without::Failed(format!("{error:#}")))
    }

    fn says(&self, complaint: Complaint) -> Option<Answer> {
        let (status, code, inner) = match complaint {
            Complaint::Unauthenticated => (401, "Unauthorized", ""),
            Complaint::Denied => (403, "Forbidden", "ForbiddenByRbac"),
            Complaint::Throttled => (429, "Throttled", ""),
            Complaint::Broken => (500, "InternalServerError", ""),
        };
        let error = json!({"code": code, "message": conformance::CANARY, "innererror": {"code": inner}});
        let answer = Answer::json(status, json!({"error": error}).to_string());
        Some(if status == 429 { answer.with("retry-after", "1") } else { answer })
    }
}

#[tokio::test]
async fn certificates_and_keys_are_read_as_eso_reads_them_and_disabled_ones_are_not_absent() -> Result<()> {
    let vault = Vault::new().await?;
    let (certificate, key_version) = {
        let mut state = vault.server.state();
        let certificate = state.put("certificates", "web", json!({"cer": "bm90IHJlYWxseSBERVI="}));
        let jwk = json!({"kty": "RSA", "n": "tw", "e": "AQAB", "key_ops": ["sign"]});
        let key_version = state.put("keys", "sign", json!({"key": jwk}));
        state.put_secret("off", "v");
        if let Some(version) = state.touch("secrets", "off") {
            version.enabled = false;
        }
        (certificate, key_version)
    };
    assert_eq!(vault.read(key("cert/web")).await.as_deref(), Ok("not really DER"));
    let at = RemoteKey { version: Some(certificate), ..key("cert/web") };
    assert_eq!(vault.read(at.clone()).await.as_deref(), Ok("not really DER"));
    assert!(vault.provider.is_immutable(&at));
    let jwk = vault.read(key("key/sign")).await.expect("a key");
    let begin = r#"{"kid":"https://localhost:"#;
    let end =
        format!("/keys/sign/{key_version}\",\"kty\":\"RSA\",\"key_ops\":[\"sign\"],\"n\":\"tw\",\"e\":\"AQAB\"}}");
    assert!(jwk.starts_with(begin) && jwk.ends_with(&end), "{jwk}");
    assert_eq!(vault.read(key("off")).await, Err(Kind::Denied));
    for gone in ["cert/gone", "key/gone", "gone", "secret/web"] {
        assert_eq!(vault.read(key(gone)).await, Err(Kind::NotFound), "{gone}");
    }
    Ok(())
}

#[tokio::test]
async fn a_right_to_read_is_no_right_to_list() -> Result<()> {
    let vault = Vault::new().await?;
    vault.put("a", b"1").await;
    vault.server.state().applications.insert(CLIENT.to_owned(), Application { may_list: false, ..reader() });
    assert_eq!(vault.read(key("a")).await.as_deref(), Ok("1"));
    let marks = vault.provider.marks(&[key("a")]).await;
    assert_eq!(marks.map_err(|error| error.kind), Err(Kind::Denied));
    Ok(())
}

#[tokio::test]
async fn metadata_of_a_changed_secret_has_another_mark() -> Result<()> {
    let vault = Vault::read_as(json!({"useAzureSDK": true})).await?;
    vault.put("a", b"1").await;
    let tags = RemoteKey { part: Part::Metadata, ..key("a") };
    let before = vault.provider.marks(std::slice::from_ref(&tags)).await?;
    vault.tag("a", &BTreeMap::from([("env".to_owned(), "prod".to_owned())])).await;
    let after = vault.provider.marks(std::slice::from_ref(&tags)).await?;
    assert!(before[0].is_some() && after[0].is_some() && before != after);
    assert_eq!(vault.read(tags).await.as_deref(), Ok(r#"{"env":"prod"}"#));
    Ok(())
}
