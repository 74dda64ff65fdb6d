//! How the parts of a store are encrypted: PBES2 with AES, and the older ways, which are read only.

use super::mac::{Purpose, Source, rounds};
use super::{Bytes, bmp};
use crate::certificates::parse::algorithm;
use crate::der::{self, INTEGER, OCTETS, Reader, SEQUENCE};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use des::TdesEde3;
use des::cipher::{Array, BlockCipherDecrypt, BlockSizeUser, KeyInit as _};
use keyferry_gotemplate::{Call, FuncError};
use rc2::Rc2;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

const TRIPLE_DES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3];
const RC2_128: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 5];
const RC2_40: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 6];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const HMAC_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7];
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9];
const HMAC_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11];
const AES_128_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 2];
const AES_192_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 22];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];

/// Bytes of a salt that is written.
const SALT: usize = 16;

/// Decrypts with a password in two bytes a letter, as the algorithm says.
pub(super) fn decrypt(
    call: &Call<'_>,
    identifier: Reader<'_>,
    encrypted: &[u8],
    password: &[u8],
) -> Result<Bytes, FuncError> {
    let (name, parameters) = algorithm(identifier)?;
    if encrypted.is_empty() {
        return Err("pkcs12: empty encrypted data".into());
    }
    let mut text = Zeroizing::new(encrypted.to_vec());
    let block = match name {
        PBES2 => aes(call, parameters, &mut text, password)?,
        TRIPLE_DES => {
            let (key, first) = old_key(call, parameters, password, 24)?;
            let cipher = TdesEde3::new_from_slice(&key).map_err(|_| "pkcs12: invalid key")?;
            cbc(&cipher, &first, &mut text)?
        }
        RC2_128 | RC2_40 => {
            let length = if name == RC2_128 { 16 } else { 5 };
            let (key, first) = old_key(call, parameters, password, length)?;
            cbc(&Rc2::new_with_eff_key_len(&key, 8 * length), &first, &mut text)?
        }
        _ => return Err("pkcs12: the encryption is not PBES2, triple DES or RC2".into()),
    };
    unpadded(text, block)
}

/// The text without the padding, all of whose bytes say how long it is.
fn unpadded(mut text: Bytes, block: usize) -> Result<Bytes, FuncError> {
    let length = text.last().copied().map_or(0, usize::from);
    let padding = text.len().checked_sub(length).and_then(|start| text.get(start..)).unwrap_or_default();
    let fits = (1..=block).contains(&length) && !padding.is_empty();
    if !fits || padding.iter().any(|byte| usize::from(*byte) != length) {
        return Err("pkcs12: decryption error, incorrect padding".into());
    }
    let end = text.len() - length;
    text.truncate(end);
    Ok(text)
}

/// Key and first block of the derivation of RFC 7292 with SHA-1.
fn old_key(call: &Call<'_>, parameters: &[u8], password: &[u8], length: usize) -> Result<(Bytes, Bytes), FuncError> {
    let mut outer = Reader::new(parameters);
    let parts = outer.within(SEQUENCE).filter(|_| outer.is_empty());
    let parts = parts.and_then(|mut parts| Some((parts.bytes(OCTETS)?, parts.number()?)));
    let (salt, count) = parts.ok_or("pkcs12: invalid parameters of the encryption")?;
    let source = Source { hash: &SHA1_FOR_LEGACY_USE_ONLY, salt, password, rounds: rounds(call, count)? };
    rounds(call, count.saturating_mul(2))?;
    Ok((source.derive(Purpose::Key, length), source.derive(Purpose::First, 8)))
}

/// Decrypts block after block; answers the bytes of one.
fn cbc<C: BlockCipherDecrypt + BlockSizeUser>(cipher: &C, first: &[u8], text: &mut [u8]) -> Result<usize, FuncError> {
    let size = C::block_size();
    if !text.len().is_multiple_of(size) || first.len() != size {
        return Err("pkcs12: input is not a multiple of the block size".into());
    }
    let mut before = first.to_vec();
    for block in text.chunks_mut(size) {
        let encrypted = block.to_vec();
        cipher.decrypt_block(<&mut Array<u8, C::BlockSize>>::try_from(&mut *block).map_err(|_| "pkcs12: no block")?);
        block.iter_mut().zip(&before).for_each(|(byte, other)| *byte ^= other);
        before = encrypted;
    }
    Ok(size)
}

