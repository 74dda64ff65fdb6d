//! Stores, opened.

use super::mac::Seal;
use super::{Bytes, bmp, cipher};
use crate::certificates::parse::Certificate;
use crate::der::{CONTEXT, EXPLICIT, OCTETS, Reader, SEQUENCE, SET};
use crate::keys::PrivateKey;
use keyferry_gotemplate::{Call, FuncError};
use zeroize::Zeroizing;

pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
pub(super) const ENCRYPTED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
pub(super) const KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1];
pub(super) const SHROUDED_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
pub(super) const CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
pub(super) const X509: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];

/// A key and its certificates, the first of which is the key's own.
pub(super) struct Store {
    pub(super) key: PrivateKey,
    pub(super) certificates: Vec<Bytes>,
}

impl Store {
    /// Opens a store, which has one key and at least one certificate.
    pub(super) fn open(call: &Call<'_>, der: &[u8], password: &[u8]) -> Result<Self, FuncError> {
        let (content, seal) = sealed(der)?;
        let password = checked(call, content, seal, bmp::terminated(password)?)?;
        let mut key = None;
        let mut certificates = Vec::new();
        for safe in safes(call, content, &password)? {
            for bag in bags(&safe)? {
                call.meter().step(1)?;
                take(call, &bag, &password, &mut key, &mut certificates)?;
            }
        }
        if certificates.is_empty() {
            return Err("pkcs12: certificate missing".into());
        }
        Ok(Self { key: key.ok_or("pkcs12: private key missing")?, certificates })
    }
}

fn take(
    call: &Call<'_>,
    bag: &Bag<'_>,
    password: &[u8],
    key: &mut Option<PrivateKey>,
    certificates: &mut Vec<Bytes>,
) -> Result<(), FuncError> {
    match bag.kind {
        CERTIFICATE => certificates.push(certificate(bag.value)?),
        KEY | SHROUDED_KEY if key.is_some() => return Err("pkcs12: expected exactly one key bag".into()),
        KEY => *key = Some(private_key(call, bag.value)?),
        SHROUDED_KEY => *key = Some(private_key(call, &shrouded(call, bag.value, password)?)?),
        _ => {}
    }
    Ok(())
}

/// Checking its numbers takes a moment.
fn private_key(call: &Call<'_>, der: &[u8]) -> Result<PrivateKey, FuncError> {
    call.meter().work(1)?;
    PrivateKey::from_pkcs8(der)
}

/// The content, and its seal if there is one.
fn sealed(der: &[u8]) -> Result<(&[u8], Option<Seal<'_>>), FuncError> {
    let malformed = "pkcs12: error reading P12 data";
    let mut parts = all(der).ok_or(malformed)?;
    let version = parts.number().ok_or(malformed)?;
    let mut content = parts.within(SEQUENCE).ok_or(malformed)?;
    let kind = content.oid().ok_or(malformed)?;
    let content = content.optional(EXPLICIT).ok_or(malformed)?;
    let seal = match parts.optional(SEQUENCE).ok_or(malformed)? {
        Some(seal) => Some(Seal::read(seal).ok_or(malformed)?),
        None => None,
    };
    if version != 3 {
        return Err("pkcs12: can only decode v3 PFX PDU's".into());
    }
    if kind != DATA {
        return Err("pkcs12: only password-protected PFX is implemented".into());
    }
    let mut content = content.ok_or(malformed)?;
    let inner = content.any().filter(|_| content.is_empty()).ok_or(malformed)?;
    Ok((inner.value, seal))
}

/// The password if it is that of the store. Some write an empty password as no letters, others as one that is zero.
fn checked(call: &Call<'_>, content: &[u8], seal: Option<Seal<'_>>, password: Bytes) -> Result<Bytes, FuncError> {
    let is_empty = *password == [0, 0];
    match seal {
        None if is_empty => Ok(password),
        None => Err("pkcs12: no MAC in data".into()),
        Some(seal) if seal.fits(call, content, &password)? => Ok(password),
        Some(seal) if is_empty && seal.fits(call, content, &[])? => Ok(Zeroizing::new(Vec::new())),
        Some(_) => Err("pkcs12: decryption password incorrect".into()),
    }
}

