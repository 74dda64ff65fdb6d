//! Character classes as Go sees them.

use crate::tables;
pub(crate) use crate::utf8::{characters, decode, decode_last};

pub(crate) fn count(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().count(),
        Err(_) => characters(bytes).count(),
    }
}

pub(crate) fn push(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The character of a number; U+FFFD for what is none.
pub(crate) fn character(number: u64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn within(table: &[u32], character: char) -> bool {
    table.partition_point(|&edge| edge <= u32::from(character)) % 2 == 1
}

/// Whether `character` may stand in a name.
pub(crate) fn is_alphanumeric(character: char) -> bool {
    character == '_'
        || match character {
            '\0'..='\x7f' => character.is_ascii_alphanumeric(),
            _ => within(tables::LETTER, character) || within(tables::DIGIT, character),
        }
}

/// Go's `strconv.IsPrint`.
pub(crate) fn is_print(character: char) -> bool {
    match character {
        '\0'..='\x7f' => matches!(character, ' '..='~'),
        _ => within(tables::PRINT, character),
    }
}

/// How many line feeds there are.
#[expect(clippy::naive_bytecount, reason = "a crate for this would be more than it")]
pub(crate) fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}
