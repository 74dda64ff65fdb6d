//! Multipaths: `[a,b]` and `{"x":a,b}` make a new document from several paths.

use crate::meter::Meter;
use crate::path::{self, Selector};
use crate::scan::at;
use crate::text::quote;
use crate::{Error, Value, valid, walk};
use std::borrow::Cow;

/// What a path turned out to be.
pub(crate) enum Outcome<'j, 'p> {
    Made(Value<'j>),
    /// No multipath. Of a broken one only what is behind it is left, which gjson then looks up.
    Plain(&'p [u8]),
}

pub(crate) fn get<'j, 'p>(json: &'j [u8], path: &'p [u8], meter: &Meter) -> Result<Outcome<'j, 'p>, Error> {
    if path.len() < 2 || !matches!(at(path, 0), b'[' | b'{') {
        return Ok(Outcome::Plain(path));
    }
    let Some((selectors, rest)) = path::selectors(path) else { return Ok(Outcome::Plain(b"")) };
    if !matches!(rest.first(), None | Some(b'|' | b'.')) {
        return Ok(Outcome::Plain(rest));
    }
    let made = make(json, at(path, 0), &selectors, meter)?;
    let value = match rest.get(1..) {
        Some(rest) => walk::get_in(Cow::Owned(made), rest, meter)?,
        None => Value::made(made),
    };
    Ok(Outcome::Made(value))
}

fn make(json: &[u8], open: u8, selectors: &[Selector<'_>], meter: &Meter) -> Result<Vec<u8>, Error> {
    let mut made = vec![open];
    for selector in selectors {
        let value = walk::get(json, selector.path, meter)?;
        if !value.exists() {
            continue;
        }
        meter.spend(value.raw.len())?;
        if made.len() > 1 {
            made.push(b',');
        }
        if open == b'{' {
            name(&mut made, *selector);
            made.push(b':');
        }
        made.extend_from_slice(&value.raw);
    }
    made.push(open + 2);
    Ok(made)
}

fn name(made: &mut Vec<u8>, selector: Selector<'_>) {
    match selector.name {
        b"" => quote(made, path::last_name(selector.path)),
        name if at(name, 0) == b'"' && valid(name).is_ok() => made.extend_from_slice(name),
        name => quote(made, name),
    }
}
