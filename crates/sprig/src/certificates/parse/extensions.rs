//! The extensions of a certificate.

mod constraints;
mod uri;

use super::Parsed;
use crate::der::{BOOLEAN, CONTEXT, EXPLICIT, INTEGER, OCTETS, OID, Reader, SEQUENCE};
use std::collections::HashSet;
use std::net::IpAddr;

/// What the extensions say.
#[derive(Default)]
pub(crate) struct Extensions<'a> {
    pub(crate) subject_key: &'a [u8],
    pub(crate) authority_key: Option<&'a [u8]>,
    pub(crate) names: Names<'a>,
}

/// The alternative names of a subject.
#[derive(Clone, Default)]
pub(crate) struct Names<'a> {
    pub(crate) domains: Vec<&'a str>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) mailboxes: Vec<&'a str>,
    /// As Go's `url.URL` writes them.
    pub(crate) uris: Vec<String>,
}

/// `id-ce`, before the number of an extension.
const STANDARD: &[u8] = &[0x55, 0x1d];
/// `authorityInfoAccess`.
const AUTHORITY_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];

impl<'a> Extensions<'a> {
    /// All of them; each may stand once.
    pub(super) fn parse(mut wrapped: Reader<'a>) -> Parsed<Self> {
        let mut list = wrapped.within(SEQUENCE).ok_or("x509: malformed extensions")?;
        let (mut seen, mut all) = (HashSet::new(), Vec::new());
        while !list.is_empty() {
            let extension = list.within(SEQUENCE).ok_or("x509: malformed extension")?;
            let (name, is_critical, value) = parts(extension)?;
            if !seen.insert(name) {
                return Err("x509: certificate contains duplicate extension");
            }
            all.push((name, is_critical, value));
        }
        let mut extensions = Self::default();
        all.into_iter().try_for_each(|(name, is_critical, value)| extensions.take(name, is_critical, value))?;
        Ok(extensions)
    }

    fn take(&mut self, name: &[u8], is_critical: bool, value: &'a [u8]) -> Parsed<()> {
        let mut reader = Reader::new(value);
        match name.strip_prefix(STANDARD) {
            Some([14]) => self.subject_key = subject_key(is_critical, reader)?,
            Some([15]) => reader.bits().map(|_| ()).ok_or("x509: invalid key usage")?,
            Some([17]) => self.names = names(reader)?,
            Some([19]) => basic_constraints(reader).ok_or("x509: invalid basic constraints")?,
            Some([30]) => constraints::check(reader)?,
            Some([31]) => points(reader).ok_or("x509: invalid CRL distribution points")?,
            Some([32]) => policies(reader).ok_or("x509: invalid certificate policies")?,
            Some([33]) => mappings(reader).ok_or("x509: invalid policy mappings extension")?,
            Some([35]) => self.authority_key = authority_key(is_critical, reader)?,
            Some([36]) => policy_constraints(reader).ok_or("x509: invalid policy constraints extension")?,
            Some([37]) => usages(reader).ok_or("x509: invalid extended key usages")?,
            Some([54]) => reader.number().map(|_| ()).ok_or("x509: invalid inhibit any policy extension")?,
            _ if name == AUTHORITY_ACCESS => access(is_critical, reader)?,
            _ => {}
        }
        Ok(())
    }
}

fn parts(mut extension: Reader<'_>) -> Parsed<(&[u8], bool, &[u8])> {
    let name = extension.oid().ok_or("x509: malformed extension OID field")?;
    let has_critical = extension.is_next(BOOLEAN);
    let critical = if has_critical { extension.boolean() } else { Some(false) };
    let is_critical = critical.ok_or("x509: malformed extension critical field")?;
    let value = extension.bytes(OCTETS).ok_or("x509: malformed extension value field")?;
    Ok((name, is_critical, value))
}

fn subject_key(is_critical: bool, mut reader: Reader<'_>) -> Parsed<&[u8]> {
    if is_critical {
        return Err("x509: subject key identifier incorrectly marked critical");
    }
    reader.bytes(OCTETS).ok_or("x509: invalid subject key identifier")
}

