//! Pieces of a string.

use super::{of_number_and_text, of_text, of_two};
use crate::arguments::{Outcome, exactly, int, text};
use crate::output::{part_of, search, walk};
use crate::runes::{characters, decode, decode_last, is_space};
use crate::table::Family;
use keyferry_gotemplate::{Call, Function, Type, Value};
use std::collections::BTreeSet;

pub(super) fn family() -> Family {
    let two_numbers = &[Type::INT, Type::INT, Type::String];
    vec![
        ("trim", of_text(trim)),
        ("trimall", of_two(trim_all)),
        ("trimAll", of_two(trim_all)),
        ("trimPrefix", of_two(trim_prefix)),
        ("trimSuffix", of_two(trim_suffix)),
        ("trunc", of_number_and_text(truncate)),
        ("abbrev", of_number_and_text(abbreviate)),
        ("abbrevboth", Function::new(two_numbers, abbreviate_both).named("func(int, int, string) string")),
        ("substr", Function::new(two_numbers, part).named("func(int, int, string) string")),
    ]
}

fn trim(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    trimmed(call, value, is_space)
}

fn trim_all(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [set, value] = exactly(arguments)?;
    let set = text(set)?;
    walk(call, set.len())?;
    let set: BTreeSet<char> = characters(set).map(|(character, _)| character).collect();
    trimmed(call, value, |character| set.contains(&character))
}

/// A text without the characters at both its ends that are `in_set`.
fn trimmed(call: &Call<'_>, value: &Value, in_set: impl Fn(char) -> bool) -> Outcome {
    let text = text(value)?;
    walk(call, text.len())?;
    let begin = end_of_set(text.len(), |gone| decode(text.get(gone..).unwrap_or_default()), &in_set);
    let text = text.get(begin..).unwrap_or_default();
    let cut = |gone| text.get(..text.len() - gone).unwrap_or_default();
    let gone = end_of_set(text.len(), |gone| decode_last(cut(gone)), &in_set);
    part_of(call, value, cut(gone))
}

/// How many bytes the characters of the set take; `next` gives the one after so many bytes.
fn end_of_set(length: usize, next: impl Fn(usize) -> (char, usize), in_set: &impl Fn(char) -> bool) -> usize {
    let mut gone = 0;
    while gone < length {
        let (character, width) = next(gone);
        if !in_set(character) {
            break;
        }
        gone += width;
    }
    gone
}

fn trim_prefix(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [prefix, value] = exactly(arguments)?;
    let (prefix, text) = (text(prefix)?, text(value)?);
    search(call, prefix.len())?;
    part_of(call, value, text.strip_prefix(prefix).unwrap_or(text))
}

fn trim_suffix(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [suffix, value] = exactly(arguments)?;
    let (suffix, text) = (text(suffix)?, text(value)?);
    search(call, suffix.len())?;
    part_of(call, value, text.strip_suffix(suffix).unwrap_or(text))
}

/// So many bytes of the beginning, or of the end if the number is negative.
fn truncate(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [count, value] = exactly(arguments)?;
    let (count, text) = (int(count)?, text(value)?);
    let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(text.len());
    let part = if count < 0 { text.get(text.len() - length..) } else { text.get(..length) };
    part_of(call, value, part.unwrap_or_default())
}

/// As Go's slices, bounds beyond the text are an error; but a negative `start` is 0, and an `end` that is negative or too
/// large is the text's.
fn part(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [start, end, value] = exactly(arguments)?;
    let text = text(value)?;
    let place = |number: i64| usize::try_from(number).ok();
    let part = match (place(int(start)?), place(int(end)?)) {
        (None, None) => None,
        (None, Some(end)) => text.get(..end),
        (Some(start), Some(end)) if end <= text.len() => text.get(start..end),
        (Some(start), _) => text.get(start..),
    };
    part_of(call, value, part.ok_or("slice bounds out of range")?)
}

fn abbreviate(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [width, value] = exactly(arguments)?;
    let width = int(width)?;
    if width < SHORTEST { Ok(value.clone()) } else { shortened(call, value, 0, width) }
}

fn abbreviate_both(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [offset, width, value] = exactly(arguments)?;
    let (offset, width) = (int(offset)?, int(width)?);
    if width < SHORTEST || offset > 0 && width < SHORTEST_WITH_OFFSET {
        return Ok(value.clone());
    }
    shortened(call, value, offset, width)
}

/// Room for a character and the dots, and for dots on both sides.
const SHORTEST: i64 = 4;
const SHORTEST_WITH_OFFSET: i64 = 7;

const DOTS: &[u8] = b"...";

/// Up to this offset nothing is left out on the left: the dots would not be shorter.
const NO_OFFSET: usize = 4;

/// A text in at most `width` bytes, with dots for what is left out. What lies at `offset` is kept.
fn shortened(call: &Call<'_>, value: &Value, offset: i64, width: i64) -> Outcome {
    let text = text(value)?;
    let narrow = width < SHORTEST_WITH_OFFSET;
    let width = usize::try_from(width).unwrap_or_default();
    if text.len() <= width {
        return Ok(value.clone());
    }
    let room = width.saturating_sub(DOTS.len());
    let offset = shifted(offset, text.len(), room);
    if offset <= NO_OFFSET {
        return call.text([text.get(..room).unwrap_or_default(), DOTS].concat());
    }
    let rest = text.get(offset..).unwrap_or_default();
    match () {
        () if narrow => call.text(b""),
        () if rest.len() > room => {
            call.text([DOTS, rest.get(..room.saturating_sub(DOTS.len())).unwrap_or_default(), DOTS].concat())
        }
        () => call.text([DOTS, rest].concat()),
    }
}

/// The offset with at least `room` bytes after it. One so negative that Go's numbers overflow is a large one.
fn shifted(offset: i64, length: usize, room: usize) -> usize {
    let most = length - room;
    let overflows = i64::try_from(length).is_ok_and(|length| length.checked_sub(offset).is_none());
    if overflows { most } else { usize::try_from(offset).unwrap_or_default().min(most) }
}
