//! Certificates, read as Go's `crypto/x509` reads them.

mod extensions;
mod name;
mod public;
mod time;

pub(crate) use extensions::Names;
pub(crate) use name::{Name, in_der};

use crate::der::{CONTEXT, EXPLICIT, Reader, SEQUENCE};
use extensions::Extensions;

/// What goes wrong has a name that shows nothing of the certificate.
pub(crate) type Parsed<T> = Result<T, &'static str>;

/// The parts of a certificate that functions look at.
#[derive(Clone)]
pub(crate) struct Certificate<'a> {
    /// All of it.
    pub(crate) raw: &'a [u8],
    pub(crate) subject: Name<'a>,
    /// What it certifies: algorithm and key.
    pub(crate) public_key: &'a [u8],
    /// Empty if it has none.
    pub(crate) subject_key: &'a [u8],
    pub(crate) authority_key: Option<&'a [u8]>,
    pub(crate) names: Names<'a>,
}

impl<'a> Certificate<'a> {
    /// A certificate with nothing after it.
    pub(crate) fn parse(der: &'a [u8]) -> Parsed<Self> {
        let (certificate, rest) = Self::first(der)?;
        if rest.is_empty() { Ok(certificate) } else { Err("x509: trailing data") }
    }

    /// The first certificate, and what follows it.
    pub(crate) fn first(der: &'a [u8]) -> Parsed<(Self, &'a [u8])> {
        let raw = Reader::new(der).element(SEQUENCE).ok_or("x509: malformed certificate")?;
        let mut outer = Reader::new(raw.value);
        let mut inner = outer.within(SEQUENCE).ok_or("x509: malformed tbs certificate")?;
        let version = version(&mut inner)?;
        let serial = inner.integer().ok_or("x509: malformed serial number")?;
        if serial.first().is_some_and(|byte| *byte >= 0x80) {
            return Err("x509: negative serial number");
        }
        algorithms(&mut inner, &mut outer)?;
        let _issuer = Name::parse(&mut inner)?;
        time::validity(&mut inner)?;
        let subject = Name::parse(&mut inner)?;
        let public_key = inner.element(SEQUENCE).ok_or("x509: malformed spki")?.whole;
        public::check(public_key)?;
        let extensions = extensions(&mut inner, version)?;
        outer.bits().ok_or("x509: malformed signature")?;
        let Extensions { subject_key, authority_key, names } = extensions;
        let certificate = Self { raw: raw.whole, subject, public_key, subject_key, authority_key, names };
        Ok((certificate, der.get(raw.whole.len()..).unwrap_or_default()))
    }

    /// Whether it names itself as its issuer, or nobody.
    pub(crate) fn is_root(&self) -> bool {
        self.authority_key.is_none_or(|key| key == self.subject_key)
    }
}

/// 1 to 3.
fn version(inner: &mut Reader<'_>) -> Parsed<i64> {
    let wrapped = inner.optional(EXPLICIT).ok_or("x509: malformed version")?;
    let Some(mut wrapped) = wrapped else { return Ok(1) };
    let version = wrapped.number().filter(|version| *version >= 0 && wrapped.is_empty());
    match version.ok_or("x509: malformed version")? {
        version @ 0..=2 => Ok(version + 1),
        _ => Err("x509: invalid version"),
    }
}

/// The signature's algorithm stands in two places that must agree.
fn algorithms(inner: &mut Reader<'_>, outer: &mut Reader<'_>) -> Parsed<()> {
    let signed = inner.bytes(SEQUENCE).ok_or("x509: malformed signature algorithm identifier")?;
    let used = outer.bytes(SEQUENCE).ok_or("x509: malformed algorithm identifier")?;
    if signed != used {
        return Err("x509: inner and outer signature algorithm identifiers don't match");
    }
    algorithm(Reader::new(signed)).map(|_| ())
}

/// An algorithm and its parameters, which may be missing.
pub(crate) fn algorithm(mut identifier: Reader<'_>) -> Parsed<(&[u8], &[u8])> {
    let name = identifier.oid().ok_or("x509: malformed OID")?;
    if identifier.is_empty() {
        return Ok((name, &[]));
    }
    Ok((name, identifier.any().ok_or("x509: malformed parameters")?.whole))
}

fn extensions<'a>(inner: &mut Reader<'a>, version: i64) -> Parsed<Extensions<'a>> {
    if version > 1 {
        inner.optional(CONTEXT | 1).ok_or("x509: malformed issuerUniqueID")?;
        inner.optional(CONTEXT | 2).ok_or("x509: malformed subjectUniqueID")?;
    }
    if version < 3 {
        return Ok(Extensions::default());
    }
    match inner.optional(EXPLICIT | 3).ok_or("x509: malformed extensions")? {
        Some(list) => Extensions::parse(list),
        None => Ok(Extensions::default()),
    }
}