fn authority_key(is_critical: bool, mut reader: Reader<'_>) -> Parsed<Option<&[u8]>> {
    if is_critical {
        return Err("x509: authority key identifier incorrectly marked critical");
    }
    let mut parts = reader.within(SEQUENCE).ok_or("x509: invalid authority key identifier")?;
    if !parts.is_next(CONTEXT) {
        return Ok(None);
    }
    parts.bytes(CONTEXT).map(Some).ok_or("x509: invalid authority key identifier")
}

fn names(mut reader: Reader<'_>) -> Parsed<Names<'_>> {
    let mut list = reader.within(SEQUENCE).ok_or("x509: invalid subject alternative names")?;
    let mut names = Names::default();
    while !list.is_empty() {
        let name = list.any().ok_or("x509: invalid subject alternative name")?;
        let text = || ascii(name.value).ok_or("x509: subject alternative name is malformed");
        match name.tag ^ CONTEXT {
            1 => names.mailboxes.push(text()?),
            2 => names.domains.push(text()?),
            6 => names.uris.push(uri::normal(text()?).ok_or("x509: cannot parse URI")?),
            7 => names.addresses.push(address(name.value).ok_or("x509: cannot parse IP address")?),
            _ => {}
        }
    }
    Ok(names)
}

/// Go's `IA5String`.
fn ascii(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())
}

/// Go shows an IPv4 address in IPv6's clothes as what it is.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
        (Ok(short), _) => Some(IpAddr::from(short)),
        (_, Ok(long)) => Some(IpAddr::from(long).to_canonical()),
        _ => None,
    }
}

fn basic_constraints(mut reader: Reader<'_>) -> Option<()> {
    let mut parts = reader.within(SEQUENCE)?;
    if parts.is_next(BOOLEAN) {
        parts.boolean()?;
    }
    if parts.is_next(INTEGER) {
        parts.number().filter(|length| *length >= 0)?;
    }
    Some(())
}

fn points(mut reader: Reader<'_>) -> Option<()> {
    let mut list = reader.within(SEQUENCE)?;
    while !list.is_empty() {
        let mut point = list.within(SEQUENCE)?;
        let Some(mut name) = point.optional(EXPLICIT)? else { continue };
        let mut uris = name.within(EXPLICIT)?;
        while uris.is_next(CONTEXT | 6) {
            uris.any()?;
        }
    }
    Some(())
}

fn policies(mut reader: Reader<'_>) -> Option<()> {
    let mut list = reader.within(SEQUENCE)?;
    let mut seen = HashSet::new();
    while !list.is_empty() {
        let policy = list.within(SEQUENCE)?.bytes(OID)?;
        let mut numbers = policy.split_inclusive(|byte| *byte < 0x80);
        let is_oid = policy.last()? < &0x80 && numbers.all(|digits| digits.first() != Some(&0x80));
        if !is_oid || !seen.insert(policy) {
            return None;
        }
    }
    Some(())
}

fn mappings(mut reader: Reader<'_>) -> Option<()> {
    let mut list = reader.within(SEQUENCE)?;
    while !list.is_empty() {
        let mut pair = list.within(SEQUENCE)?;
        pair.bytes(OID)?;
        pair.bytes(OID)?;
    }
    Some(())
}

fn policy_constraints(mut reader: Reader<'_>) -> Option<()> {
    let mut parts = reader.within(SEQUENCE)?;
    for tag in [CONTEXT, CONTEXT | 1] {
        if parts.is_next(tag) {
            parts.number_of(tag)?;
        }
    }
    Some(())
}

fn usages(mut reader: Reader<'_>) -> Option<()> {
    let mut list = reader.within(SEQUENCE)?;
    while !list.is_empty() {
        list.oid()?;
    }
    Some(())
}

fn access(is_critical: bool, mut reader: Reader<'_>) -> Parsed<()> {
    if is_critical {
        return Err("x509: authority info access incorrectly marked critical");
    }
    let mut every = || {
        let mut list = reader.within(SEQUENCE)?;
        while !list.is_empty() {
            let mut one = list.within(SEQUENCE)?;
            one.oid()?;
            one.optional(CONTEXT | 6)?;
        }
        Some(())
    };
    every().ok_or("x509: invalid authority info access")
}
