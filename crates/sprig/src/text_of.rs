//! Any value as text, as sprig makes it one.

use crate::arguments::Outcome;
use keyferry_gotemplate::{Call, FuncError, List, Type, Value};
use std::borrow::Cow;

/// A value as text: a `string` and a `[]byte` as their bytes, all else as `%v`.
pub(crate) fn text_of<'v>(call: &Call<'_>, value: &'v Value) -> Result<Cow<'v, [u8]>, FuncError> {
    match value {
        Value::Str(text) => Ok(Cow::Borrowed(text)),
        Value::Bytes(bytes) => Ok(Cow::Borrowed(bytes.as_slice())),
        _ => call.sprint(std::slice::from_ref(value)).map(Cow::Owned),
    }
}

/// As [`text_of`], as a `string`, which of a `string` is itself.
pub(crate) fn string_of(call: &Call<'_>, value: &Value) -> Outcome {
    match (value, text_of(call, value)?) {
        (Value::Str(_), _) => Ok(value.clone()),
        (_, Cow::Borrowed(text)) => call.text(text),
        (_, Cow::Owned(text)) => Ok(Value::str(text)),
    }
}

/// The elements of a slice as a `[]string`, those left out that are `nil`; what is no slice is the only element, and
/// `nil` is none. A `[]string` is itself.
pub(crate) fn strings_of(call: &Call<'_>, value: &Value) -> Result<List, FuncError> {
    match value {
        Value::List(list) if *list.element() == Type::String => Ok(list.clone()),
        Value::List(list) => strings(call, list.items().iter().filter(|item| !matches!(item, Value::Nil))),
        Value::Bytes(bytes) => {
            call.meter().step(bytes.len())?;
            call.meter().allocate(bytes.len().saturating_mul(size_of::<Value>()))?;
            strings(call, bytes.as_slice().iter().map(|byte| Value::from(*byte)).collect::<Vec<_>>().iter())
        }
        Value::Nil => Ok(List::strings(std::iter::empty::<&[u8]>())),
        _ => strings(call, std::iter::once(value)),
    }
}

fn strings<'v>(call: &Call<'_>, values: impl Iterator<Item = &'v Value>) -> Result<List, FuncError> {
    let mut items = Vec::new();
    for value in values {
        call.meter().step(1)?;
        call.meter().allocate(size_of::<Value>())?;
        items.push(string_of(call, value)?);
    }
    Ok(List::new(&Type::String, items))
}
