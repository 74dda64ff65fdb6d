//! Upper and lower case, character by character.

use super::of_text;
use crate::arguments::{Outcome, texts};
use crate::output::{Output, walk};
use crate::runes::{
    characters, is_digit, is_letter, is_lower, is_space, is_title, is_upper, to_lower, to_title, to_upper,
};
use crate::table::Family;
use keyferry_gotemplate::{Call, Value};

pub(super) fn family() -> Family {
    vec![
        ("upper", of_text(|call, arguments| map(call, arguments, to_upper))),
        ("lower", of_text(|call, arguments| map(call, arguments, to_lower))),
        ("title", of_text(title)),
        ("untitle", of_text(untitle)),
        ("swapcase", of_text(swap)),
        ("initials", of_text(initials)),
        ("nospace", of_text(without_spaces)),
    ]
}

/// The text with each character changed, one after the other. Bytes that are no UTF-8 become U+FFFD.
fn map(call: &mut Call<'_>, arguments: &[Value], mut change: impl FnMut(char) -> char) -> Outcome {
    let [text] = texts(arguments)?;
    walk(call, text.len())?;
    let mut out = Output::new(call);
    characters(text).try_for_each(|(character, _)| out.push_char(change(character)))?;
    Ok(out.finish())
}

/// `strings.Title`, to which words end at all that is neither letter, digit nor underscore; beyond ASCII only at spaces.
fn title(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let mut before = ' ';
    map(call, arguments, |character| {
        let first = is_separator(std::mem::replace(&mut before, character));
        if first { to_title(character) } else { character }
    })
}

fn is_separator(character: char) -> bool {
    match character {
        '\0'..='\x7f' => !character.is_ascii_alphanumeric() && character != '_',
        _ => !is_letter(character) && !is_digit(character) && is_space(character),
    }
}

fn untitle(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let mut first = true;
    map(call, arguments, |character| {
        if is_space(character) {
            first = true;
            return character;
        }
        if std::mem::take(&mut first) { to_lower(character) } else { character }
    })
}

/// What is lower case becomes upper case, and title case at the beginning of a word.
fn swap(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let mut after_space = true;
    map(call, arguments, |character| {
        let (swapped, space) = match character {
            _ if is_upper(character) || is_title(character) => (to_lower(character), false),
            _ if is_lower(character) && after_space => (to_title(character), false),
            _ if is_lower(character) => (to_upper(character), after_space),
            _ => (character, is_space(character)),
        };
        after_space = space;
        swapped
    })
}

/// The first byte of each word, as the character of that number: sprig takes text for Latin-1 here.
fn initials(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [text] = texts(arguments)?;
    walk(call, text.len())?;
    let (mut out, mut after_space) = (Output::new(call), true);
    for character in text.iter().map(|byte| char::from(*byte)) {
        if is_space(character) {
            after_space = true;
        } else if std::mem::take(&mut after_space) {
            out.push_char(character)?;
        }
    }
    Ok(out.finish())
}

/// As [`initials`], bytes are characters; text without spaces stays as it is.
fn without_spaces(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [text] = texts(arguments)?;
    walk(call, text.len())?;
    if !text.iter().any(|byte| is_space(char::from(*byte))) {
        return Ok(arguments.first().cloned().unwrap_or(Value::Nil));
    }
    let mut out = Output::new(call);
    let mut kept = text.iter().map(|byte| char::from(*byte)).filter(|character| !is_space(*character));
    kept.try_for_each(|character| out.push_char(character))?;
    Ok(out.finish())
}
