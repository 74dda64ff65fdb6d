//! Whom a session believes, and how it shows itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, ClientBuilder, Identity};
use zeroize::Zeroizing;

use super::fault::Fault;
use crate::provider::Kind;
use crate::sealed::Sealed;

/// The most bytes of certificates that are read; the bundles of operating systems have a quarter of that.
const LONGEST: usize = 1 << 20;

/// The authorities that a server's certificate is checked with, and the client's own certificate. By default the
/// system's, and none.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    authorities: Option<Sealed>,
    identity: Option<Sealed>,
}

impl Trust {
    /// Trusts these authorities and no others; `pem` is PEM.
    pub fn authorities(&mut self, pem: Sealed) {
        self.authorities = Some(pem);
    }

    /// As [`Trust::authorities`], of a store's `caBundle`: PEM in base64.
    ///
    /// # Errors
    /// What is no base64.
    pub fn bundle(&mut self, bundle: &str) -> Result<(), Fault> {
        let text: String = bundle.split_ascii_whitespace().collect();
        let pem = STANDARD.decode(text).map_err(|_| Fault::new(Kind::Invalid, "it is no base64"))?;
        self.authorities(Sealed::new(pem));
        Ok(())
    }

    /// Shows this certificate, with its chain, where the server asks for one; both are PEM.
    pub fn identity(&mut self, certificate: &Sealed, key: &Sealed) {
        let mut both = Zeroizing::new(Vec::with_capacity(certificate.len() + key.len() + 1));
        both.extend_from_slice(key.expose());
        both.push(b'\n');
        both.extend_from_slice(certificate.expose());
        self.identity = Some(Sealed::new(std::mem::take(&mut *both)));
    }

    /// Whether it has been said whom to trust.
    pub fn has_authorities(&self) -> bool {
        self.authorities.is_some()
    }

    pub(super) fn is_default(&self) -> bool {
        self.authorities.is_none() && self.identity.is_none()
    }

    pub(super) fn apply(&self, mut builder: ClientBuilder) -> Result<ClientBuilder, Fault> {
        if let Some(pem) = &self.authorities {
            builder = builder.tls_certs_only(certificates(pem)?);
        }
        if let Some(pem) = &self.identity {
            let identity = Identity::from_pem(pem.expose());
            builder = builder.identity(identity.map_err(|_| {
                Fault::new(Kind::Invalid, "the client certificate and its key are no PEM of a certificate and a key")
            })?);
        }
        Ok(builder)
    }
}

fn certificates(pem: &Sealed) -> Result<Vec<Certificate>, Fault> {
    let invalid = || Fault::new(Kind::Invalid, "the authorities' certificates are no PEM of certificates");
    if pem.len() > LONGEST {
        return Err(invalid());
    }
    let certificates = Certificate::from_pem_bundle(pem.expose()).map_err(|_| invalid())?;
    if certificates.is_empty() { Err(invalid()) } else { Ok(certificates) }
}
