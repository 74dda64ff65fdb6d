//! Having a token: from Entra (or AD FS) for an application, from the machine's identity service for a managed identity.

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde::Deserialize;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::assertion::Manner;
use super::client::Endpoint;
use super::cloud::is_below;
use super::credential::{AUDIENCE, Application, Login, Proof};
use super::error::{Failure, of_machine, of_sign_in, of_vault};
use super::{API, NAME, field};
use crate::provider::http::{Answer, Call, HeaderMap, HeaderName, HeaderValue, Method, Server};
use crate::provider::{Credentials, Error, Kind};
use crate::sealed::Sealed;

/// ESO has no name for it.
const CALL: &str = "Login";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Where a machine's identity service has tokens.
const MACHINE: [&str; 4] = ["metadata", "identity", "oauth2", "token"];
/// The oldest version of it with managed identities.
const MACHINE_API: &str = "2018-02-01";
/// As long as any token lives; an `Instant` has bounds.
const LONGEST_LIFE: u64 = 32 * 24 * 3600;
/// The longest token that a file is read for.
const LONGEST_TOKEN: u64 = 64 * 1024;
/// A token is renewed when so much of its life is over, in hundredths, where its giver does not say.
const SPENT: u32 = 67;

/// What it takes to have a token.
#[derive(Debug)]
pub(super) struct SignIn {
    pub(super) login: Login,
    /// Who gives tokens: the authority, or the machine's service.
    pub(super) giver: Endpoint,
    pub(super) authority: Server,
    pub(super) vault: Arc<Endpoint>,
    pub(super) host: String,
    /// What a token is for; asked of the vault where it is not known.
    pub(super) resource: OnceCell<String>,
    pub(super) credentials: Arc<dyn Credentials>,
}

/// A token and its times.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// The `authorization` header.
    pub(super) token: HeaderValue,
    /// After which another is to be had.
    pub(super) renew: Duration,
    /// How long it is good.
    pub(super) life: Duration,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    expires_in: Seconds<'a>,
    #[serde(borrow, default)]
    refresh_in: Option<Seconds<'a>>,
}

/// Entra writes a number and the machine's service a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds<'a> {
    Number(u64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl Seconds<'_> {
    fn duration(&self) -> Option<Duration> {
        let seconds = match self {
            Self::Number(seconds) => Some(*seconds),
            Self::Text(text) => text.parse().ok(),
        };
        seconds.map(|seconds| Duration::from_secs(seconds.min(LONGEST_LIFE)))
    }
}

impl SignIn {
    /// Has a token.
    pub(super) async fn have(&self) -> Result<Given, Error> {
        let resource = self.resource.get_or_try_init(|| self.ask_resource()).await?;
        let answer = match &self.login {
            Login::Application(application) => self.as_application(application, resource).await?,
            Login::Managed(id) => self.as_machine(id.as_deref(), resource).await?,
        };
        given(&answer).ok_or_else(|| Failure::unreadable().at(self.doing()))
    }

    fn doing(&self) -> String {
        match &self.login {
            Login::Application(Application { tenant, client, .. }) => {
                format!("sign in to tenant {tenant:?} as {client:?}")
            }
            Login::Managed(Some(id)) => format!("sign in as the managed identity {id:?}"),
            Login::Managed(None) => "sign in as the managed identity".to_owned(),
        }
    }

