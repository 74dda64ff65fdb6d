//! HTTP to the servers that stores name: what every provider without an SDK of its own talks through.
//!
//! A store's author decides where a request goes, so a request can go nowhere else: to the one [`Server`] of its
//! [`Client`], after no redirect, to no address that is refused ([`address`]), with certificates verified, within a
//! deadline and a bound of bytes. Names are judged by the addresses they resolve to, at every new connection, so that a
//! name that resolves anew is judged anew. A proxy of the process' environment is used as other programs use it; then it
//! is the proxy that resolves the name.

pub mod address;
mod body;
mod client;
mod fault;
mod lane;
mod resolver;
mod server;
mod target;
mod tls;

pub use address::Reach;
pub use client::{Answer, Call, Client, Letter};
pub use fault::Fault;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use lane::{Lane, Lanes};
pub use server::{Server, segments};
pub use target::Target;
pub use tls::Trust;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;

/// The longest wait for a connection; a host that does not answer in that time is down or filtered.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a connection that nobody uses stays open; longer than the default interval of polls.
const IDLE: Duration = Duration::from_secs(90);
/// How many connections to one host stay open while nobody uses them; as many as one session's calls at once.
const IDLE_CONNECTIONS: usize = 16;

/// What a process may set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether stores may name servers on this machine.
    pub reach: Reach,
}

/// What all sessions share: the way out and its bounds, and one connection pool for those without certificates of their
/// own.
#[derive(Clone)]
pub struct Base {
    reach: Reach,
    proxies: Arc<Matcher>,
    deadline: Duration,
    body_limit: usize,
    direct: Arc<OnceLock<reqwest::Client>>,
    proxied: Arc<OnceLock<reqwest::Client>>,
    beside: Arc<OnceLock<reqwest::Client>>,
}

/// Who chose a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chooser {
    /// A store's author: its address is judged.
    Store,
    /// The administrator: it may be anywhere.
    Administrator,
}

impl fmt::Debug for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Base").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Base {
    /// Reads the variables that name proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), once.
    pub(in crate::provider) fn new(settings: Settings, deadline: Duration, body_limit: usize) -> Self {
        // The session's own deadline comes first, so that a hang always reads the same.
        let deadline = deadline * 2;
        Self {
            reach: settings.reach,
            proxies: Arc::new(Matcher::from_env()),
            deadline,
            body_limit,
            direct: Arc::default(),
            proxied: Arc::default(),
            beside: Arc::default(),
        }
    }

    /// A client for `server` and for no other; calls nobody.
    ///
    /// # Errors
    /// A server that may not be reached, or certificates that are none.
    pub fn client(&self, server: Server, trust: &Trust) -> Result<Client, Fault> {
        server.admit(self.reach)?;
        let connections = self.connections(&server, trust)?;
        Ok(self.client_over(connections, server))
    }

    fn client_over(&self, connections: reqwest::Client, server: Server) -> Client {
        let reach = if self.is_proxied(&server) { None } else { Some(self.reach) };
        Client::new(connections, server, reach, self.deadline, self.body_limit)
    }

    /// A client for a server that the administrator chose, by a flag and never by a store: no address is refused.
    ///
    /// # Errors
    /// Certificates that are none.
    pub(in crate::provider) fn chosen(&self, server: Server, trust: &Trust) -> Result<Client, Fault> {
        let connections = self.build(self.is_proxied(&server), trust, Chooser::Administrator)?;
        Ok(self.client_over(connections, server))
    }

    /// As [`Base::chosen`], for the API server of the operator's own cluster: it is reached as the operator reaches it,
    /// by no proxy.
    ///
    /// # Errors
    /// Certificates that are none.
    pub(in crate::provider) fn own(&self, server: Server, trust: &Trust) -> Result<Client, Fault> {
        let connections = self.build(false, trust, Chooser::Administrator)?;
        Ok(self.client_over(connections, server))
    }

    /// As [`Base::chosen`], for a service of the machine's own link, such as a metadata server: no proxy is asked.
    ///
    /// # Errors
    /// None but those of a broken system.
    pub(in crate::provider) fn beside(&self, server: Server) -> Result<Client, Fault> {
        let connections = if let Some(client) = self.beside.get() {
            client.clone()
        } else {
            let client = self.build(false, &Trust::default(), Chooser::Administrator)?;
            self.beside.get_or_init(|| client).clone()
        };
        Ok(self.client_over(connections, server))
    }

    fn connections(&self, server: &Server, trust: &Trust) -> Result<reqwest::Client, Fault> {
        let proxied = self.is_proxied(server);
        if !trust.is_default() {
            return self.build(proxied, trust, Chooser::Store);
        }
        let shared = if proxied { &self.proxied } else { &self.direct };
        if let Some(client) = shared.get() {
            return Ok(client.clone());
        }
        let client = self.build(proxied, trust, Chooser::Store)?;
        Ok(shared.get_or_init(|| client).clone())
    }

    fn is_proxied(&self, server: &Server) -> bool {
        server.uri().is_some_and(|uri| self.proxies.intercept(&uri).is_some())
    }

    fn build(&self, proxied: bool, trust: &Trust, chooser: Chooser) -> Result<reqwest::Client, Fault> {
        self.builder(proxied, trust, chooser)?.build().map_err(|error| Fault::of(&error))
    }

    fn builder(&self, proxied: bool, trust: &Trust, chooser: Chooser) -> Result<reqwest::ClientBuilder, Fault> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("keyferry/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT.min(self.deadline))
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .no_proxy();
        // A proxied client connects to its proxy alone, whose address is the administrator's choice.
        let builder = match chooser {
            _ if proxied => builder.proxy(self.proxy()),
            Chooser::Store => builder.dns_resolver(resolver::Guard::new(self.reach)),
            Chooser::Administrator => builder,
        };
        trust.apply(builder)
    }

    fn proxy(&self) -> reqwest::Proxy {
        let proxies = Arc::clone(&self.proxies);
        reqwest::Proxy::custom(move |url| {
            let proxy = proxies.intercept(&url.as_str().parse().ok()?)?;
            let mut way = reqwest::Url::parse(&proxy.uri().to_string()).ok()?;
            if let Some((user, password)) = proxy.raw_auth() {
                way.set_username(user).ok()?;
                way.set_password(Some(password)).ok()?;
            } else if let Some((user, password)) = proxy.basic_auth().and_then(plain) {
                way.set_username(&user).ok()?;
                way.set_password(Some(&password)).ok()?;
            }
            Some(way)
        })
    }
}

/// User and password of a `Basic` header, as the matcher keeps those of a proxy's URL.
fn plain(header: &HeaderValue) -> Option<(String, String)> {
    use base64::Engine;
    let encoded = header.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let (user, password) = str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests;