/// One or two parts, of which each may be encrypted.
fn safes(call: &Call<'_>, content: &[u8], password: &[u8]) -> Result<Vec<Bytes>, FuncError> {
    let malformed = "pkcs12: malformed authenticated safe";
    let mut list = all(content).ok_or(malformed)?;
    let mut safes = Vec::new();
    while !list.is_empty() {
        safes.push(list.within(SEQUENCE).ok_or(malformed)?);
        if safes.len() > 2 {
            return Err("pkcs12: expected between 1 and 2 items in the authenticated safe".into());
        }
    }
    if safes.is_empty() {
        return Err("pkcs12: expected between 1 and 2 items in the authenticated safe".into());
    }
    safes.into_iter().map(|safe| opened(call, safe, password)).collect()
}

fn opened(call: &Call<'_>, mut safe: Reader<'_>, password: &[u8]) -> Result<Bytes, FuncError> {
    let malformed = "pkcs12: malformed content of the authenticated safe";
    let kind = safe.oid().ok_or(malformed)?;
    let mut content = safe.optional(EXPLICIT).ok_or(malformed)?.ok_or(malformed)?;
    match kind {
        DATA => {
            let data = content.bytes(OCTETS).filter(|_| content.is_empty()).ok_or(malformed)?;
            Ok(Zeroizing::new(data.to_vec()))
        }
        ENCRYPTED => {
            let (identifier, encrypted) = encrypted(content).ok_or(malformed)?;
            cipher::decrypt(call, identifier, encrypted, password)
        }
        _ => Err("pkcs12: only data and encryptedData content types are supported in authenticated safe".into()),
    }
}

fn encrypted(mut content: Reader<'_>) -> Option<(Reader<'_>, &[u8])> {
    let mut parts = content.within(SEQUENCE).filter(|_| content.is_empty())?;
    parts.number().filter(|version| *version == 0)?;
    let mut info = parts.within(SEQUENCE)?;
    info.oid()?;
    let identifier = info.within(SEQUENCE)?;
    let encrypted = if info.is_next(CONTEXT) { info.bytes(CONTEXT)? } else { &[] };
    Some((identifier, encrypted))
}

struct Bag<'a> {
    kind: &'a [u8],
    value: &'a [u8],
}

fn bags(safe: &[u8]) -> Result<Vec<Bag<'_>>, FuncError> {
    let malformed = "pkcs12: malformed safe contents";
    let mut list = all(safe).ok_or(malformed)?;
    let mut bags = Vec::new();
    while !list.is_empty() {
        bags.push(list.within(SEQUENCE).and_then(bag).ok_or(malformed)?);
    }
    Ok(bags)
}

fn bag(mut parts: Reader<'_>) -> Option<Bag<'_>> {
    let kind = parts.oid()?;
    let value = parts.bytes(EXPLICIT)?;
    if let Some(mut attributes) = parts.optional(SET)? {
        while !attributes.is_empty() {
            let mut attribute = attributes.within(SEQUENCE)?;
            attribute.oid()?;
            attribute.any()?;
        }
    }
    Some(Bag { kind, value })
}

fn certificate(bag: &[u8]) -> Result<Bytes, FuncError> {
    let malformed = "pkcs12: error decoding cert bag";
    let mut parts = all(bag).ok_or(malformed)?;
    let kind = parts.oid().ok_or(malformed)?;
    let mut wrapped = parts.wrapped(EXPLICIT, OCTETS).ok_or(malformed)?.ok_or(malformed)?;
    let der = wrapped.bytes(OCTETS).ok_or(malformed)?;
    if kind != X509 {
        return Err("pkcs12: only X509 certificates are supported in cert bags".into());
    }
    Certificate::parse(der)?;
    Ok(Zeroizing::new(der.to_vec()))
}

fn shrouded(call: &Call<'_>, bag: &[u8], password: &[u8]) -> Result<Bytes, FuncError> {
    let malformed = "pkcs12: error decoding PKCS#8 shrouded key bag";
    let mut parts = all(bag).ok_or(malformed)?;
    let identifier = parts.within(SEQUENCE).ok_or(malformed)?;
    let encrypted = parts.bytes(OCTETS).ok_or(malformed)?;
    let key = cipher::decrypt(call, identifier, encrypted, password)?;
    let mut whole = Reader::new(&key);
    whole.any().filter(|_| whole.is_empty()).ok_or("pkcs12: error unmarshaling decrypted private key")?;
    Ok(key)
}

/// The elements of a sequence with nothing after it.
fn all(der: &[u8]) -> Option<Reader<'_>> {
    let mut outer = Reader::new(der);
    outer.within(SEQUENCE).filter(|_| outer.is_empty())
}