    async fn as_application(&self, application: &Application, resource: &str) -> Result<Answer, Error> {
        let (path, manner) = self.token_path(&application.tenant);
        let (kind, proof) = self.proof(application, &self.authority.url_of(&path), manner).await?;
        let scope = format!("{resource}/.default");
        let mut fields = vec![
            ("grant_type", &b"client_credentials"[..]),
            ("client_id", application.client.as_bytes()),
            ("scope", scope.as_bytes()),
            (kind, proof.expose()),
        ];
        if kind == "client_assertion" {
            fields.push(("client_assertion_type", ASSERTION.as_bytes()));
        }
        let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, FORM)]);
        let call = Call { method: Method::POST, path: &path, query: &[], headers, body: Some(form(&fields)) };
        self.giver.call(CALL, call, of_sign_in).await.map_err(|failure| failure.at(self.doing()))
    }

    /// AD FS is the tenant `adfs`, as in Microsoft's libraries.
    fn token_path(&self, tenant: &str) -> (Vec<String>, Manner) {
        let owned = |parts: &[&str]| parts.iter().map(|&part| part.to_owned()).collect();
        match (tenant.eq_ignore_ascii_case("adfs"), self.authority.has_path()) {
            (false, _) => (owned(&[tenant, "oauth2", "v2.0", "token"]), Manner::Entra),
            (true, false) => (owned(&["adfs", "oauth2", "token"]), Manner::Federation),
            (true, true) => (owned(&["oauth2", "token"]), Manner::Federation),
        }
    }

    async fn proof(
        &self,
        application: &Application,
        audience: &str,
        manner: Manner,
    ) -> Result<(&'static str, Sealed), Error> {
        let assertion = match &application.proof {
            Proof::Secret(secret) => return Ok(("client_secret", secret.clone())),
            Proof::Certificate(signer) => {
                let written = signer.assert(&application.client, audience, manner, SystemTime::now());
                written
                    .ok_or_else(|| Failure::new(Kind::Invalid, "the certificate's key cannot sign").at(self.doing()))?
            }
            Proof::Account(account) => {
                let audiences = [AUDIENCE.to_owned()];
                self.credentials.token(&field("serviceAccountRef"), account, &audiences).await?.value
            }
            Proof::File(file) => read(file.clone()).await.ok_or_else(|| {
                let cause = "the operator's own token (AZURE_FEDERATED_TOKEN_FILE) cannot be read; check its volume";
                Failure::new(Kind::Unauthenticated, cause).at(self.doing())
            })?,
        };
        Ok(("client_assertion", assertion))
    }

    async fn as_machine(&self, id: Option<&str>, resource: &str) -> Result<Answer, Error> {
        let path = MACHINE.map(str::to_owned);
        let mut query = vec![("api-version", MACHINE_API), ("resource", resource)];
        query.extend(id.map(|id| ("client_id", id)));
        // Whoever is made to send a request cannot be made to send this.
        let metadata = (HeaderName::from_static("metadata"), HeaderValue::from_static("true"));
        let headers = HeaderMap::from_iter([metadata]);
        let call = Call { method: Method::GET, path: &path, query: &query, headers, body: None };
        self.giver.call(CALL, call, of_machine).await.map_err(|failure| failure.at(self.doing()))
    }

    /// What a vault says, to a call without a token, that tokens for it are for. It must be the vault
    /// itself or what it is below.
    async fn ask_resource(&self) -> Result<String, Error> {
        let path = ["secrets".to_owned()];
        let query = [("api-version", API)];
        let call = Call { method: Method::GET, path: &path, query: &query, headers: HeaderMap::new(), body: None };
        let mut named = None;
        let answer = self.vault.call("GetSecrets", call, |answer| {
            named = challenge(&answer.headers);
            of_vault(answer, None)
        });
        let failure = match answer.await {
            Ok(_) => Failure::unreadable(),
            Err(failure) if failure.is_tokens => Failure::unreadable(),
            Err(failure) => failure,
        };
        let sound = |resource: &String| {
            Server::parse(resource).is_ok_and(|named| named.name() == self.host || is_below(&self.host, named.name()))
        };
        named.filter(sound).ok_or_else(|| failure.at("ask the vault what its tokens are for".to_owned()))
    }
}

/// The resource that a vault's challenge names.
fn challenge(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(http::header::WWW_AUTHENTICATE)?.to_str().ok()?;
    let (scheme, parameters) = header.split_once(' ')?;
    let mut pairs = parameters.split(',').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| matches!(*name, "resource" | "scope"))?;
    let resource = value.trim_matches('"').trim_end_matches("/.default").trim_end_matches('/');
    (scheme.eq_ignore_ascii_case("bearer") && !resource.is_empty()).then(|| resource.to_owned())
}

fn given(answer: &Answer) -> Option<Given> {
    let body: Body<'_> = serde_json::from_slice(answer.body.expose()).ok()?;
    let life = body.expires_in.duration().filter(|life| !life.is_zero())?;
    let said = body.refresh_in.as_ref().and_then(Seconds::duration).filter(|renew| *renew < life && !renew.is_zero());
    let renew = said.unwrap_or(life * SPENT / 100);
    Some(Given { token: bearer(body.access_token.as_bytes())?, renew, life })
}

