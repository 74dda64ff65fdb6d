//! `reflect.DeepEqual`.

use keyferry_gotemplate::{Call, FuncError, List, Map, Object, Value};

/// How many bytes are compared in about the time of a step.
pub(crate) const BYTES_OF_A_STEP: usize = 1024;

/// Whether an item is in a list, by [`equal`].
pub(crate) fn contains(call: &Call<'_>, items: &[Value], wanted: &Value) -> Result<bool, FuncError> {
    for item in items {
        if equal(call, wanted, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether both have the same type and content, however deep. A `nil` list or map is not an empty one, a NaN is nothing's
/// equal, and no function is.
pub(crate) fn equal(call: &Call<'_>, a: &Value, b: &Value) -> Result<bool, FuncError> {
    call.meter().step(1)?;
    if a.type_of() != b.type_of() {
        return Ok(false);
    }
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => bytes(call, a, b),
        (Value::Bytes(a), Value::Bytes(b)) if a.is_nil() != b.is_nil() => Ok(false),
        (Value::Bytes(a), Value::Bytes(b)) => bytes(call, a.as_slice(), b.as_slice()),
        (Value::List(a), Value::List(b)) => lists(call, a, b),
        (Value::Map(a), Value::Map(b)) => maps(call, a, b),
        (Value::Object(a), Value::Object(b)) => objects(call, a.as_ref(), b.as_ref()),
        _ => Ok(scalars(a, b)),
    }
}

#[expect(clippy::float_cmp, reason = "as Go's ==")]
fn scalars(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a, _), Value::Int(b, _)) => a == b,
        (Value::Uint(a, _), Value::Uint(b, _)) => a == b,
        (Value::Float(a, _), Value::Float(b, _)) => a == b,
        (Value::Complex(a, x, _), Value::Complex(b, y, _)) => a == b && x == y,
        _ => false,
    }
}

fn bytes(call: &Call<'_>, a: &[u8], b: &[u8]) -> Result<bool, FuncError> {
    if a.len() != b.len() {
        return Ok(false);
    }
    call.meter().step(a.len() / BYTES_OF_A_STEP)?;
    Ok(a == b)
}

fn lists(call: &Call<'_>, a: &List, b: &List) -> Result<bool, FuncError> {
    if a.is_nil() != b.is_nil() || a.len() != b.len() {
        return Ok(false);
    }
    // The very same list is equal to itself, even with a NaN in it.
    if std::ptr::eq(a.items(), b.items()) {
        return Ok(true);
    }
    call.meter().deeper(|| {
        for (a, b) in a.items().iter().zip(b.items()) {
            if !equal(call, a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

fn maps(call: &Call<'_>, a: &Map, b: &Map) -> Result<bool, FuncError> {
    if a.is_nil() != b.is_nil() || a.len() != b.len() {
        return Ok(false);
    }
    if a.is_same(b) {
        return Ok(true);
    }
    call.meter().step(a.len())?;
    call.meter().deeper(|| {
        for (key, a) in a.entries() {
            call.meter().step(key.len() / BYTES_OF_A_STEP)?;
            let same = b.get(key).map(|b| equal(call, &a, &b)).transpose()?;
            if same != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// By Go's `==` where the type has it, otherwise field by field. Pointers are equal where what they point to is.
fn objects(call: &Call<'_>, a: &dyn Object, b: &dyn Object) -> Result<bool, FuncError> {
    let (same, fields) = (a.equals(b), a.fields());
    match same {
        Some(same) if same || fields.is_empty() || !a.type_name().starts_with('*') => return Ok(same),
        _ => {}
    }
    call.meter().deeper(|| {
        for ((_, a), (_, b)) in fields.iter().zip(&b.fields()) {
            if !equal(call, a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}
