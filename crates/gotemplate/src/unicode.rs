//! UTF-8 and character classes as Go sees them: bytes that are no UTF-8 are one U+FFFD each.

use crate::tables;

/// The first character of `bytes` and how many bytes it has; `(U+FFFD, 1)` if they are no UTF-8, `(U+FFFD, 0)` if there
/// are none.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else { return (char::REPLACEMENT_CHARACTER, 0) };
    let length = match first {
        0..=0x7f => return (char::from(first), 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(character) => (character, length),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// As [`decode`], from the end.
pub(crate) fn decode_last(bytes: &[u8]) -> (char, usize) {
    for length in 2..=4.min(bytes.len()) {
        let (character, width) = decode(bytes.get(bytes.len() - length..).unwrap_or_default());
        if width == length {
            return (character, width);
        }
    }
    decode(bytes.last().map_or(b"", std::slice::from_ref))
}

/// The characters of `bytes`, each with the bytes that it is made of.
pub(crate) fn characters(mut bytes: &[u8]) -> impl Iterator<Item = (char, &[u8])> {
    std::iter::from_fn(move || {
        let (character, width) = decode(bytes);
        let (head, tail) = bytes.split_at_checked(width)?;
        bytes = tail;
        (width > 0).then_some((character, head))
    })
}

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
