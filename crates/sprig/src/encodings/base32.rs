//! Base32 with capitals, digits from 2 to 7 and padding.

use super::corrupt;
use keyferry_gotemplate::{Call, FuncError};

const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Characters of five bytes.
const QUANTUM: usize = 8;

pub(super) fn encode(call: &Call<'_>, bytes: &[u8]) -> Result<Vec<u8>, FuncError> {
    let length = bytes.len().div_ceil(5).saturating_mul(QUANTUM);
    call.meter().allocate(length)?;
    let mut out = Vec::with_capacity(length);
    for chunk in bytes.chunks(5) {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - chunk.len()));
        let digits = (0..QUANTUM).map(|index| DIGITS.get((bits >> (35 - 5 * index) & 31) as usize).unwrap_or(&b'='));
        out.extend(digits.take((chunk.len() * 8).div_ceil(5)));
        out.resize(out.len().next_multiple_of(QUANTUM), b'=');
    }
    Ok(out)
}

/// Line ends anywhere are left out first; places in errors do not count them.
pub(super) fn decode(call: &Call<'_>, text: &[u8]) -> Result<Vec<u8>, FuncError> {
    call.meter().allocate(text.len().saturating_mul(2))?;
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(text.len() / QUANTUM * 5);
    let mut place = 0;
    while place < text.len() {
        match quantum(&text, place) {
            Ok((bytes, read)) => {
                out.extend_from_slice(bytes.get(..read * 5 / 8).unwrap_or_default());
                place = if read < QUANTUM { text.len() } else { place + QUANTUM };
            }
            Err(wrong) => return Ok(corrupt("base32", wrong)),
        }
    }
    Ok(out)
}

/// The bytes of the characters from `start` on, and how many characters there were before the padding. An error is where
/// it is.
fn quantum(text: &[u8], start: usize) -> Result<([u8; 5], usize), usize> {
    let (mut bits, mut read) = (0_u64, 0);
    while read < QUANTUM {
        let place = start + read;
        let Some(byte) = text.get(place) else { return Err(start) };
        if *byte == b'=' && read >= 2 && text.len() - place <= QUANTUM {
            padding(text, place, read)?;
            break;
        }
        bits = bits << 5 | digit(*byte).ok_or(place)?;
        read += 1;
    }
    let [_, _, _, bytes @ ..] = (bits << (5 * (QUANTUM - read))).to_be_bytes();
    Ok((bytes, read))
}

/// Checks the padding that begins at `place` after `read` characters, and that no byte ends within those.
fn padding(text: &[u8], place: usize, read: usize) -> Result<(), usize> {
    let wanted = QUANTUM - read;
    let rest = text.get(place..).unwrap_or_default();
    if rest.len() < wanted {
        return Err(text.len());
    }
    match rest.iter().take(wanted).position(|byte| *byte != b'=') {
        Some(wrong) => Err(place + wrong - 1),
        None if matches!(read, 1 | 3 | 6) => Err(place),
        None => Ok(()),
    }
}

fn digit(byte: u8) -> Option<u64> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'2'..=b'7' => byte - b'2' + 26,
        _ => return None,
    };
    Some(value.into())
}