/// Decrypts in place; answers the bytes of a block.
fn aes(call: &Call<'_>, parameters: &[u8], text: &mut [u8], password: &[u8]) -> Result<usize, FuncError> {
    let (derivation, encryption) = pbes2(parameters).ok_or("pkcs12: invalid parameters of PBES2")?;
    let (cipher, length) = match encryption.0 {
        AES_256_CBC => (&AES_256, 32),
        AES_192_CBC => (&AES_192, 24),
        AES_128_CBC => (&AES_128, 16),
        _ => return Err("pkcs12: the encryption of PBES2 is not AES in CBC mode".into()),
    };
    let key = derived(call, derivation, length, password)?;
    let first = Reader::new(encryption.1).any().and_then(|first| <[u8; 16]>::try_from(first.value).ok());
    let first = FixedLength::from(first.ok_or("pkcs12: the first block of the encryption has not 16 bytes")?);
    if !text.len().is_multiple_of(16) {
        return Err("pkcs12: input is not a multiple of the block size".into());
    }
    let key = DecryptingKey::cbc(unbound(cipher, &key)?).map_err(|_| "pkcs12: AES failed")?;
    key.decrypt(text, DecryptionContext::Iv128(first)).map_err(|_| "pkcs12: AES failed")?;
    Ok(16)
}

fn unbound(cipher: &'static Algorithm, key: &[u8]) -> Result<UnboundCipherKey, FuncError> {
    Ok(UnboundCipherKey::new(cipher, key).map_err(|_| "pkcs12: AES failed")?)
}

/// An algorithm and its parameters.
type Named<'a> = (&'a [u8], &'a [u8]);

/// The derivation of the key, and the encryption.
fn pbes2(parameters: &[u8]) -> Option<(Named<'_>, Named<'_>)> {
    let mut outer = Reader::new(parameters);
    let mut parts = outer.within(SEQUENCE).filter(|_| outer.is_empty())?;
    Some((algorithm(parts.within(SEQUENCE)?).ok()?, algorithm(parts.within(SEQUENCE)?).ok()?))
}

fn derived(call: &Call<'_>, (name, parameters): Named<'_>, length: usize, password: &[u8]) -> Result<Bytes, FuncError> {
    if name != PBKDF2 {
        return Err("pkcs12: the key derivation of PBES2 is not PBKDF2".into());
    }
    let Derivation { salt, count, hash } = pbkdf2(parameters).ok_or("pkcs12: invalid parameters of PBKDF2")?;
    let hash = match hash {
        None | Some(HMAC_SHA1) => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(HMAC_SHA256) => pbkdf2::PBKDF2_HMAC_SHA256,
        Some(HMAC_SHA512) => pbkdf2::PBKDF2_HMAC_SHA512,
        Some(_) => return Err("pkcs12: the hash of PBKDF2 is not SHA-1, SHA-256 or SHA-512".into()),
    };
    let count = NonZeroU32::new(rounds(call, count.saturating_mul(2))? / 2).unwrap_or(NonZeroU32::MIN);
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(hash, count, salt, bmp::decode(password).as_bytes(), &mut key);
    Ok(key)
}

/// What PBKDF2 takes besides the password.
struct Derivation<'a> {
    salt: &'a [u8],
    count: i64,
    /// SHA-1 where it is not named.
    hash: Option<&'a [u8]>,
}

fn pbkdf2(parameters: &[u8]) -> Option<Derivation<'_>> {
    let mut outer = Reader::new(parameters);
    let mut parts = outer.within(SEQUENCE).filter(|_| outer.is_empty())?;
    let (salt, count) = (parts.bytes(OCTETS)?, parts.number()?);
    if parts.is_next(INTEGER) {
        parts.number()?;
    }
    let hash = match parts.optional(SEQUENCE)? {
        Some(identifier) => Some(algorithm(identifier).ok()?.0),
        None => None,
    };
    Some(Derivation { salt, count, hash })
}

/// Encrypts with AES-256 and a key of PBKDF2 with SHA-256; answers the algorithm and the encrypted bytes.
pub(super) fn encrypt(random: &dyn Fn(&mut [u8]), plain: &[u8], password: &[u8]) -> Result<(Bytes, Bytes), FuncError> {
    let (mut salt, mut first) = ([0; SALT], [0; 16]);
    random(&mut salt);
    random(&mut first);
    let count = NonZeroU32::new(super::encode::ROUNDS).unwrap_or(NonZeroU32::MIN);
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, count, &salt, bmp::decode(password).as_bytes(), key.as_mut());
    let padding = 16 - plain.len() % 16;
    let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + padding));
    text.extend_from_slice(plain);
    text.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    let key = EncryptingKey::cbc(unbound(&AES_256, &*key)?).map_err(|_| "pkcs12: AES failed")?;
    let context = EncryptionContext::Iv128(FixedLength::from(first));
    key.less_safe_encrypt(&mut text, context).map_err(|_| "pkcs12: AES failed")?;
    Ok((identifier(&salt, &first), text))
}

fn identifier(salt: &[u8], first: &[u8]) -> Bytes {
    let hash = der::sequence(&[&der::oid(HMAC_SHA256)]);
    let derivation = der::sequence(&[&der::octets(salt), &der::number(super::encode::ROUNDS.into()), &hash]);
    let derivation = der::sequence(&[&der::oid(PBKDF2), &derivation]);
    let encryption = der::sequence(&[&der::oid(AES_256_CBC), &der::octets(first)]);
    der::sequence(&[&der::oid(PBES2), &der::sequence(&[&derivation, &encryption])])
}
