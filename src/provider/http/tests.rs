//! The client against servers on loopback: canned ones, and one that speaks TLS.

use std::net::SocketAddr;
use std::time::Instant;

use base64::Engine;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::provider::Kind;
use crate::provider::canned::{Answer as Given, Canned};
use crate::sealed::Sealed;

const LIMIT: usize = 64 * 1024;
/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(30);

fn base(reach: Reach, deadline: Duration) -> Base {
    Base { proxies: Arc::new(Matcher::builder().build()), ..Base::new(Settings { reach }, deadline, LIMIT) }
}

fn local() -> Base {
    base(Reach::Loopback, AMPLE)
}

async fn get(base: &Base, url: &str, trust: &Trust) -> Result<Answer, Fault> {
    let client = base.client(Server::parse(url)?, trust)?;
    let path = ["v1".to_owned(), "a b".to_owned()];
    let headers = HeaderMap::from_iter([(HeaderName::from_static("x-asked"), HeaderValue::from_static("yes"))]);
    client.call(Call { method: Method::GET, path: &path, query: &[("version", "1")], headers, body: None }).await
}

async fn fault(base: &Base, url: &str, trust: &Trust) -> Fault {
    get(base, url, trust).await.unwrap_err()
}

#[tokio::test]
async fn a_call_goes_out_as_it_was_made_and_its_answer_comes_back_whole() {
    let server = Canned::start([Given::Json(418, "{}".repeat(1000))]).await;
    let answer = get(&local(), &server.url, &Trust::default()).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (418, 2000));
    let asked = server.asked();
    assert_eq!(asked[0].request, "GET /v1/a%20b?version=1");
    assert_eq!(asked[0].headers["x-asked"], "yes");
    let client = local().client(Server::parse(&server.url).unwrap(), &Trust::default()).unwrap();
    let call = Call { method: Method::POST, path: &[], query: &[], headers: HeaderMap::new(), body: Some("b".into()) };
    client.call(call).await.unwrap();
    assert_eq!(server.asked()[0].body, "b");
}

