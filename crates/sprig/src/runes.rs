//! Characters as Go has them: classes and cases are those of its Unicode.

mod tables;

use std::cmp::Ordering;

pub(crate) use keyferry_gotemplate::utf8::{characters, decode, decode_last};

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
