//! The server behind a wire.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where a wire passes requests on to.
#[derive(Clone, Debug)]
pub struct Upstream {
    address: SocketAddr,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl Upstream {
    /// A server without TLS.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    /// A server with TLS that is known as `name` (a host name or an address) and signed by `authority`, PEM.
    pub fn secure(address: SocketAddr, name: &str, authority: &str) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(certificate.context("the server's authority")?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        Ok(Self { address, tls: Some((config, ServerName::try_from(name.to_owned())?)) })
    }

    /// The whole answer to `request`, which goes out on a connection of its own with the headers it came with.
    pub(super) async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let stream = TcpStream::connect(self.address).await.context("the server behind the wire")?;
        match &self.tls {
            None => exchange(stream, request).await,
            Some((config, name)) => {
                let stream = TlsConnector::from(config.clone()).connect(name.clone(), stream).await?;
                exchange(stream, request).await
            }
        }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Bytes>,
) -> Result<Response<Bytes>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    without_framing(&mut head.headers);
    let (mut head, body) = sender.send_request(Request::from_parts(head, Full::new(body))).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    without_framing(&mut head.headers);
    Ok(Response::from_parts(head, body))
}

/// Takes away what says how long the body is and how it is sent, which is for the next hop to say.
fn without_framing(headers: &mut HeaderMap) {
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        headers.remove(name);
    }
}
