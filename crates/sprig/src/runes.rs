//! Characters as Go has them: bytes that are no UTF-8 are one U+FFFD each, and classes and cases are those of its Unicode.

mod tables;

use std::cmp::Ordering;

/// The first character of `bytes` and how many bytes it has; `(U+FFFD, 1)` if they are no UTF-8, `(U+FFFD, 0)` if there
/// are none.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let length = match bytes.first() {
        None => return (char::REPLACEMENT_CHARACTER, 0),
        Some(&first @ 0..=0x7f) => return (char::from(first), 1),
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        Some(_) => return (char::REPLACEMENT_CHARACTER, 1),
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

/// Whether the number lies in the run, before it or after it; nothing if it is stepped over.
fn place(number: u32, first: u32, last: u32, step: u32) -> Option<Ordering> {
    match () {
        () if number < first => Some(Ordering::Greater),
        () if number > last => Some(Ordering::Less),
        () => (number - first).is_multiple_of(step).then_some(Ordering::Equal),
    }
}

fn is_in(table: &[u32], character: char) -> bool {
    let (runs, _) = table.as_chunks();
    let compare =
        |&[first, last, step]: &[u32; 3]| place(character.into(), first, last, step).unwrap_or(Ordering::Less);
    runs.binary_search_by(compare).is_ok()
}

/// The character that `table` maps to, if it has it.
fn mapped(table: &[i32], character: char) -> Option<char> {
    let (runs, _) = table.as_chunks();
    let number = u32::from(character);
    let compare = |&[first, last, step, _]: &[i32; 4]| {
        let [first, last, step] = [first, last, step].map(i32::unsigned_abs);
        place(number, first, last, step).unwrap_or(Ordering::Less)
    };
    let at = runs.binary_search_by(compare).ok()?;
    let delta = runs.get(at)?.last()?;
    number.checked_add_signed(*delta).and_then(char::from_u32)
}

/// `unicode.IsSpace`.
pub(crate) fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

pub(crate) fn is_letter(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_alphabetic() } else { is_in(tables::LETTER, character) }
}

pub(crate) fn is_upper(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_uppercase() } else { is_in(tables::UPPER, character) }
}

pub(crate) fn is_lower(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_lowercase() } else { is_in(tables::LOWER, character) }
}

/// Whether it is a letter like ǅ, of which only the first half is upper case.
pub(crate) fn is_title(character: char) -> bool {
    is_in(tables::TITLE, character)
}

/// Whether it is a decimal digit of any script.
pub(crate) fn is_digit(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_digit() } else { is_in(tables::DIGIT, character) }
}

/// Whether it is a digit or another sign for a number, such as ½.
pub(crate) fn is_number(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_digit() } else { is_in(tables::NUMBER, character) }
}

pub(crate) fn is_punct(character: char) -> bool {
    is_in(tables::PUNCT, character)
}

/// One character for one, unlike Rust: ß stays as it is.
pub(crate) fn to_upper(character: char) -> char {
    match character {
        _ if character.is_ascii() => character.to_ascii_uppercase(),
        _ => mapped(tables::TO_UPPER, character).unwrap_or(character),
    }
}

pub(crate) fn to_lower(character: char) -> char {
    match character {
        _ if character.is_ascii() => character.to_ascii_lowercase(),
        _ => mapped(tables::TO_LOWER, character).unwrap_or(character),
    }
}

pub(crate) fn to_title(character: char) -> char {
    mapped(tables::TO_TITLE, character).unwrap_or_else(|| to_upper(character))
}
