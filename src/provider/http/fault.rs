//! What went wrong on the way, in words that hold nothing of the request or the answer.

use std::error::Error as Source;

use rustls::{CertificateError, Error as Tls};

use super::lane::Gone;
use super::resolver::Refused;
use crate::provider::{Error, Kind};

/// Why a call has no answer, before it is said who was asked for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What a caller may conclude.
    pub kind: Kind,
    /// What happened, and what helps.
    pub cause: String,
    /// Whether the answer was longer than may be read.
    pub excess: bool,
}

impl Fault {
    /// A fault in words of the caller's.
    pub fn new(kind: Kind, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), excess: false }
    }

    /// With who was asked, and for what.
    pub fn at(self, provider: &'static str, doing: String) -> Error {
        Error { provider, doing, kind: self.kind, cause: self.cause }
    }

    pub(super) fn out_of_reach(what: &str) -> Self {
        let cause = format!(
            "the server's host is {what}, which no store may name; name another host, or run the operator with \
             --allow-loopback-stores if it is meant to reach its own machine"
        );
        Self::new(Kind::Invalid, cause)
    }

    pub(super) fn out_of_touch() -> Self {
        Self::new(Kind::Unavailable, "the server could not be reached; check its URL, name resolution and network")
    }

    pub(super) fn too_late() -> Self {
        Self::new(Kind::Unavailable, "the server did not answer in time")
    }

    pub(super) fn too_long(limit: usize) -> Self {
        Self { excess: true, ..Self::new(Kind::Invalid, format!("the answer is longer than {limit} bytes")) }
    }

    /// What a failure of the client means.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if let Some(refused) = find::<Refused>(error) {
            return Self::out_of_reach(refused.0);
        }
        if find::<Gone>(error).is_some() {
            let cause =
                "the server closed the connection that was to be signed in; it, or a proxy before it, must keep it";
            return Self::new(Kind::Unavailable, cause);
        }
        if let Some(tls) = find::<Tls>(error) {
            return Self::new(Kind::Unavailable, of_tls(tls));
        }
        match () {
            () if error.is_timeout() => Self::too_late(),
            () if error.is_connect() => Self::out_of_touch(),
            () if error.is_builder() => Self::new(Kind::Invalid, "the request could not be built"),
            () => Self::new(Kind::Unavailable, "the connection broke off before the answer was complete"),
        }
    }
}

fn of_tls(error: &Tls) -> &'static str {
    match error {
        Tls::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "the server's certificate has expired; renew it"
        }
        Tls::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            "the server's certificate is not valid yet; check the clocks"
        }
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "the server's certificate is for another name; use the name that is in it",
        Tls::InvalidCertificate(_) => {
            "the server's certificate is signed by nobody who is trusted; give the authority in caBundle or caProvider"
        }
        Tls::AlertReceived(_) => {
            "the server ended the TLS handshake; it may want a client certificate, or another one than was given"
        }
        _ => "no TLS connection came about; check the URL's scheme and port",
    }
}

/// The first `E` among an error and what it says it was caused by, also inside of [`std::io::Error`]s.
fn find<'a, E: Source + 'static>(error: &'a (dyn Source + 'static)) -> Option<&'a E> {
    let mut next: Option<&'a (dyn Source + 'static)> = Some(error);
    // Bounded, since a chain is a library's to make.
    for _ in 0..16 {
        let error = next?;
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
