//! Strings cut into lists and made of lists.

use super::of_two;
use crate::arguments::{Outcome, exactly, int, text, texts};
use crate::output::{Output, search};
use crate::runes::decode;
use crate::table::Family;
use crate::text_of::{string_of, strings_of};
use keyferry_gotemplate::{Call, FuncError, Function, List, Map, Type, Value};
use memchr::memmem;

pub(super) fn family() -> Family {
    let split_some = Function::new(&[Type::String, Type::INT, Type::String], split_some);
    vec![
        ("split", of_two(split).named("func(string, string) map[string]string")),
        ("splitn", split_some.named("func(string, int, string) map[string]string")),
        ("splitList", of_two(split_list).named("func(string, string) []string")),
        ("join", Function::new(&[Type::String, Type::Any], join).named("func(string, interface {}) string")),
        ("sortAlpha", Function::new(&[Type::Any], sort).named("func(interface {}) []string")),
    ]
}

fn split(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [separator, text] = texts(arguments)?;
    numbered(call, &parts(call, text, separator, usize::MAX)?)
}

fn split_some(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [separator, most, value] = exactly(arguments)?;
    let most = usize::try_from(int(most)?).unwrap_or(usize::MAX);
    numbered(call, &parts(call, text(value)?, text(separator)?, most)?)
}

fn split_list(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [separator, text] = texts(arguments)?;
    let parts = parts(call, text, separator, usize::MAX)?;
    call.meter().allocate(parts.iter().map(|part| part.len() + size_of::<Value>()).sum())?;
    Ok(List::strings(parts).into())
}

/// The parts between separators, at most so many, the last with all that is left. Without a separator each character is
/// a part. Each takes a step, and the list itself is taken from the budget.
fn parts<'t>(call: &Call<'_>, text: &'t [u8], separator: &[u8], most: usize) -> Result<Vec<&'t [u8]>, FuncError> {
    search(call, text.len())?;
    let finder = memmem::Finder::new(separator);
    let (mut parts, mut rest) = (Vec::new(), Some(text).filter(|text| !(text.is_empty() && separator.is_empty())));
    while let Some(text) = rest.filter(|_| parts.len() < most) {
        call.meter().step(1)?;
        call.meter().allocate(size_of::<&[u8]>())?;
        let cut = if parts.len() + 1 < most { next_cut(text, &finder) } else { None };
        let (part, after) =
            cut.map_or((text, None), |(end, next)| (text.get(..end).unwrap_or_default(), text.get(next..)));
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}

/// Where the first part ends and the next begins.
fn next_cut(text: &[u8], separator: &memmem::Finder<'_>) -> Option<(usize, usize)> {
    let length = separator.needle().len();
    if length > 0 {
        return separator.find(text).map(|at| (at, at + length));
    }
    let (_, width) = decode(text);
    (width < text.len()).then_some((width, width))
}

/// A map with the parts as `_0`, `_1` and so on.
fn numbered(call: &Call<'_>, parts: &[&[u8]]) -> Outcome {
    let map = Map::new(&Type::String);
    for (index, part) in parts.iter().enumerate() {
        call.insert(&map, format!("_{index}"), call.text(part)?)?;
    }
    Ok(map.into())
}

fn join(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [separator, list] = exactly(arguments)?;
    let (separator, list) = (text(separator)?, strings_of(call, list)?);
    let mut out = Output::new(call);
    for (index, item) in list.items().iter().enumerate() {
        call.meter().step(1)?;
        if index > 0 {
            out.push(separator)?;
        }
        out.push(text(item)?)?;
    }
    Ok(out.finish())
}

/// How many strings are compared in about the time of a step.
const COMPARED: usize = 4;

/// A list by its bytes; anything else, `nil` too, is a list of its text.
fn sort(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    if !matches!(value, Value::List(_) | Value::Bytes(_)) {
        return Ok(List::new(&Type::String, vec![string_of(call, value)?]).into());
    }
    let list = strings_of(call, value)?;
    if list.is_nil() {
        return Ok(list.into());
    }
    let mut items: Vec<&[u8]> = list.items().iter().map(text).collect::<Result<_, _>>()?;
    let rounds = items.len().checked_ilog2().unwrap_or_default() as usize + 1;
    call.meter().step(items.len().saturating_mul(rounds) / COMPARED)?;
    search(call, items.iter().map(|item| item.len()).fold(0, usize::saturating_add).saturating_mul(rounds))?;
    items.sort_unstable();
    Ok(List::strings(items).into())
}
