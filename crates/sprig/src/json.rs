//! JSON, as Go's `encoding/json` reads and writes it.

mod decode;
mod encode;
mod number;
mod write;

use crate::arguments::{Outcome, text, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};

pub(crate) use decode::decode;
pub(crate) use encode::{Style, encode};

pub(crate) fn family(_: &Shared) -> Family {
    let reader = |run: fn(&mut Call<'_>, &[Value]) -> Outcome| Function::new(&[Type::String], run);
    let writer = |style: Style, swallow: bool| {
        Function::new(&[Type::Any], move |call, arguments| write(call, arguments, style, swallow))
    };
    let (lenient, strict) = ("func(interface {}) string", "func(interface {}) (string, error)");
    vec![
        ("fromJson", reader(from_json).named("func(string) interface {}")),
        ("mustFromJson", reader(must_from_json).named("func(string) (interface {}, error)")),
        ("toJson", writer(Style::COMPACT, true).named(lenient)),
        ("mustToJson", writer(Style::COMPACT, false).named(strict)),
        ("toPrettyJson", writer(Style::PRETTY, true).named(lenient)),
        ("mustToPrettyJson", writer(Style::PRETTY, false).named(strict)),
        ("toRawJson", writer(Style::RAW, false).named(lenient)),
        ("mustToRawJson", writer(Style::RAW, false).named(strict)),
    ]
}

/// What is no JSON is `nil`; a number that is too large is `nil` where it stands.
fn from_json(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    match decode(call, source(arguments)?) {
        Ok(decoded) => Ok(decoded.value),
        Err(FuncError::Message(_)) => Ok(Value::Nil),
        Err(stop) => Err(stop),
    }
}

fn must_from_json(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let decoded = decode(call, source(arguments)?)?;
    if decoded.overflow {
        return Err("json: cannot unmarshal a number that is too large into Go value of type float64".into());
    }
    Ok(decoded.value)
}

fn source(arguments: &[Value]) -> Result<&[u8], FuncError> {
    text(arguments.first().ok_or_else(|| unexpected("string"))?)
}

/// The lenient functions answer with the empty string what cannot be written.
fn write(call: &mut Call<'_>, arguments: &[Value], style: Style, swallow: bool) -> Outcome {
    let value = arguments.first().unwrap_or(&Value::Nil);
    match encode(call, value, style) {
        Ok(json) => Ok(Value::str(json)),
        Err(FuncError::Message(_)) if swallow => Ok("".into()),
        Err(error) => Err(error),
    }
}
