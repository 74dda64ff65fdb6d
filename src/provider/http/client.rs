//! One call to one server.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::fault::Fault;
use super::server::Server;
use super::{HeaderMap, Method, StatusCode, body};
use crate::provider::pause;
use crate::sealed::Sealed;

/// What a server is asked.
#[derive(Debug)]
pub struct Call<'a> {
    /// The verb.
    pub method: Method,
    /// The path's segments behind the server's own.
    pub path: &'a [String],
    /// Names and values of the query.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers; those that are secret are to be marked so.
    pub headers: HeaderMap,
    /// The body, which is zeroed when it has been sent.
    pub body: Option<Sealed>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status; a redirect is one like any other.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Sealed,
}

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    connections: reqwest::Client,
    server: Server,
    deadline: Duration,
    body_limit: usize,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(connections: reqwest::Client, server: Server, deadline: Duration, body_limit: usize) -> Self {
        Self { connections, server, deadline, body_limit }
    }

    /// Makes the call and reads its answer, whatever its status, within twice the session's deadline.
    ///
    /// # Errors
    /// No answer, or one that is too long.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, Fault> {
        timeout(self.deadline, self.exchange(call)).await.unwrap_or_else(|_| Err(Fault::too_late()))
    }

    async fn exchange(&self, call: Call<'_>) -> Result<Answer, Fault> {
        let url = self.server.at(call.path, call.query);
        let mut request = self.connections.request(call.method, url).headers(call.headers);
        if let Some(body) = call.body {
            request = request.body(Bytes::from_owner(Sent(body)));
        }
        let answer = request.send().await.map_err(|error| Fault::of(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        pause::heed(status, &headers);
        let body = body::read(answer, self.body_limit).await?;
        Ok(Answer { status, headers, body })
    }
}

/// A body on its way; zeroed when the last who holds it lets it go.
struct Sent(Sealed);

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}
