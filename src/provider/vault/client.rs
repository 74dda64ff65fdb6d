//! One server, and the few calls that are made at it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::Flavor;
use super::error::{Failure, Purpose, failure, is_success};
use crate::api::provider::vault::VaultProvider;
use crate::provider::http::{Answer, Call, Client, HeaderMap, HeaderName, HeaderValue, Method};
use crate::provider::{Error, Observer};
use crate::sealed::Sealed;

const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
/// Which writes a read must see; Vault Enterprise's.
const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
const INCONSISTENT: HeaderName = HeaderName::from_static("x-vault-inconsistent");
/// Agents and proxies may ask for it, against requests that a browser was made to send.
const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");

/// Headers that are the connection's or the session's, and no store's to set.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-vault-namespace",
    "x-vault-token",
];
/// The most headers that a store may add.
const MOST_HEADERS: usize = 32;

/// A server, as one session sees it.
pub(super) struct Vault {
    pub(super) flavor: Flavor,
    client: Client,
    headers: HeaderMap,
    namespace: Option<HeaderValue>,
    auth_namespace: Option<HeaderValue>,
    /// The state that the last sign-in left behind, where reads must see it.
    index: Option<Mutex<Option<HeaderValue>>>,
    observer: Arc<dyn Observer>,
}

/// Headers may hold credentials.
impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Vault")
            .field("flavor", &self.flavor)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// ESO's name for it in metrics.
    pub(super) name: &'static str,
    pub(super) method: Method,
    /// Behind `/v1/`.
    pub(super) path: &'a [String],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) token: Option<&'a HeaderValue>,
    pub(super) body: Option<Sealed>,
}

impl Vault {
    pub(super) fn new(
        flavor: Flavor,
        spec: &VaultProvider,
        client: Client,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let value = |field: &str, text: Option<&String>| {
            let text = text.filter(|text| !text.is_empty());
            let parsed = text.map(|text| HeaderValue::from_str(text)).transpose();
            parsed.map_err(|_| flavor.refuse(field, "it is no name of a namespace"))
        };
        let namespace = value("namespace", spec.namespace.as_ref())?;
        let own = spec.auth.as_ref().and_then(|auth| auth.namespace.as_ref());
        let auth_namespace = value("auth.namespace", own)?.or_else(|| namespace.clone());
        let index = spec.read_your_writes.unwrap_or(false).then(Mutex::default);
        let headers = headers(flavor, spec)?;
        Ok(Self { flavor, client, headers, namespace, auth_namespace, index, observer })
    }

    /// Makes a call in the namespace of secrets.
    pub(super) async fn read(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        self.send(ask, self.namespace.as_ref(), Purpose::Use).await
    }

    /// Makes a call with a token to what the token's own namespace has: renewal, look-up, revocation.
    pub(super) async fn tend(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        self.send(ask, self.auth_namespace.as_ref(), Purpose::Use).await
    }

    /// Signs in.
    pub(super) async fn login(&self, path: &[String], body: Sealed) -> Result<Answer, Failure> {
        let ask = Ask { name: "Login", method: Method::POST, path, query: &[], token: None, body: Some(body) };
        let answer = self.send(ask, self.auth_namespace.as_ref(), Purpose::Login).await?;
        if let Some(index) = &self.index {
            *index.lock().unwrap_or_else(PoisonError::into_inner) = answer.headers.get(INDEX).cloned();
        }
        Ok(answer)
    }

    async fn send(&self, ask: Ask<'_>, namespace: Option<&HeaderValue>, purpose: Purpose) -> Result<Answer, Failure> {
        let Ask { name, method, path, query, token, body } = ask;
        let path: Vec<_> = std::iter::once("v1".to_owned()).chain(path.iter().cloned()).collect();
        let headers = self.headers_of(token, namespace);
        let started = Instant::now();
        let answer = self.client.call(Call { method, path: &path, query, headers, body }).await;
        let answer = answer
            .map_err(Failure::from)
            .and_then(|answer| if is_success(answer.status) { Ok(answer) } else { Err(failure(&answer, purpose)) });
        self.observer.called(self.flavor.name, name, answer.is_ok(), started.elapsed());
        answer
    }

    fn headers_of(&self, token: Option<&HeaderValue>, namespace: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = self.headers.clone();
        let index = self.index.as_ref().filter(|_| token.is_some());
        let index = index.and_then(|index| index.lock().unwrap_or_else(PoisonError::into_inner).clone());
        for (name, value) in [(TOKEN, token.cloned()), (NAMESPACE, namespace.cloned()), (INDEX, index)] {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// The headers of every request: the store's, and ours.
fn headers(flavor: Flavor, spec: &VaultProvider) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    if spec.headers.len() > MOST_HEADERS {
        return Err(flavor.refuse("headers", &format!("there are more than {MOST_HEADERS}")));
    }
    for (name, value) in &spec.headers {
        let parsed = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
        let (header, mut value) =
            parsed.ok_or_else(|| flavor.refuse("headers", &format!("{name:?} and its value are no HTTP header")))?;
        if OURS.contains(&header.as_str()) {
            return Err(flavor.refuse("headers", &format!("{name:?} is not for a store to set; remove it")));
        }
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    headers.insert(REQUEST, HeaderValue::from_static("true"));
    if spec.forward_inconsistent.unwrap_or(false) {
        headers.insert(INCONSISTENT, HeaderValue::from_static("forward-active-node"));
    }
    Ok(headers)
}
