//! A certificate by which an application shows itself.

use anyhow::{Result, anyhow};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What Entra knows of a certificate.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its SHA-256 and SHA-1, either of which an assertion may name.
    pub thumbprints: [String; 2],
    /// Its public key, DER.
    pub public: Vec<u8>,
}

/// A certificate with an RSA key of its own.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate and its key, PEM.
    pub pem: String,
    /// As an application has it.
    pub known: Known,
}

impl Certificate {
    /// Makes one that nobody else has signed.
    pub fn generate() -> Result<Self> {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key"))?;
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| anyhow!("a key without a form"))?;
        let pair = rcgen::KeyPair::try_from(der.as_ref())?;
        let certificate = rcgen::CertificateParams::new(vec!["app".to_owned()])?.self_signed(&pair)?;
        let print = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, certificate.der()));
        let thumbprints = [print(&SHA256), print(&SHA1_FOR_LEGACY_USE_ONLY)];
        let known = Known { thumbprints, public: key.public_key().as_ref().to_vec() };
        Ok(Self { pem: format!("{}{}", certificate.pem(), pair.serialize_pem()), known })
    }
}