/// A token as a header that is not shown; none for what no token is.
fn bearer(token: &[u8]) -> Option<HeaderValue> {
    let sound = !token.is_empty() && token.iter().all(u8::is_ascii_graphic);
    let whole = Zeroizing::new([b"Bearer ", token].concat());
    let mut header = HeaderValue::from_bytes(&whole).ok().filter(|_| sound)?;
    header.set_sensitive(true);
    Some(header)
}

/// A form, in a buffer that need not grow.
fn form(fields: &[(&str, &[u8])]) -> Sealed {
    let room: usize = fields.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    for (index, (name, value)) in fields.iter().enumerate() {
        let and: &[u8] = if index > 0 { b"&" } else { b"" };
        body.extend_from_slice(and);
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        percent_encode(value, NON_ALPHANUMERIC).for_each(|part| body.extend_from_slice(part.as_bytes()));
    }
    Sealed::new(std::mem::take(&mut *body))
}

/// The token of a file that the kubelet keeps fresh.
async fn read(file: PathBuf) -> Option<Sealed> {
    let read = tokio::task::spawn_blocking(move || read_at_once(&file)).await.ok()??;
    tracing::debug!(provider = NAME, bytes = read.len(), "the operator's own token was read");
    Some(read)
}

fn read_at_once(file: &Path) -> Option<Sealed> {
    let mut token = Zeroizing::new(Vec::with_capacity(8 * 1024));
    std::fs::File::open(file).ok()?.take(LONGEST_TOKEN).read_to_end(&mut token).ok()?;
    let trimmed = token.trim_ascii();
    (!trimmed.is_empty()).then(|| Sealed::new(trimmed.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::StatusCode;

    fn body(text: &str) -> Answer {
        Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: text.into() }
    }

    #[test]
    fn a_token_is_renewed_when_its_giver_says_else_after_two_thirds_of_its_life() {
        let times = |text: &str| given(&body(text)).map(|given| (given.renew.as_secs(), given.life.as_secs()));
        assert_eq!(times(r#"{"access_token":"t","expires_in":1000}"#), Some((670, 1000)));
        assert_eq!(times(r#"{"access_token":"t","expires_in":"86399","refresh_in":43200}"#), Some((43200, 86399)));
        assert_eq!(times(r#"{"access_token":"t","expires_in":100,"refresh_in":200}"#), Some((67, 100)));
        assert_eq!(times(r#"{"access_token":"t","expires_in":99999999999999}"#).unwrap().1, LONGEST_LIFE);
        for text in [
            "",
            "{}",
            r#"{"access_token":"t"}"#,
            r#"{"access_token":"","expires_in":1}"#,
            r#"{"access_token":"a\nb","expires_in":1}"#,
            r#"{"access_token":"t","expires_in":0}"#,
            r#"{"access_token":"t","expires_in":"soon"}"#,
        ] {
            assert_eq!(times(text), None, "{text}");
        }
        assert!(!format!("{:?}", given(&body(r#"{"access_token":"canary","expires_in":9}"#))).contains("canary"));
    }

    #[test]
    fn a_form_is_encoded_so_that_no_value_can_be_two() {
        let sent = form(&[("a", b"x&y=z +%"), ("b", &[0xff, 0])]);
        assert_eq!(sent, "a=x%26y%3Dz%20%2B%25&b=%FF%00".into());
    }

    #[test]
    fn a_challenge_names_the_resource_in_either_form() {
        let named =
            |text: &str| challenge(&HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, text.parse().unwrap())]));
        let resource = Some("https://vault.example".to_owned());
        let plain = r#"Bearer authorization="https://login/t", resource="https://vault.example""#;
        assert_eq!(named(plain), resource);
        assert_eq!(named(r#"bearer authorization="x",scope="https://vault.example/.default""#), resource);
        for text in ["Bearer", "Basic resource=\"x\"", "Bearer resource=\"\"", "Bearer authorization=\"x\""] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
