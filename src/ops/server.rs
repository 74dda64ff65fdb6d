//! The process' own HTTP endpoints: metrics on one port, probes on another; plain HTTP, read only.
//!
//! Nothing here can change the process, and nothing here names a secret: it may be scraped by whoever may reach it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use super::health::{Answer, Health};
use super::metrics::Metrics;
use super::shutdown::Stop;

/// The content type of the text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where to listen, as Go writes it: `:8080` is every interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The interface; `None` is every one.
    pub host: Option<IpAddr>,
    /// The port; 0 lets the system choose.
    pub port: u16,
}

impl Listen {
    /// Reads `[host]:port`, where the host is an address, `localhost` or nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = match host {
            "" => None,
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            host => Some(host.trim_start_matches('[').trim_end_matches(']').parse().ok()?),
        };
        Some(Self { host, port: port.parse().ok()? })
    }

    /// Takes the port. Every interface means IPv6 and IPv4, or IPv4 alone where a node has no IPv6.
    pub async fn bind(self) -> Result<TcpListener, Error> {
        let bound = match self.host {
            Some(host) => TcpListener::bind((host, self.port)).await,
            None => match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await
                }
                bound => bound,
            },
        };
        bound.map_err(|source| Error::Listen { address: self, source })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            Some(host) => write!(formatter, "{}", std::net::SocketAddr::new(host, self.port)),
            None => write!(formatter, ":{}", self.port),
        }
    }
}

/// Why an endpoint is not served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or not ours to take.
    #[error("could not listen on {address}")]
    Listen {
        /// Where.
        address: Listen,
        /// Why not.
        source: io::Error,
    },
    /// The listener broke.
    #[error("could not go on serving")]
    Serve(#[source] io::Error),
}

/// Serves `routes` until `stop`; open requests are answered first.
pub async fn serve(listener: TcpListener, routes: Router, stop: Stop) -> Result<(), Error> {
    axum::serve(listener, routes).with_graceful_shutdown(stop.requested()).await.map_err(Error::Serve)
}

/// `/metrics`, in Prometheus' text format.
pub fn metrics(metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state(metrics)
}

/// `/healthz` and `/readyz`: 200, or 503 with the part that is to blame.
pub fn probes(health: Arc<Health>) -> Router {
    let live = async |State(health): State<Arc<Health>>| probe(health.live());
    let ready = async |State(health): State<Arc<Health>>| probe(health.ready());
    Router::new().route("/healthz", get(live)).route("/readyz", get(ready)).with_state(health)
}

async fn scrape(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], metrics.text())
}

fn probe(answer: Answer) -> impl IntoResponse {
    (if answer.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, answer.text)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::super::health::{Part, State as At};
    use super::super::shutdown;
    use super::*;

    async fn ask(routes: Router, path: &str) -> String {
        let listener = Listen::parse("127.0.0.1:0").unwrap().bind().await.unwrap();
        let address = listener.local_addr().unwrap();
        let (trigger, stop) = shutdown::pair();
        let server = tokio::spawn(serve(listener, routes, stop));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        trigger.stop();
        tokio::time::timeout(std::time::Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
        answer
    }

    #[test]
    fn addresses_are_written_as_in_go() {
        let parse = |text| Listen::parse(text).map(|listen| listen.to_string());
        for (text, shown) in [
            (":8080", ":8080"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:80", "127.0.0.1:80"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(shown), "{text}");
        }
        for text in ["", "8080", ":", ":http", ":70000", "example.com:80", "1.2.3:80"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let taken = Listen::parse("127.0.0.1:0").unwrap().bind().await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = Listen::parse(&address).unwrap().bind().await.unwrap_err();
        assert_eq!(error.to_string(), format!("could not listen on {address}"));
    }

    #[tokio::test]
    async fn metrics_are_served_in_the_text_format() {
        let answer = ask(metrics(Arc::new(Metrics::new(false).unwrap())), "/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
        assert!(answer.contains("\nkeyferry_build_info{"), "{answer}");
    }

    #[tokio::test]
    async fn probes_answer_two_questions() {
        let health = Arc::new(Health::default());
        health.set(Part::Poller, At::Ready);
        assert!(ask(probes(Arc::clone(&health)), "/healthz").await.starts_with("HTTP/1.1 200"));
        let answer = ask(probes(Arc::clone(&health)), "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("watches: starting"), "{answer}");
        health.set(Part::Watches, At::Ready);
        assert!(ask(probes(Arc::clone(&health)), "/readyz").await.starts_with("HTTP/1.1 200"));
        health.set(Part::Poller, At::Stalled);
        assert!(ask(probes(Arc::clone(&health)), "/healthz").await.starts_with("HTTP/1.1 503"));
    }

    #[tokio::test]
    async fn nothing_else_is_served() {
        let both = metrics(Arc::new(Metrics::new(false).unwrap())).merge(probes(Arc::new(Health::default())));
        assert!(ask(both, "/debug").await.starts_with("HTTP/1.1 404"));
    }
}
