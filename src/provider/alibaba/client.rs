//! One host of Alibaba Cloud, and the calls that are made at it: `POST /` with the action in a header.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::NAME;
use super::credential::Keys;
use super::error::{Failure, Purpose, failure};
use super::sign::{Subject, authorization, fingerprint};
use crate::provider::Observer;
use crate::provider::http::{Answer, Call, Client, HeaderMap, HeaderName, HeaderValue, Method, header};
use crate::sealed::Sealed;

const ACTION: HeaderName = HeaderName::from_static("x-acs-action");
const VERSION: HeaderName = HeaderName::from_static("x-acs-version");
const DATE: HeaderName = HeaderName::from_static("x-acs-date");
const NONCE: HeaderName = HeaderName::from_static("x-acs-signature-nonce");
const DIGEST: HeaderName = HeaderName::from_static("x-acs-content-sha256");
/// Official clients send it beside a token.
const KEY_ID: HeaderName = HeaderName::from_static("x-acs-accesskey-id");
const TOKEN: HeaderName = HeaderName::from_static("x-acs-security-token");

/// What KMS and STS take as a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// One host, as one session sees it.
pub(super) struct Endpoint {
    client: Client,
    host: String,
    observer: Arc<dyn Observer>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").field("host", &self.host).finish_non_exhaustive()
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) purpose: Purpose,
    /// The operation, which metrics show too.
    pub(super) action: &'static str,
    /// The API's version, a date.
    pub(super) version: &'static str,
    pub(super) query: &'a [(&'a str, &'a str)],
    /// A form.
    pub(super) body: Option<Sealed>,
    /// Who asks; nobody where the call is not signed.
    pub(super) keys: Option<&'a Keys>,
}

impl Endpoint {
    pub(super) fn new(client: Client, observer: Arc<dyn Observer>) -> Self {
        let host = client.host();
        Self { client, host, observer }
    }

    /// Makes a call; an answer is one of success.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let started = Instant::now();
        let answer = self.exchange(&ask).await;
        self.observer.called(NAME, ask.action, answer.is_ok(), started.elapsed());
        answer
    }

    async fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let headers = headers(ask, &self.host, &now(), &nonce()).ok_or_else(Failure::unsendable)?;
        let call = Call { method: Method::POST, path: &[], query: ask.query, headers, body: ask.body.clone() };
        let answer = self.client.call(call).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(failure(&answer, ask.purpose)) }
    }
}

/// All headers of a call, signed where somebody asks; none where one of them can be no header.
fn headers(ask: &Ask<'_>, host: &str, date: &str, nonce: &str) -> Option<HeaderMap> {
    let body = fingerprint(ask.body.as_ref().map(Sealed::expose).unwrap_or_default());
    let mut headers = HeaderMap::new();
    let plain = [(ACTION, ask.action), (VERSION, ask.version), (DATE, date), (NONCE, nonce), (DIGEST, body.as_str())];
    for (name, value) in plain {
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    if ask.body.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
    }
    let Some(keys) = ask.keys else { return Some(headers) };
    if let Some(token) = &keys.token {
        headers.insert(KEY_ID, HeaderValue::from_str(&keys.id).ok()?);
        headers.insert(TOKEN, sensitive(token.expose())?);
    }
    let mut signed: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    signed.push((header::HOST.as_str(), host.as_bytes()));
    let subject = Subject { method: "POST", path: "/", query: ask.query, headers: &signed, body: &body };
    let authorization = authorization(&subject, keys);
    headers.insert(header::AUTHORIZATION, sensitive(authorization.as_bytes())?);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Some(headers)
}

fn sensitive(bytes: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Now, to the second; more than 15 minutes off are refused.
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What no other call has: a nonce is taken once.
fn nonce() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_to_the_second_and_no_nonce_comes_twice() {
        let date = now();
        assert!(date.len() == 20 && date.ends_with('Z') && date.parse::<Timestamp>().is_ok(), "{date}");
        let nonces: std::collections::BTreeSet<_> = (0..1000).map(|_| nonce()).collect();
        assert!(nonces.len() == 1000 && nonces.iter().all(|nonce| nonce.len() == 32));
    }

    #[test]
    fn a_call_of_nobody_has_no_signature_and_no_host_of_its_own() {
        let ask = Ask {
            purpose: Purpose::SignIn,
            action: "AssumeRoleWithOIDC",
            version: "2015-04-01",
            query: &[],
            body: Some("a=b".into()),
            keys: None,
        };
        let headers = headers(&ask, "sts.eu-central-1.aliyuncs.com", "2026-01-02T03:04:05Z", "n").unwrap();
        assert!(!headers.contains_key("authorization") && !headers.contains_key("host"));
        assert_eq!(headers["x-acs-content-sha256"], fingerprint(b"a=b").as_str());
    }
}