#[tokio::test]
async fn a_server_that_the_administrator_chose_is_reached_where_no_store_may_reach() {
    let server = Canned::start([Given::Json(200, "{}".to_owned())]).await;
    let base = base(Reach::Remote, AMPLE);
    assert_eq!(fault(&base, &server.url, &Trust::default()).await.kind, Kind::Invalid);
    let at = || Server::parse(&server.url).unwrap();
    for client in [base.chosen(at(), &Trust::default()).unwrap(), base.beside(at()).unwrap()] {
        let call = Call { method: Method::GET, path: &[], query: &[], headers: HeaderMap::new(), body: None };
        assert_eq!(client.call(call).await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_service_beside_the_machine_is_asked_without_a_proxy() {
    let [server, proxy] = [(), ()].map(|()| Canned::start([Given::Json(200, "{}".to_owned())]));
    let (server, proxy) = (server.await, proxy.await);
    let proxies = Arc::new(Matcher::builder().http(proxy.url.clone()).build());
    let base = Base { proxies, ..base(Reach::Remote, AMPLE) };
    let client = base.beside(Server::parse(&server.url).unwrap()).unwrap();
    let call = Call { method: Method::GET, path: &[], query: &[], headers: HeaderMap::new(), body: None };
    client.call(call).await.unwrap();
    assert_eq!((server.asked().len(), proxy.asked().len()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let other = Canned::start([Given::Json(200, "{}".to_owned())]).await;
    let server = Canned::start([Given::Elsewhere(other.url.clone())]).await;
    let answer = get(&local(), &server.url, &Trust::default()).await.unwrap();
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn an_answer_ends_at_the_bound_and_in_time() {
    for (given, kind) in [
        (Given::Endless, Kind::Invalid),
        (Given::Json(200, "x".repeat(LIMIT + 1)), Kind::Invalid),
        (Given::Drip, Kind::Unavailable),
        (Given::Hang, Kind::Unavailable),
    ] {
        let server = Canned::start([given.clone()]).await;
        let started = Instant::now();
        // Endless bytes reach the bound long before the deadline does.
        let deadline = if kind == Kind::Invalid { AMPLE } else { Duration::from_millis(300) };
        let fault = fault(&base(Reach::Loopback, deadline), &server.url, &Trust::default()).await;
        assert_eq!(fault.kind, kind, "{given:?} {fault:?}");
        assert!(started.elapsed() < AMPLE, "{given:?}");
    }
    let server = Canned::start([Given::Json(200, "x".repeat(LIMIT))]).await;
    assert_eq!(get(&local(), &server.url, &Trust::default()).await.unwrap().body.len(), LIMIT);
}

#[tokio::test]
async fn a_server_on_this_machine_is_refused_by_address_and_by_name_and_hears_nothing() {
    let server = Canned::start([Given::Json(200, "{}".to_owned())]).await;
    let by_name = server.url.replace("127.0.0.1", "localhost");
    let remote = base(Reach::Remote, AMPLE);
    for url in [&server.url, &by_name] {
        let fault = fault(&remote, url, &Trust::default()).await;
        assert_eq!(fault.kind, Kind::Invalid, "{url}");
        assert!(fault.cause.contains("--allow-loopback-stores"), "{fault:?}");
    }
    assert!(server.asked().is_empty());
    assert!(get(&local(), &by_name, &Trust::default()).await.is_ok());
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to_when_it_is_connected_to() {
    // The name alone says nothing: the machine's own resolver has it as an address of this machine.
    let guard = resolver::Guard::new(Reach::Remote);
    let resolved = reqwest::dns::Resolve::resolve(&guard, "localhost".parse().unwrap()).await;
    let error = resolved.err().map(|error| error.to_string()).unwrap();
    assert!(error.contains("the operator's own machine"), "{error}");
    let resolved = reqwest::dns::Resolve::resolve(&resolver::Guard::new(Reach::Loopback), "localhost".parse().unwrap());
    assert!(resolved.await.is_ok());
}

#[tokio::test]
async fn a_proxy_is_used_where_the_environment_names_one_and_its_address_is_not_judged() {
    let proxy = Canned::start([Given::Json(200, "{}".to_owned())]).await;
    let proxies = Matcher::builder().http(proxy.url.replace("http://", "http://user:pass@")).no("direct").build();
    let base = Base { proxies: Arc::new(proxies), ..base(Reach::Remote, AMPLE) };
    assert!(get(&base, "http://vault.example.com", &Trust::default()).await.is_ok());
    let asked = proxy.asked();
    assert_eq!(asked[0].request, "GET http://vault.example.com/v1/a%20b?version=1");
    assert_eq!(asked[0].headers["proxy-authorization"], "Basic dXNlcjpwYXNz");
    // What a proxy would reach for a tenant is still refused where the URL says it.
    assert_eq!(fault(&base, "http://169.254.169.254", &Trust::default()).await.kind, Kind::Invalid);
    assert_eq!(fault(&base, "http://direct", &Trust::default()).await.kind, Kind::Unavailable);
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn sessions_without_certificates_of_their_own_share_one_client() {
    let base = local();
    let server = || Server::parse("https://a").unwrap();
    base.client(server(), &Trust::default()).unwrap();
    assert!(base.direct.get().is_some());
    let mut trust = Trust::default();
    trust.authorities("no certificate".into());
    assert_eq!(base.client(server(), &trust).unwrap_err().kind, Kind::Invalid);
    trust = Trust::default();
    trust.identity(&"no certificate".into(), &"no key".into());
    assert_eq!(base.client(server(), &trust).unwrap_err().kind, Kind::Invalid);
    assert_eq!(Trust::default().bundle("%").unwrap_err().kind, Kind::Invalid);
}

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Sealed {
        self.0.pem().into()
    }

    fn signs(&self, name: &str, year: i32) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    /// A server that says hello to whom it believes: where `clients` is given, to those whom that authority has signed.
    async fn serves(&self, name: &str, year: i32, clients: Option<&Self>) -> (SocketAddr, JoinHandle<()>) {
        let (certificate, key) = self.signs(name, year);
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from(authority.0.der().to_vec())).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
                let _ = stream.shutdown().await;
            }
        });
        (address, task)
    }
}

fn trusting(authority: &Authority) -> Trust {
    let mut trust = Trust::default();
    trust.authorities(authority.pem());
    trust
}

#[tokio::test]
async fn a_server_is_believed_by_the_stores_own_authorities_and_by_them_alone() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (address, task) = ours.serves("127.0.0.1", 2099, None).await;
    let url = format!("https://{address}");
    let answer = get(&local(), &url, &trusting(&ours)).await.unwrap();
    assert_eq!(answer.body, "{}".into());
    let mut bundle = Trust::default();
    bundle.bundle(&base64::engine::general_purpose::STANDARD.encode(ours.pem().expose())).unwrap();
    assert!(get(&local(), &url, &bundle).await.is_ok());
    for trust in [trusting(&theirs), Trust::default()] {
        let fault = fault(&local(), &url, &trust).await;
        assert_eq!(fault.kind, Kind::Unavailable);
        assert!(fault.cause.contains("signed by nobody who is trusted"), "{fault:?}");
    }
    task.abort();
}

#[tokio::test]
async fn an_expired_certificate_and_one_for_another_name_are_said_to_be_so() {
    let authority = Authority::new();
    for (name, year, words) in [("127.0.0.1", 2001, "has expired"), ("vault.example.com", 2099, "another name")] {
        let (address, task) = authority.serves(name, year, None).await;
        let fault = fault(&local(), &format!("https://{address}"), &trusting(&authority)).await;
        assert!(fault.kind == Kind::Unavailable && fault.cause.contains(words), "{fault:?}");
        task.abort();
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_the_server_asks_for_one() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let (address, task) = authority.serves("127.0.0.1", 2099, Some(&clients)).await;
    let url = format!("https://{address}");
    let without = fault(&local(), &url, &trusting(&authority)).await;
    assert_eq!(without.kind, Kind::Unavailable, "{without:?}");
    let (certificate, key) = clients.signs("client", 2099);
    let mut trust = trusting(&authority);
    trust.identity(&certificate.pem().into(), &key.serialize_pem().into());
    assert!(get(&local(), &url, &trust).await.is_ok());
    task.abort();
}

#[tokio::test]
async fn nothing_that_is_printed_shows_a_key_or_an_authority() {
    let mut trust = Trust::default();
    trust.identity(&"canary".into(), &"canary".into());
    trust.authorities("canary".into());
    assert!(!format!("{trust:?}").contains("canary"));
}
