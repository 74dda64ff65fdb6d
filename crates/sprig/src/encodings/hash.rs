//! Hashes.

use super::of_text;
use crate::table::Family;
use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};
use keyferry_gotemplate::{Call, FuncError};

pub(super) fn family() -> Family {
    vec![
        ("sha1sum", of_text(|call, bytes| sum(call, &SHA1_FOR_LEGACY_USE_ONLY, bytes))),
        ("sha256sum", of_text(|call, bytes| sum(call, &SHA256, bytes))),
        ("sha512sum", of_text(|call, bytes| sum(call, &SHA512, bytes))),
        ("adler32sum", of_text(|_, bytes| Ok(adler32(bytes).to_string().into_bytes()))),
    ]
}

fn sum(call: &Call<'_>, algorithm: &'static Algorithm, bytes: &[u8]) -> Result<Vec<u8>, FuncError> {
    let sum = digest(algorithm, bytes);
    call.meter().allocate(2 * sum.as_ref().len())?;
    let hex = |byte: &u8| [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef".get(usize::from(digit)).copied());
    Ok(sum.as_ref().iter().flat_map(hex).flatten().collect())
}

/// RFC 1950.
fn adler32(bytes: &[u8]) -> u32 {
    /// The largest prime below 2^16.
    const MODULUS: u32 = 65521;
    /// How many bytes can be added before a sum could overflow.
    const SAFE: usize = 5552;
    let (mut sum, mut sums) = (1, 0);
    for chunk in bytes.chunks(SAFE) {
        for byte in chunk {
            sum += u32::from(*byte);
            sums += sum;
        }
        sum %= MODULUS;
        sums %= MODULUS;
    }
    sums << 16 | sum
}
