//! One service of an emulator, in AWS' JSON and query protocols.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::{Request, header};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::Value;

use super::REGION;
use crate::http::Answer;

/// How often a call is made at which moto breaks, and the pause between two.
const TRIES: usize = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A key that signs; of a user or, with a token, of a session.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// What it is known by.
    pub id: String,
    /// What it signs with.
    pub secret: String,
    /// The session's token, if it is a session's.
    pub token: Option<String>,
}

/// A client of one service. A failed call is an error with AWS' code and never a value.
#[derive(Clone, Debug)]
pub struct Api {
    endpoint: String,
    service: &'static str,
    target: &'static str,
    signer: Option<AccessKey>,
}

impl Api {
    /// A client of the service that signatures call `service` and its JSON protocol `target`. Without
    /// [`Api::signed_by`] its calls carry a signature that is none.
    pub fn at(endpoint: &str, service: &'static str, target: &'static str) -> Self {
        Self { endpoint: endpoint.to_owned(), service, target, signer: None }
    }

    /// The same, whose calls `key` signs.
    #[must_use]
    pub fn signed_by(self, key: &AccessKey) -> Self {
        Self { signer: Some(key.clone()), ..self }
    }

    /// A call in the JSON protocol. One at which moto itself breaks is made again: it goes through all it has while
    /// another thread adds something ("dictionary changed size during iteration"), and answers 500 with a page of HTML.
    pub async fn call(&self, operation: &str, body: Value) -> Result<Value> {
        for _ in 1..TRIES {
            let answer = self.send_json(operation, &body).await?;
            let broke = answer.status.is_server_error() && is_no_json(&answer);
            if !broke {
                return content(operation, &answer);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        content(operation, &self.send_json(operation, &body).await?)
    }

    /// A call in the query protocol, of this version of the API; the answer is XML.
    pub async fn query(&self, version: &str, operation: &str, fields: &[(&str, &str)]) -> Result<String> {
        let escaped = |text: &str| -> String {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
            text.bytes().map(one).collect()
        };
        let all = [("Action", operation), ("Version", version)];
        let pairs: Vec<_> =
            all.iter().chain(fields).map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        let answer = self.send(&headers, pairs.join("&")).await.with_context(|| operation.to_owned())?;
        if !answer.is_success() {
            bail!("{operation} answered {}", answer.status);
        }
        Ok(answer.text())
    }

    async fn send_json(&self, operation: &str, body: &Value) -> Result<Answer> {
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{}.{operation}", self.target)),
        ];
        self.send(&headers, body.to_string()).await.with_context(|| format!("{operation} at {}", self.endpoint))
    }

    async fn send(&self, headers: &[(&'static str, String)], body: String) -> Result<Answer> {
        let mut request = Request::post(format!("{}/", self.endpoint));
        for (name, value) in headers.iter().cloned().chain(self.signature(headers, &body)?) {
            request = request.header(name, value);
        }
        crate::http::send(request.body(Full::from(Bytes::from(body)))?).await
    }

    fn signature(&self, headers: &[(&'static str, String)], body: &str) -> Result<Vec<(&'static str, String)>> {
        let Some(key) = &self.signer else {
            let scope = format!("20260101/{REGION}/{}/aws4_request", self.service);
            let none = format!("AWS4-HMAC-SHA256 Credential=fixtures/{scope}, SignedHeaders=host, Signature=0");
            return Ok(vec![(header::AUTHORIZATION.as_str(), none)]);
        };
        let identity = Credentials::new(&key.id, &key.secret, key.token.clone(), None, "fixture").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let url = format!("{}/", self.endpoint);
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body.as_bytes()))?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        let (headers, _) = instructions.into_parts();
        Ok(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
    }
}

fn is_no_json(answer: &Answer) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_err()
}

/// What an answer says; of one that is no JSON its status alone, since a parser's words may quote what it could not read.
fn content(operation: &str, answer: &Answer) -> Result<Value> {
    let content: Value = serde_json::from_slice(&answer.body)
        .ok()
        .with_context(|| format!("{operation} answered {}, and no JSON", answer.status))?;
    if !answer.is_success() {
        let code = content.get("__type").and_then(Value::as_str).unwrap_or("no code");
        bail!("{operation} answered {}: {code}", answer.status);
    }
    Ok(content)
}
