//! Arguments as Rust has them. The template has checked them against the function's parameters before.

use keyferry_gotemplate::{FuncError, Map, Value};

/// What a function answers.
pub(crate) type Outcome = Result<Value, FuncError>;

/// The bytes of a parameter of type `string`.
pub(crate) fn text(value: &Value) -> Result<&[u8], FuncError> {
    match value {
        Value::Str(text) => Ok(text),
        _ => Err(unexpected("string")),
    }
}

/// The number of a parameter of type `int` or `int64`.
pub(crate) fn int(value: &Value) -> Result<i64, FuncError> {
    match value {
        Value::Int(number, _) => Ok(*number),
        _ => Err(unexpected("integer")),
    }
}

/// The map of a parameter of a map's type.
pub(crate) fn map(value: &Value) -> Result<&Map, FuncError> {
    match value {
        Value::Map(map) => Ok(map),
        _ => Err(unexpected("map")),
    }
}

/// The truth of a parameter of type `bool`.
pub(crate) fn truth(value: &Value) -> Result<bool, FuncError> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        _ => Err(unexpected("bool")),
    }
}

/// Never seen: parameters are checked before.
pub(crate) fn unexpected(wanted: &str) -> FuncError {
    FuncError::Message(format!("the argument is no {wanted}"))
}

/// The arguments of a function that has `N` parameters.
pub(crate) fn exactly<const N: usize>(arguments: &[Value]) -> Result<&[Value; N], FuncError> {
    arguments.try_into().map_err(|_| unexpected("one of those"))
}

/// The arguments of a function whose parameters are `string`s.
pub(crate) fn texts<const N: usize>(arguments: &[Value]) -> Result<[&[u8]; N], FuncError> {
    let mut texts = [[].as_slice(); N];
    for (place, argument) in texts.iter_mut().zip(exactly::<N>(arguments)?) {
        *place = text(argument)?;
    }
    Ok(texts)
}
