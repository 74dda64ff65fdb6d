//! Text in lines, quoted, or one after the other.

use super::{Run, of_number_and_text};
use crate::arguments::{Outcome, exactly, int, text};
use crate::output::{Output, search};
use crate::table::Family;
use crate::text_of::string_of;
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use memchr::{memchr, memrchr};
use std::borrow::Cow;

pub(super) fn family() -> Family {
    let of_any = |run: Run| Function::variadic(&[Type::Any], run).named("func(...interface {}) string");
    let wrap_with = Function::new(&[Type::INT, Type::String, Type::String], wrap_with);
    vec![
        ("quote", of_any(quote)),
        ("squote", of_any(single_quote)),
        ("cat", of_any(cat)),
        ("wrap", of_number_and_text(wrap)),
        ("wrapWith", wrap_with.named("func(int, string, string) string")),
    ]
}

/// What `write` makes of each value but `nil`, with spaces between.
fn spaced(
    call: &Call<'_>,
    values: &[Value],
    write: impl Fn(&mut Output<'_, '_>, &Value) -> Result<(), FuncError>,
) -> Outcome {
    let mut out = Output::new(call);
    for (index, value) in values.iter().filter(|value| !matches!(value, Value::Nil)).enumerate() {
        if index > 0 {
            out.push(b" ")?;
        }
        write(&mut out, value)?;
    }
    Ok(out.finish())
}

/// A value as `%v`.
fn shown<'v>(call: &Call<'_>, value: &'v Value) -> Result<Cow<'v, [u8]>, FuncError> {
    match value {
        Value::Str(text) => Ok(Cow::Borrowed(text)),
        _ => call.sprint(std::slice::from_ref(value)).map(Cow::Owned),
    }
}

fn quote(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    let call = &*call;
    spaced(call, values, |out, value| out.push(&call.sprintf(b"%q", &[string_of(call, value)?])?))
}

/// Without escapes, also of quotes inside.
fn single_quote(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    let call = &*call;
    spaced(call, values, |out, value| {
        out.push(b"'")?;
        out.push(&shown(call, value)?)?;
        out.push(b"'")
    })
}

fn cat(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    let call = &*call;
    spaced(call, values, |out, value| out.push(&shown(call, value)?))
}

fn wrap(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [width, value] = exactly(arguments)?;
    wrapped(call, value, int(width)?, b"\n", false)
}

fn wrap_with(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [width, separator, value] = exactly(arguments)?;
    let separator = text(separator)?;
    wrapped(call, value, int(width)?, if separator.is_empty() { b"\n" } else { separator }, true)
}

/// Lines of at most `width` bytes, cut at spaces. Words longer than that are cut too if `cut_words`.
fn wrapped(call: &Call<'_>, value: &Value, width: i64, separator: &[u8], cut_words: bool) -> Outcome {
    let width = usize::try_from(width).unwrap_or_default().max(1);
    let mut rest = text(value)?;
    if rest.len() <= width {
        return Ok(value.clone());
    }
    search(call, rest.len())?;
    let mut out = Output::new(call);
    while rest.len() > width {
        call.meter().step(1)?;
        if let Some(after) = rest.strip_prefix(b" ") {
            rest = after;
            continue;
        }
        let (line, after) = first_line(rest, width, cut_words);
        out.push(line)?;
        rest = after.unwrap_or_default();
        if after.is_some() {
            out.push(separator)?;
        }
    }
    out.push(rest)?;
    Ok(out.finish())
}

/// A line and what comes after it; nothing comes after a long word at the end.
fn first_line(text: &[u8], width: usize, cut_words: bool) -> (&[u8], Option<&[u8]>) {
    let at = |place: usize, next: usize| (text.get(..place).unwrap_or(text), text.get(next..));
    let tail = text.get(width..).unwrap_or_default();
    match memrchr(b' ', text.get(..=width).unwrap_or(text)) {
        Some(space) => at(space, space + 1),
        None if cut_words => at(width, width),
        None => memchr(b' ', tail).map_or((text, None), |space| at(width + space, width + space + 1)),
    }
}
