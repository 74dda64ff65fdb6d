//! Stores, written: certificates and key encrypted with AES-256, sealed with SHA-256.

use super::decode::{CERTIFICATE, DATA, ENCRYPTED, SHROUDED_KEY, X509};
use super::mac::seal;
use super::{Bytes, bmp, cipher};
use crate::certificates::parse::Certificate;
use crate::der::{self, BMP, CONTEXT, EXPLICIT, SET};
use crate::keys::PrivateKey;
use crate::table::Shared;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use keyferry_gotemplate::FuncError;

/// Rounds of every derivation: those of Go's `Modern2023`.
pub(super) const ROUNDS: u32 = 2048;

const LOCAL_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20];
/// By which Java knows what it may trust.
const JAVA_TRUST: &[u8] = &[0x60, 0x86, 0x48, 1, 0x86, 0xf9, 0x66, 0xad, 0xca, 0x7b, 1, 1];
const ANY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0];

/// A key and its certificates, the first of which is the key's own.
pub(super) fn store(
    host: &Shared,
    key: &PrivateKey,
    certificates: &[Bytes],
    password: &[u8],
) -> Result<Bytes, FuncError> {
    let password = bmp::terminated(password)?;
    let random = |bytes: &mut [u8]| host.fill(bytes);
    let [leaf, others @ ..] = certificates else { return Err("pkcs12: certificate missing".into()) };
    let fingerprint = der::octets(digest(&SHA1_FOR_LEGACY_USE_ONLY, leaf).as_ref());
    let mark = attribute(LOCAL_KEY, &fingerprint);
    let mut bags = vec![certificate(leaf, &[&mark])];
    bags.extend(others.iter().map(|other| certificate(other, &[])));
    let (identifier, encrypted) = cipher::encrypt(&random, &key.to_pkcs8()?, &password)?;
    let shrouded = der::sequence(&[&identifier, &der::octets(&encrypted)]);
    let key = der::sequence(&[&bag(SHROUDED_KEY, &shrouded, &[&mark])]);
    let safes = [encrypted_safe(&random, &bags, &password)?, content(DATA, &der::octets(&key))];
    Ok(finish(&random, &safes, &password))
}

/// Certificates that Java trusts, named by their subjects.
pub(super) fn trust_store(host: &Shared, certificates: &[Bytes], password: &[u8]) -> Result<Bytes, FuncError> {
    let password = bmp::terminated(password)?;
    let random = |bytes: &mut [u8]| host.fill(bytes);
    let trust = attribute(JAVA_TRUST, &der::oid(ANY_USAGE));
    let trusted = |one: &Bytes| -> Result<Bytes, FuncError> {
        let name = bmp::encode(Certificate::parse(one)?.subject.text().as_bytes())?;
        Ok(certificate(one, &[&trust, &attribute(FRIENDLY_NAME, &der::tagged(BMP, &name))]))
    };
    let bags = certificates.iter().map(trusted).collect::<Result<Vec<_>, _>>()?;
    Ok(finish(&random, &[encrypted_safe(&random, &bags, &password)?], &password))
}

fn attribute(kind: &[u8], value: &[u8]) -> Bytes {
    der::sequence(&[&der::oid(kind), &der::tagged(SET, value)])
}

fn certificate(certificate: &[u8], attributes: &[&[u8]]) -> Bytes {
    let wrapped = der::tagged(EXPLICIT, &der::octets(certificate));
    bag(CERTIFICATE, &der::sequence(&[&der::oid(X509), &wrapped]), attributes)
}

fn bag(kind: &[u8], value: &[u8], attributes: &[&[u8]]) -> Bytes {
    let value = der::tagged(EXPLICIT, value);
    if attributes.is_empty() {
        return der::sequence(&[&der::oid(kind), &value]);
    }
    der::sequence(&[&der::oid(kind), &value, &der::set_of(attributes.to_vec())])
}

fn encrypted_safe(random: &dyn Fn(&mut [u8]), bags: &[Bytes], password: &[u8]) -> Result<Bytes, FuncError> {
    let bags: Vec<&[u8]> = bags.iter().map(|bag| bag.as_slice()).collect();
    let (identifier, encrypted) = cipher::encrypt(random, &der::sequence(&bags), password)?;
    let info = der::sequence(&[&der::oid(DATA), &identifier, &der::tagged(CONTEXT, &encrypted)]);
    Ok(content(ENCRYPTED, &der::sequence(&[&der::number(0), &info])))
}

fn content(kind: &[u8], value: &[u8]) -> Bytes {
    der::sequence(&[&der::oid(kind), &der::tagged(EXPLICIT, value)])
}

fn finish(random: &dyn Fn(&mut [u8]), safes: &[Bytes], password: &[u8]) -> Bytes {
    let safes: Vec<&[u8]> = safes.iter().map(|safe| safe.as_slice()).collect();
    let authenticated = der::sequence(&safes);
    let mut salt = [0; 16];
    random(&mut salt);
    let seal = seal(&authenticated, &salt, password);
    der::sequence(&[&der::number(3), &content(DATA, &der::octets(&authenticated)), &seal])
}
