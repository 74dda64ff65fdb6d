//! The certificates that a server on loopback shows: its own, and those that nobody may believe.

use std::sync::Arc;

use anyhow::Result;
use keyferry::provider::conformance::wire::Fault;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A year that is past.
const PAST: i32 = 2001;
/// A year that is far off, and not so far that a date could not be written.
const FUTURE: i32 = 2049;

/// An authority and what it signed.
#[derive(Debug)]
pub(crate) struct Certificates {
    authority: String,
    sound: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    foreign: Arc<ServerConfig>,
    misnamed: Arc<ServerConfig>,
}

impl Certificates {
    pub(crate) fn new(names: &[&str]) -> Result<Self> {
        let names: Vec<_> = ["127.0.0.1", "localhost"].iter().chain(names).map(|name| (*name).to_owned()).collect();
        let (own, other) = (authority()?, authority()?);
        Ok(Self {
            authority: own.pem(),
            sound: signed(&own, &names, FUTURE)?,
            expired: signed(&own, &names, PAST)?,
            foreign: signed(&other, &names, FUTURE)?,
            misnamed: signed(&own, &["another.example".to_owned()], FUTURE)?,
        })
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// What is shown to a connection that comes in this weather.
    pub(crate) fn of(&self, fault: Option<&Fault>) -> Arc<ServerConfig> {
        let shown = match fault {
            Some(Fault::Expired) => &self.expired,
            Some(Fault::Foreign) => &self.foreign,
            Some(Fault::Misnamed) => &self.misnamed,
            _ => &self.sound,
        };
        Arc::clone(shown)
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of a test's");
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn signed(authority: &CertifiedIssuer<'_, KeyPair>, names: &[String], year: i32) -> Result<Arc<ServerConfig>> {
    let mut params = CertificateParams::new(names)?;
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(2000, 1, 1), rcgen::date_time_ymd(year, 1, 1));
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let chain = vec![certificate.der().clone(), authority.der().clone()];
    Ok(Arc::new(config.with_no_client_auth().with_single_cert(chain, key)?))
}
