//! The seal of a store, and keys of RFC 7292's old derivation.

use super::Bytes;
use crate::der::{self, OCTETS, Reader, SEQUENCE};
use aws_lc_rs::digest::{Algorithm, Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};
use aws_lc_rs::hmac;
use keyferry_gotemplate::{Call, FuncError};
use zeroize::Zeroizing;

const SHA1_OID: &[u8] = &[0x2b, 14, 3, 2, 26];
const SHA256_OID: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHA512_OID: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];

/// Rounds of hashing in a millisecond, or a few more.
const ROUNDS: usize = 1_000;

/// Takes the rounds from the budget. As in Go none and fewer are one.
pub(super) fn rounds(call: &Call<'_>, rounds: i64) -> Result<u32, FuncError> {
    let rounds = rounds.max(1);
    call.meter().work(usize::try_from(rounds).unwrap_or(usize::MAX) / ROUNDS + 1)?;
    Ok(u32::try_from(rounds).unwrap_or(u32::MAX))
}

/// What a key of RFC 7292's derivation is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    First = 2,
    Seal = 3,
}

/// What a key is derived from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) hash: &'static Algorithm,
    pub(super) salt: &'a [u8],
    /// In two bytes a letter.
    pub(super) password: &'a [u8],
    pub(super) rounds: u32,
}

impl Source<'_> {
    /// A key of so many bytes.
    pub(super) fn derive(&self, purpose: Purpose, length: usize) -> Bytes {
        let block = self.hash.block_len();
        let mut input = repeated(self.salt, block);
        input.extend_from_slice(&repeated(self.password, block));
        let mut key = Zeroizing::new(Vec::new());
        loop {
            let part = self.hashed(&[&vec![purpose as u8; block], &input]);
            key.extend_from_slice(&part);
            if key.len() >= length {
                key.truncate(length);
                return key;
            }
            add(&mut input, &part, block);
        }
    }

    fn hashed(&self, parts: &[&[u8]]) -> Bytes {
        let mut first = Context::new(self.hash);
        for part in parts {
            first.update(part);
        }
        let mut hash = Zeroizing::new(first.finish().as_ref().to_vec());
        for _ in 1..self.rounds {
            let next = aws_lc_rs::digest::digest(self.hash, &hash);
            hash.copy_from_slice(next.as_ref());
        }
        hash
    }
}

/// Bytes again and again, up to whole blocks; nothing stays nothing.
fn repeated(bytes: &[u8], block: usize) -> Bytes {
    let length = bytes.len().div_ceil(block) * block;
    Zeroizing::new(bytes.iter().copied().cycle().take(length).collect())
}

/// Adds the repeated part and one to each block.
fn add(input: &mut [u8], part: &[u8], block: usize) {
    for block in input.chunks_mut(block) {
        let addend: Bytes = Zeroizing::new(part.iter().copied().cycle().take(block.len()).collect());
        let mut carry = 1;
        for (digit, other) in block.iter_mut().zip(addend.iter()).rev() {
            let [high, low] = (u16::from(*digit) + u16::from(*other) + carry).to_be_bytes();
            (*digit, carry) = (low, u16::from(high));
        }
    }
}

/// The seal of a store.
pub(super) struct Seal<'a> {
    algorithm: &'a [u8],
    digest: &'a [u8],
    salt: &'a [u8],
    rounds: i64,
}

impl<'a> Seal<'a> {
    pub(super) fn read(mut parts: Reader<'a>) -> Option<Self> {
        let mut digest = parts.within(SEQUENCE)?;
        let algorithm = digest.within(SEQUENCE)?.oid()?;
        let digest = digest.bytes(OCTETS)?;
        let salt = parts.bytes(OCTETS)?;
        let rounds = if parts.is_next(der::INTEGER) { parts.number()? } else { 1 };
        Some(Self { algorithm, digest, salt, rounds })
    }

    /// Whether the password is that of the store.
    pub(super) fn fits(&self, call: &Call<'_>, content: &[u8], password: &[u8]) -> Result<bool, FuncError> {
        let (hash, mac) = match self.algorithm {
            SHA1_OID => (&SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            SHA256_OID => (&SHA256, hmac::HMAC_SHA256),
            SHA512_OID => (&SHA512, hmac::HMAC_SHA512),
            _ => return Err("pkcs12: the algorithm of the MAC is not SHA-1, SHA-256 or SHA-512".into()),
        };
        let source = Source { hash, salt: self.salt, password, rounds: rounds(call, self.rounds)? };
        let key = source.derive(Purpose::Seal, hash.output_len());
        Ok(hmac::verify(&hmac::Key::new(mac, &key), content, self.digest).is_ok())
    }
}

/// A seal of 2,048 rounds of SHA-256.
pub(super) fn seal(content: &[u8], salt: &[u8], password: &[u8]) -> Bytes {
    let source = Source { hash: &SHA256, salt, password, rounds: super::encode::ROUNDS };
    let key = source.derive(Purpose::Seal, SHA256.output_len());
    let digest = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), content);
    let digest = der::sequence(&[&der::sequence(&[&der::oid(SHA256_OID)]), &der::octets(digest.as_ref())]);
    der::sequence(&[&digest, &der::octets(salt), &der::number(super::encode::ROUNDS.into())])
}
