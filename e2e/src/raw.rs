//! Requests to the API server as bytes, for tests about what exactly it says.

use anyhow::{Context, Result};
use http::{Method, Request, header};
use kube::Client;
use kube::client::Body;
use serde_json::Value;

/// What the API server said.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `message` of a refusal; empty where there is none.
    pub message: String,
}

impl Reply {
    /// Whether the request was carried out.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A body and how the API server is to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A whole object.
    Object,
    /// A server-side apply configuration.
    Apply,
    /// RFC 7386.
    MergePatch,
    /// RFC 6902.
    JsonPatch,
}

impl Content {
    fn media_type(self) -> &'static str {
        match self {
            Self::Object => "application/json",
            Self::Apply => "application/apply-patch+yaml",
            Self::MergePatch => "application/merge-patch+json",
            Self::JsonPatch => "application/json-patch+json",
        }
    }
}

/// Sends one request to `path` (with its query) and reads the whole answer.
pub async fn ask(client: &Client, method: Method, path: &str, body: Option<(Content, &Value)>) -> Result<Reply> {
    let mut request = Request::builder().method(method).uri(path);
    let mut bytes = Vec::new();
    if let Some((content, value)) = body {
        request = request.header(header::CONTENT_TYPE, content.media_type());
        bytes = serde_json::to_vec(value)?;
    }
    let answer = client.send(request.body(Body::from(bytes))?).await.with_context(|| format!("ask for {path}"))?;
    let status = answer.status().as_u16();
    let content: Value = serde_json::from_slice(&answer.into_body().collect_bytes().await?).unwrap_or(Value::Null);
    let message = content.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Reply { status, message })
}

/// The path of a namespaced collection, for example `("external-secrets.io/v1", "ns", "secretstores")`.
pub fn collection(api_version: &str, namespace: &str, plural: &str) -> String {
    let root = if api_version.contains('/') { "apis" } else { "api" };
    format!("/{root}/{api_version}/namespaces/{namespace}/{plural}")
}
