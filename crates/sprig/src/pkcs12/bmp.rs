//! Passwords and names in two bytes a letter.

use super::Bytes;
use keyferry_gotemplate::FuncError;
use zeroize::Zeroizing;

/// The letters of a text of any bytes, each that is no letter as U+FFFD. Letters beyond U+FFFF have no place.
pub(super) fn encode(text: &[u8]) -> Result<Bytes, FuncError> {
    let mut letters = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().encode_utf16() {
            if (0xd800..0xe000).contains(&letter) {
                return Err("pkcs12: string contains characters that cannot be encoded in UCS-2".into());
            }
            letters.extend_from_slice(&letter.to_be_bytes());
        }
        chunk.invalid().iter().for_each(|_| letters.extend_from_slice(&[0xff, 0xfd]));
    }
    Ok(letters)
}

/// The same with a zero after the last letter.
pub(super) fn terminated(text: &[u8]) -> Result<Bytes, FuncError> {
    let mut letters = encode(text)?;
    letters.extend_from_slice(&[0, 0]);
    Ok(letters)
}

/// UTF-8 of what [`terminated`] made.
pub(super) fn decode(letters: &[u8]) -> Zeroizing<String> {
    let letters = letters.strip_suffix(&[0, 0]).unwrap_or(letters);
    let numbers: Zeroizing<Vec<u16>> = Zeroizing::new(
        letters.chunks(2).map(|pair| pair.iter().fold(0, |number, byte| number << 8 | u16::from(*byte))).collect(),
    );
    Zeroizing::new(String::from_utf16_lossy(&numbers))
}
