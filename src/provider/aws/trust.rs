//! The authorities that AWS' certificates are checked with, where the system's are not meant: those of a proxy that
//! breaks TLS, or of an endpoint of one's own.

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::sealed::Sealed;

/// The most bytes of certificates that are read; the bundles of operating systems have a quarter of that.
const LONGEST: usize = 1 << 20;

/// Certificates of authorities, PEM; each of them can be read.
#[derive(Clone, Debug)]
pub struct Authorities(Sealed);

impl Authorities {
    /// Reads them. The SDK would panic at what is no certificate.
    ///
    /// # Errors
    /// In words of ours, what is wrong with them.
    pub fn read(pem: Sealed) -> Result<Self, &'static str> {
        if pem.len() > LONGEST {
            return Err("it is longer than a mebibyte, which no bundle of authorities is");
        }
        let invalid = "it is no PEM of certificates";
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.expose()) {
            roots.add(certificate.map_err(|_| invalid)?).map_err(|_| invalid)?;
        }
        if roots.is_empty() { Err(invalid) } else { Ok(Self(pem)) }
    }
}

/// What connections are checked with: the authorities and no others, or the system's.
pub(super) fn context(authorities: Option<&Authorities>) -> TlsContext {
    let Some(Authorities(pem)) = authorities else { return TlsContext::default() };
    let store = TrustStore::empty().with_pem_certificate(pem.expose());
    TlsContext::builder().with_trust_store(store).build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        let wrapped = |inner: &str| format!("-----BEGIN CERTIFICATE-----\n{inner}\n-----END CERTIFICATE-----\n");
        for bad in [String::new(), "certificates".to_owned(), wrapped("AAAA"), wrapped("?"), "a".repeat(LONGEST + 1)] {
            assert!(Authorities::read(Sealed::from(bad)).is_err());
        }
    }
}
