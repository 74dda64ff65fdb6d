//! One call to one server.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::address::Reach;
use super::fault::Fault;
use super::server::Server;
use super::target::Target;
use super::{CONNECT, HeaderMap, Method, StatusCode, body, resolver};
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

/// What a server is asked at a URL that was made for it.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The verb.
    pub method: Method,
    /// Where to; on the client's own server.
    pub target: Target,
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
    /// How far it may reach; nothing where a proxy stands between.
    reach: Option<Reach>,
    deadline: Duration,
    body_limit: usize,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(
        connections: reqwest::Client,
        server: Server,
        reach: Option<Reach>,
        deadline: Duration,
        body_limit: usize,
    ) -> Self {
        Self { connections, server, reach, deadline, body_limit }
    }

    /// What the `Host` header says, for those who sign it.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// Makes the call and reads its answer, whatever its status, within twice the session's deadline.
    ///
    /// # Errors
    /// No answer, or one that is too long.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, Fault> {
        let url = self.server.at(call.path, call.query);
        let request = self.connections.request(call.method, url).headers(call.headers);
        self.within(self.exchange(request, call.body)).await
    }

    /// As [`Client::call`], at a URL of the caller's.
    ///
    /// # Errors
    /// As for [`Client::call`]; a URL of another server than the client's.
    pub async fn send(&self, letter: Letter) -> Result<Answer, Fault> {
        let url = self.server.own(letter.target)?;
        let request = self.connections.request(letter.method, url).headers(letter.headers);
        self.within(self.exchange(request, letter.body)).await
    }

    /// Whether a URL is one of this client's server.
    pub fn serves(&self, target: &Target) -> bool {
        self.server.has(target)
    }

    /// Connects to the server and says nothing. Behind a proxy nothing is done, since it is the proxy that connects.
    ///
    /// # Errors
    /// The server's name is not known, it is out of reach, or it does not answer.
    pub async fn knock(&self) -> Result<(), Fault> {
        match self.reach {
            Some(reach) => self.within(knock(&self.server, reach)).await,
            None => Ok(()),
        }
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        timeout(self.deadline, work).await.unwrap_or_else(|_| Err(Fault::too_late()))
    }

    async fn exchange(&self, mut request: reqwest::RequestBuilder, body: Option<Sealed>) -> Result<Answer, Fault> {
        if let Some(body) = body {
            request = request.body(Bytes::from_owner(Sent(body)));
        }
        let answer = request.send().await.map_err(|error| Fault::of(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        pause::heed(status, &headers);
        let body = body::read(answer, self.body_limit).await?;
        Ok(Answer { status, headers, body })
    }
}

async fn knock(server: &Server, reach: Reach) -> Result<(), Fault> {
    let (host, port) = server.place();
    let found = tokio::net::lookup_host((host, port)).await.map_err(|_| Fault::out_of_touch())?;
    let addresses = resolver::admit(found, reach).map_err(|refused| Fault::out_of_reach(refused.0))?;
    let connecting = timeout(CONNECT, tokio::net::TcpStream::connect(addresses.as_slice())).await;
    connecting.ok().and_then(Result::ok).map(|_| ()).ok_or_else(Fault::out_of_touch)
}

/// A body on its way; zeroed when the last who holds it lets it go.
struct Sent(Sealed);

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}
