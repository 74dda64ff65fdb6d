//! Strings: case, trimming, parts.

use crate::arguments::{Outcome, int, text};
use crate::table::{Family, Shared};
use crate::text_of::{string_of, strings_of};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    vec![
        ("repeat", Function::new(&[Type::INT, Type::String], repeat).named("func(int, string) string")),
        ("toString", Function::new(&[Type::Any], to_string).named("func(interface {}) string")),
        ("toStrings", Function::new(&[Type::Any], to_strings).named("func(interface {}) []string")),
    ]
}

fn repeat(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [count, text_] = arguments else { return Err(crate::arguments::unexpected("pair")) };
    let (count, piece) = (int(count)?, text(text_)?);
    let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count")?;
    call.meter().allocate(piece.len().saturating_mul(count))?;
    Ok(Value::str(piece.repeat(count)))
}

fn to_string(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = arguments else { return Err(crate::arguments::unexpected("value")) };
    string_of(call, value)
}

fn to_strings(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = arguments else { return Err(crate::arguments::unexpected("value")) };
    Ok(strings_of(call, value)?.into())
}
