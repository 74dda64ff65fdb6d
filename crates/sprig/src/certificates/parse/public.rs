//! The public key of a certificate.

use super::{Parsed, algorithm};
use crate::der::{NULL, Reader, SEQUENCE};
use crate::keys::{Curve, oids};

/// Checks a key of an algorithm that Go knows; any other may be anything.
pub(super) fn check(spki: &[u8]) -> Parsed<()> {
    let mut spki = Reader::new(spki).within(SEQUENCE).ok_or("x509: malformed spki")?;
    let identifier = spki.within(SEQUENCE).ok_or("x509: malformed public key algorithm identifier")?;
    let (name, parameters) = algorithm(identifier)?;
    let (bits, unused) = spki.bits().ok_or("x509: malformed subjectPublicKey")?;
    let shifted = right_aligned(bits, unused);
    let key = shifted.as_deref().unwrap_or(bits);
    match name {
        oids::RSA => rsa(parameters, key),
        oids::EC => ec(parameters, key),
        oids::ED25519 | oids::X25519 if !parameters.is_empty() => Err("x509: key encoded with illegal parameters"),
        oids::ED25519 | oids::X25519 => (key.len() == 32).then_some(()).ok_or("x509: wrong public key size"),
        oids::DSA => dsa(parameters, key),
        _ => Ok(()),
    }
}

/// Go moves bits to the right if the last of them are unused.
fn right_aligned(bits: &[u8], unused: u8) -> Option<Vec<u8>> {
    let moved = |(index, byte): (usize, &u8)| {
        let before = index.checked_sub(1).and_then(|before| bits.get(before)).copied().unwrap_or_default();
        byte >> unused | before.checked_shl(8 - u32::from(unused)).unwrap_or_default()
    };
    (unused != 0).then(|| bits.iter().enumerate().map(moved).collect())
}

fn rsa(parameters: &[u8], key: &[u8]) -> Parsed<()> {
    if parameters != [NULL, 0] {
        return Err("x509: RSA key missing NULL parameters");
    }
    let mut key = Reader::new(key).within(SEQUENCE).ok_or("x509: invalid RSA public key")?;
    key.positive().ok_or("x509: RSA modulus is not a positive number")?;
    let exponent = key.number().ok_or("x509: invalid RSA public exponent")?;
    if exponent > 0 { Ok(()) } else { Err("x509: RSA public exponent is not a positive number") }
}

fn ec(parameters: &[u8], key: &[u8]) -> Parsed<()> {
    let name = Reader::new(parameters).oid().ok_or("x509: invalid ECDSA parameters")?;
    let curve = Curve::of_oid(name).ok_or("x509: unsupported elliptic curve")?;
    curve.check(key).ok_or("x509: invalid ECDSA public key")
}

fn dsa(parameters: &[u8], key: &[u8]) -> Parsed<()> {
    Reader::new(key).positive().ok_or("x509: invalid DSA public key")?;
    let numbers = Reader::new(parameters).within(SEQUENCE);
    let all = numbers.and_then(|mut numbers| Some([numbers.positive()?, numbers.positive()?, numbers.positive()?]));
    all.map(|_| ()).ok_or("x509: invalid DSA parameters")
}
