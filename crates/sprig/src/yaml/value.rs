//! Values of YAML as those that templates have, by way of JSON's rules.

use super::decode::{Data, Entries};
use super::number::short_float;
use super::resolve::Plain;
use keyferry_gotemplate::{Call, FuncError, List, Map, Type, Value};

/// What JSON makes of a document: all keys are text, and all numbers floating-point.
pub(super) fn value(call: &Call<'_>, data: &Data) -> Result<Value, FuncError> {
    Ok(match data {
        Data::Plain(plain) => self::plain(call, plain)?,
        Data::List(items) => {
            call.meter().allocate(items.len().saturating_mul(size_of::<Value>()))?;
            let items = || items.iter().map(|item| value(call, item)).collect::<Result<Vec<_>, _>>();
            List::any(call.meter().deeper(items)?).into()
        }
        Data::Map(entries) => call.meter().deeper(|| map(call, entries))?.into(),
    })
}

fn map(call: &Call<'_>, entries: &Entries) -> Result<Map, FuncError> {
    let mut converted = Vec::new();
    for (name, data) in &entries.list {
        let name = key(call, name, data)?;
        call.meter().allocate(name.len().saturating_add(2 * size_of::<Value>()))?;
        converted.push((name, value(call, data)?));
    }
    Ok(Map::of(&Type::Any, converted))
}

/// A key as text; a nil and a number beyond `int` cannot be one.
fn key(call: &Call<'_>, key: &Plain, value: &Data) -> Result<Vec<u8>, FuncError> {
    let kind = match key {
        Plain::Text(text) => return Ok(replaced(text)),
        Plain::Bool(truth) => return Ok(truth.to_string().into_bytes()),
        Plain::Int(number) => return Ok(number.to_string().into_bytes()),
        Plain::Float(number) => return Ok(short_float(*number).into_bytes()),
        Plain::Uint(_) => "uint64",
        Plain::Null | Plain::Date => "%!s(<nil>)",
    };
    let shown = |data| super::show::go_syntax(call, data).map(|shown| String::from_utf8_lossy(&shown).into_owned());
    let (key, value) = (shown(&Data::Plain(key.clone()))?, shown(value)?);
    Err(FuncError::Message(format!("unsupported map key of type: {kind}, key: {key}, value: {value}")))
}

#[expect(clippy::cast_precision_loss, reason = "JSON's numbers are floating-point")]
fn plain(call: &Call<'_>, plain: &Plain) -> Result<Value, FuncError> {
    Ok(match plain {
        Plain::Null | Plain::Date => Value::Nil,
        Plain::Bool(truth) => Value::Bool(*truth),
        Plain::Int(number) => Value::from(*number as f64),
        Plain::Uint(number) => Value::from(*number as f64),
        Plain::Float(number) => Value::from(*number),
        Plain::Text(text) => return call.text(replaced(text)),
    })
}

/// What is no UTF-8 becomes U+FFFD, byte by byte.
fn replaced(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        chunk.invalid().iter().for_each(|_| out.extend_from_slice("\u{fffd}".as_bytes()));
    }
    out
}

/// The first number that JSON does not have, in Go's words.
pub(super) fn infinite(call: &Call<'_>, value: &Value) -> Result<Option<&'static str>, FuncError> {
    call.meter().step(1)?;
    match value {
        Value::Float(number, _) if number.is_nan() => Ok(Some("NaN")),
        Value::Float(number, _) if number.is_infinite() => Ok(Some(if *number > 0.0 { "+Inf" } else { "-Inf" })),
        Value::List(list) => call.meter().deeper(|| first(list.items().iter().map(|item| infinite(call, item)))),
        Value::Map(map) => {
            call.meter().deeper(|| first(map.entries().into_iter().map(|(_, item)| infinite(call, &item))))
        }
        _ => Ok(None),
    }
}

fn first<T>(mut found: impl Iterator<Item = Result<Option<T>, FuncError>>) -> Result<Option<T>, FuncError> {
    found.find_map(Result::transpose).transpose()
}

/// What Go's JSON calls the kind of a value that is no object.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::List(_) => "array",
        _ => "number",
    }
}
