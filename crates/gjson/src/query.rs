//! Whether an element satisfies a query. Values are compared with the query's text by the value's kind.

use crate::meter::Meter;
use crate::path::Query;
use crate::value::parse_bool;
use crate::{Error, Kind, Value, number, walk, wildcard};
use std::cmp::Ordering;

pub(crate) fn matches(query: &Query<'_>, element: &Value<'_>, meter: &Meter) -> Result<bool, Error> {
    if element.kind == Kind::Json {
        let value = walk::get(&element.raw, query.path, meter)?;
        return holds(query, value, meter);
    }
    if !query.path.is_empty() {
        return Ok(false);
    }
    holds(query, Value::new(element.kind, &element.raw), meter)
}

fn holds(query: &Query<'_>, value: Value<'_>, meter: &Meter) -> Result<bool, Error> {
    let (value, wanted) = match query.value.strip_prefix(b"~") {
        Some(form) => (soft(&value, form), b"true".as_slice()),
        None => (value, &*query.value),
    };
    if !value.exists() {
        return Ok(false);
    }
    if query.op.is_empty() {
        return Ok(true);
    }
    match value.kind {
        Kind::String => string_holds(query.op, &value.as_bytes(), wanted, meter),
        Kind::Number => Ok(ordered(query.op, number::parse(&value.raw).partial_cmp(&number::parse(wanted)))),
        Kind::True => Ok(bool_holds(query.op, wanted, b"true", b"false", b">", b">=")),
        Kind::False => Ok(bool_holds(query.op, wanted, b"false", b"true", b"<", b"<=")),
        Kind::Null | Kind::Json => Ok(false),
    }
}

/// `~true` and its like: the value becomes a boolean first. An unknown form matches nothing.
fn soft<'a>(value: &Value<'_>, form: &[u8]) -> Value<'a> {
    let yes = match form {
        b"*" => value.exists(),
        b"null" => value.kind == Kind::Null,
        b"true" => value.as_bool(),
        b"false" => is_falsish(value),
        _ => return Value::absent(),
    };
    if yes { Value::new(Kind::True, b"true") } else { Value::new(Kind::False, b"false") }
}

fn is_falsish(value: &Value<'_>) -> bool {
    match value.kind {
        Kind::Null | Kind::False => true,
        Kind::Number => number::parse(&value.raw) == 0.0,
        Kind::String => parse_bool(&value.as_bytes()) == Some(false),
        Kind::True | Kind::Json => false,
    }
}

fn string_holds(op: &[u8], text: &[u8], wanted: &[u8], meter: &Meter) -> Result<bool, Error> {
    match op {
        b"%" => pattern_holds(text, wanted, meter),
        b"!%" => Ok(!pattern_holds(text, wanted, meter)?),
        _ => Ok(ordered(op, Some(text.cmp(wanted)))),
    }
}

fn pattern_holds(text: &[u8], pattern: &[u8], meter: &Meter) -> Result<bool, Error> {
    Ok(pattern == b"*" || wildcard::matches(text, pattern, meter)?)
}

/// No order (not a number) is unequal and nothing else.
fn ordered(op: &[u8], order: Option<Ordering>) -> bool {
    match op {
        b"=" => order == Some(Ordering::Equal),
        b"!=" => order != Some(Ordering::Equal),
        b"<" => order == Some(Ordering::Less),
        b"<=" => order.is_some_and(Ordering::is_le),
        b">" => order == Some(Ordering::Greater),
        b">=" => order.is_some_and(Ordering::is_ge),
        _ => false,
    }
}

fn bool_holds(op: &[u8], wanted: &[u8], same: &[u8], other: &[u8], strict: &[u8], loose: &[u8]) -> bool {
    match op {
        b"=" => wanted == same,
        b"!=" => wanted != same,
        _ if op == strict => wanted == other,
        _ => op == loose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use std::borrow::Cow;

    #[test]
    fn a_null_equals_nothing_and_is_softly_null() {
        let meter = Meter::new(Limits::default());
        let query = |value: &'static str| Query {
            op: b"=".as_slice(),
            value: Cow::Borrowed(value.as_bytes()),
            ..Query::default()
        };
        let null = Value::new(Kind::Null, b"null");
        assert_eq!(matches(&query("null"), &null, &meter), Ok(false));
        assert_eq!(matches(&query("~null"), &null, &meter), Ok(true));
    }
}
