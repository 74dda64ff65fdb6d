//! The calls that give tokens: for a key's assertion, for another's token, and for one account in place of another.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::NAME;
use super::client::{Api, Ask, Endpoints, header, path};
use super::error::{Failure, Purpose};
use super::metadata::Metadata;
use super::signer::{SCOPE, Signer};
use crate::provider::http::{HeaderMap, HeaderName, HeaderValue};
use crate::provider::{Error, Kind};
use crate::sealed::Sealed;

const AUTHORIZATION: HeaderName = HeaderName::from_static("authorization");
const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// What a JWT is called where it is exchanged.
pub(super) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// How long a token is believed to be good where the answer does not say it.
const UNSAID: u64 = 300;
/// The longest life that is believed; Google's tokens have an hour, where an organisation allows it twelve.
const LONGEST: u64 = 12 * 3600;

/// The services that give tokens.
#[derive(Debug)]
pub(super) struct Exchange {
    token: Api,
    sts: Api,
    cluster_tokens: Api,
    iam_credentials: Api,
    pub(super) metadata: Metadata,
}

/// A token, ready to be shown, and how long it is good.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) bearer: HeaderValue,
    pub(super) life: Duration,
}

/// What is exchanged.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) token: Sealed,
    pub(super) kind: Cow<'static, str>,
}

#[derive(Deserialize)]
struct Given<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(default)]
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generated<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(default)]
    expire_time: Option<Timestamp>,
}

impl Grant {
    /// Reads what the token services answer.
    pub(super) fn read(body: &Sealed) -> Result<Self, Failure> {
        let given: Given<'_> = serde_json::from_slice(body.expose()).map_err(|_| Failure::unreadable())?;
        Self::of(&given.access_token, given.expires_in)
    }

    fn generated(body: &Sealed) -> Result<Self, Failure> {
        let given: Generated<'_> = serde_json::from_slice(body.expose()).map_err(|_| Failure::unreadable())?;
        let life = given.expire_time.map(|end| end.duration_since(Timestamp::now()).as_secs());
        Self::of(&given.access_token, life.and_then(|life| u64::try_from(life).ok()))
    }

    fn of(token: &str, life: Option<u64>) -> Result<Self, Failure> {
        let sound = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let text = Zeroizing::new(format!("Bearer {token}"));
        let mut bearer = HeaderValue::from_str(&text).ok().filter(|_| sound).ok_or_else(Failure::unreadable)?;
        bearer.set_sensitive(true);
        Ok(Self { bearer, life: Duration::from_secs(life.unwrap_or(UNSAID).min(LONGEST)) })
    }

    pub(super) fn headers(&self) -> HeaderMap {
        header(AUTHORIZATION, self.bearer.clone())
    }
}

impl Exchange {
    pub(super) fn new(endpoints: &Endpoints<'_>, metadata: Metadata) -> Result<Self, Error> {
        Ok(Self {
            token: endpoints.token()?,
            sts: endpoints.sts()?,
            cluster_tokens: endpoints.cluster_tokens()?,
            iam_credentials: endpoints.iam_credentials()?,
            metadata,
        })
    }

    /// An access token of the account whose key it is.
    pub(super) async fn assert(&self, signer: &Signer) -> Result<Grant, Failure> {
        let assertion = signer.assertion(std::time::SystemTime::now());
        let assertion =
            assertion.ok_or_else(|| Failure::new(Kind::Unauthenticated, "the key could not sign; check the clock"))?;
        let body = form(&[("grant_type", ASSERTION.as_bytes()), ("assertion", assertion.expose())]);
        let ask = Ask {
            name: "GenerateAccessToken",
            path: &[],
            query: &[],
            headers: header(CONTENT_TYPE, FORM),
            body: Some(body),
            purpose: Purpose::SignIn,
        };
        Grant::read(&self.token.ask(ask).await?.body)
    }

