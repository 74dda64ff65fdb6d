//! Plain HTTP to loopback, for what has no client of its own: health, metrics, emulators.

use std::time::Duration;

use anyhow::{Context, Result};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

const WITHIN: Duration = Duration::from_secs(30);

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Gets `url` within 30 s, on a connection of its own.
pub async fn get(url: &str) -> Result<Answer> {
    send(Request::get(url).body(Full::default())?).await.with_context(|| format!("GET {url}"))
}

/// Sends a request within 30 s, on a connection of its own.
pub async fn send(request: Request<Full<Bytes>>) -> Result<Answer> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let (head, body) = client.request(request).await?.into_parts();
        Ok(Answer { status: head.status, body: body.collect().await?.to_bytes() })
    };
    tokio::time::timeout(WITHIN, exchange).await.context("no answer in time")?
}
