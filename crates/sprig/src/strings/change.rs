//! Questions about parts, replacements, repetitions.

use super::of_number_and_text;
use crate::arguments::{Outcome, exactly, int, text, texts};
use crate::output::{Output, search, walk};
use crate::runes::characters;
use crate::table::Family;
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use memchr::memmem;

pub(super) fn family() -> Family {
    let replace = Function::new(&[Type::String, Type::String, Type::String], replace);
    vec![
        ("contains", question(|part, text| memmem::find(text, part).is_some())),
        ("hasPrefix", question(|part, text| text.starts_with(part))),
        ("hasSuffix", question(|part, text| text.ends_with(part))),
        ("replace", replace.named("func(string, string, string) string")),
        ("repeat", of_number_and_text(repeat)),
        ("indent", of_number_and_text(|call, arguments| indent(call, arguments, b""))),
        ("nindent", of_number_and_text(|call, arguments| indent(call, arguments, b"\n"))),
    ]
}

/// `func(string, string) bool`, which is asked whether the first argument is a part of the second.
fn question(ask: fn(&[u8], &[u8]) -> bool) -> Function {
    let run = move |call: &mut Call<'_>, arguments: &[Value]| {
        let [part, text] = texts(arguments)?;
        search(call, part.len().saturating_add(text.len()))?;
        Ok(Value::Bool(ask(part, text)))
    };
    Function::new(&[Type::String, Type::String], run).named("func(string, string) bool")
}

fn replace(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [old, new, text] = texts(arguments)?;
    let [.., value] = exactly::<3>(arguments)?;
    search(call, text.len())?;
    match () {
        () if old == new => Ok(value.clone()),
        () if old.is_empty() => interleaved(call, text, new),
        () if memmem::find(text, old).is_none() => Ok(value.clone()),
        () => replaced(call, text, old, new),
    }
}

/// `new` before each character and at the end.
fn interleaved(call: &Call<'_>, text: &[u8], new: &[u8]) -> Outcome {
    walk(call, text.len())?;
    let mut out = Output::new(call);
    out.push(new)?;
    for (_, bytes) in characters(text) {
        out.push(bytes)?;
        out.push(new)?;
    }
    Ok(out.finish())
}

fn replaced(call: &Call<'_>, text: &[u8], old: &[u8], new: &[u8]) -> Outcome {
    let (mut out, mut done) = (Output::new(call), 0);
    for place in memmem::find_iter(text, old) {
        call.meter().step(1)?;
        out.push(text.get(done..place).unwrap_or_default())?;
        out.push(new)?;
        done = place + old.len();
    }
    out.push(text.get(done..).unwrap_or_default())?;
    Ok(out.finish())
}

/// `piece`, so many times; its bytes are taken from the budget.
fn repeated(call: &Call<'_>, piece: &[u8], count: &Value) -> Result<Vec<u8>, FuncError> {
    let count = usize::try_from(int(count)?).map_err(|_| "strings: negative Repeat count")?;
    call.meter().allocate(piece.len().saturating_mul(count))?;
    Ok(if piece.is_empty() { Vec::new() } else { piece.repeat(count) })
}

fn repeat(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [count, piece] = exactly(arguments)?;
    repeated(call, text(piece)?, count).map(Value::str)
}

/// Spaces before each line, also one that is empty.
fn indent(call: &mut Call<'_>, arguments: &[Value], before: &[u8]) -> Outcome {
    let [spaces, value] = exactly(arguments)?;
    let (text, margin) = (text(value)?, repeated(call, b" ", spaces)?);
    search(call, text.len())?;
    let mut out = Output::new(call);
    out.push(before)?;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        call.meter().step(1)?;
        out.push(&margin)?;
        out.push(line)?;
    }
    if text.last().is_none_or(|byte| *byte == b'\n') {
        out.push(&margin)?;
    }
    Ok(out.finish())
}