    /// A federated token for a token that `audience`, a provider of a pool, trusts.
    pub(super) async fn federate(&self, audience: &str, subject: &Subject) -> Result<Grant, Failure> {
        let body = form(&[
            ("grant_type", EXCHANGE.as_bytes()),
            ("audience", audience.as_bytes()),
            ("scope", SCOPE.as_bytes()),
            ("requested_token_type", ACCESS_TOKEN.as_bytes()),
            ("subject_token", subject.token.expose()),
            ("subject_token_type", subject.kind.as_bytes()),
        ]);
        let ask = Ask {
            name: "GenerateIDBindToken",
            path: &path(&["v1", "token"]),
            query: &[],
            headers: header(CONTENT_TYPE, FORM),
            body: Some(body),
            purpose: Purpose::SignIn,
        };
        Grant::read(&self.sts.ask(ask).await?.body)
    }

    /// A federated token for a token of a GKE cluster's ServiceAccount; `audience` names pool and cluster.
    pub(super) async fn bind(&self, audience: &str, token: &Sealed) -> Result<Grant, Failure> {
        let token = str::from_utf8(token.expose()).map_err(|_| Failure::unreadable())?;
        // A token is a JWT, which needs no escapes.
        let body = json!({
            "grant_type": EXCHANGE,
            "subject_token_type": JWT,
            "requested_token_type": ACCESS_TOKEN,
            "subject_token": token,
            "audience": audience,
            "scope": SCOPE,
        });
        let ask = Ask {
            name: "GenerateIDBindToken",
            path: &path(&["v1", "identitybindingtoken"]),
            query: &[],
            headers: header(CONTENT_TYPE, JSON),
            body: Some(Sealed::from(body.to_string())),
            purpose: Purpose::SignIn,
        };
        Grant::read(&self.cluster_tokens.ask(ask).await?.body)
    }

    /// An access token of the service account `email`, for one who may act as it.
    pub(super) async fn impersonate(&self, email: &str, by: &Grant) -> Result<Grant, Failure> {
        let account = format!("{email}:generateAccessToken");
        let mut headers = by.headers();
        headers.insert(CONTENT_TYPE, JSON);
        let body = json!({"scope": [SCOPE], "lifetime": "3600s"});
        let ask = Ask {
            name: "GenerateAccessToken",
            path: &path(&["v1", "projects", "-", "serviceAccounts", &account]),
            query: &[],
            headers,
            body: Some(Sealed::from(body.to_string())),
            purpose: Purpose::SignIn,
        };
        Grant::generated(&self.iam_credentials.ask(ask).await?.body)
    }

    /// A JWT of the service account `email`, for one who may have it sign.
    pub(super) async fn sign(&self, email: &str, claims: &Value, by: &Grant) -> Result<Sealed, Failure> {
        let account = format!("{email}:signJwt");
        let mut headers = by.headers();
        headers.insert(CONTENT_TYPE, JSON);
        let body = json!({"payload": claims.to_string()});
        let ask = Ask {
            name: "SignJwt",
            path: &path(&["v1", "projects", "-", "serviceAccounts", &account]),
            query: &[],
            headers,
            body: Some(Sealed::from(body.to_string())),
            purpose: Purpose::SignIn,
        };
        let answer = self.iam_credentials.ask(ask).await?;
        let signed: SignedJwt<'_> = serde_json::from_slice(answer.body.expose()).map_err(|_| Failure::unreadable())?;
        Some(signed.signed_jwt)
            .filter(|jwt| !jwt.is_empty())
            .map(|jwt| Sealed::from(&*jwt))
            .ok_or_else(Failure::unreadable)
    }
}

/// A JWT, as it was signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedJwt<'a> {
    #[serde(borrow)]
    signed_jwt: Cow<'a, str>,
}

/// With what was tried.
pub(super) fn at(failure: Failure, doing: &str) -> Error {
    failure.at(NAME, doing.to_owned())
}

/// A form in a buffer that need not grow, as what is in it is secret.
fn form(fields: &[(&str, &[u8])]) -> Sealed {
    let room: usize = fields.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            body.push(b'&');
        }
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        for piece in percent_encoding::percent_encode(value, NON_ALPHANUMERIC) {
            body.extend_from_slice(piece.as_bytes());
        }
    }
    Sealed::new(std::mem::take(&mut *body))
}

/// `text` as it stands in a form.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
