//! Modifiers: `@name` or `@name:argument` turns one document into another. All of Go's built-in ones are here, and no
//! others can be added.

use crate::meter::Meter;
use crate::scan::{at, cut, squash_end};
use crate::text::{inside, quote, unescape};
use crate::value::{Entries, parse};
use crate::walk::Made;
use crate::{Error, pretty, reshape, valid};
use std::borrow::Cow;

const NAMES: [&[u8]; 13] = [
    b"pretty", b"ugly", b"reverse", b"this", b"flatten", b"join", b"valid", b"keys", b"values", b"tostr", b"fromstr",
    b"group", b"dig",
];

pub(crate) fn exists(name: &[u8]) -> bool {
    NAMES.contains(&name)
}

/// Applies the modifier that `path` begins with, and gives what follows it. Nothing if there is no such modifier: then
/// the path is a key that begins with an `@`.
pub(crate) fn run<'j, 'p>(json: &'j [u8], path: &'p [u8], meter: &Meter) -> Result<Option<Made<'j, 'p>>, Error> {
    let end = path.iter().position(|byte| b":|.".contains(byte)).unwrap_or(path.len());
    let name = cut(path, 1, end);
    if !exists(name) {
        return Ok(None);
    }
    let (argument, rest) = match at(path, end) {
        b':' => split_argument(cut(path, end + 1, path.len())),
        _ => (b"".as_slice(), cut(path, end, path.len())),
    };
    Ok(Some((apply(name, json, argument, meter)?, rest)))
}

/// A JSON argument ends with its bracket or quote, a plain one at a pipe that is in none.
fn split_argument(path: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    if matches!(at(path, 0), b'{' | b'[' | b'"') {
        end = squash_end(path);
    } else {
        while end < path.len() && at(path, end) != b'|' {
            let opens = matches!(at(path, end), b'{' | b'[' | b'"' | b'(');
            end += if opens { squash_end(cut(path, end, path.len())) } else { 1 };
        }
    }
    (cut(path, 0, end), cut(path, end, path.len()))
}

fn apply<'j>(name: &[u8], json: &'j [u8], argument: &[u8], meter: &Meter) -> Result<Cow<'j, [u8]>, Error> {
    meter.spend(json.len())?;
    let made = match name {
        b"this" => return Ok(Cow::Borrowed(json)),
        b"valid" => return Ok(Cow::Borrowed(if valid(json).is_ok() { json } else { b"" })),
        b"pretty" => pretty::pretty(json, &pretty::Options::read(argument), meter)?,
        b"ugly" => pretty::ugly(json),
        b"reverse" => reshape::reverse(json),
        b"flatten" => reshape::flatten(json, flag(argument, b"deep"), meter)?,
        b"join" => reshape::join(json, flag(argument, b"preserve")),
        b"keys" => reshape::keys(json),
        b"values" => reshape::values(json),
        b"tostr" => quoted(json),
        b"fromstr" => from_string(json),
        b"group" => reshape::group(json),
        _ => reshape::dig(json, argument, meter)?,
    };
    meter.spend(made.len())?;
    Ok(Cow::Owned(made))
}

/// The boolean member of a JSON argument; false if there is none.
fn flag(argument: &[u8], wanted: &[u8]) -> bool {
    let options = parse(Cow::Borrowed(argument));
    let last = Entries::of(&options.raw).filter(|(key, _)| &*unescape(inside(key)) == wanted).last();
    last.is_some_and(|(_, value)| value.as_bool())
}

fn quoted(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() + 2);
    quote(&mut out, json);
    out
}

fn from_string(json: &[u8]) -> Vec<u8> {
    if valid(json).is_err() {
        return Vec::new();
    }
    parse(Cow::Borrowed(json)).as_bytes().into_owned()
}
