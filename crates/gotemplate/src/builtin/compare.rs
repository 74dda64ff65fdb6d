//! Comparisons. Numbers of different kinds cannot be compared, but for signed and unsigned integers.

use crate::error::FuncError;
use crate::function::Call;
use crate::limits::BYTES_OF_A_STEP;
use crate::types::Type;
use crate::value::{Operand, Value};

const BAD_TYPE: &str = "invalid type for comparison";

/// What Go compares by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
}

fn basic(value: &Value) -> Option<Basic> {
    Some(match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(..) => Basic::Int,
        Value::Uint(..) => Basic::Uint,
        Value::Float(..) => Basic::Float,
        Value::Complex(..) => Basic::Complex,
        Value::Str(_) => Basic::String,
        _ => return None,
    })
}

fn named(value: &Value) -> Type {
    value.type_of().unwrap_or(Type::Any)
}

fn incompatible(first: &Value, second: &Value) -> FuncError {
    format!("incompatible types for comparison: {} and {}", named(first), named(second)).into()
}

/// Takes steps for what long strings take to compare.
fn admit(call: &Call<'_>, first: &Value, second: &Value) -> Result<(), FuncError> {
    if let (Value::Str(first), Value::Str(second)) = (first, second) {
        call.meter().step(first.len().min(second.len()) / BYTES_OF_A_STEP)?;
    }
    Ok(())
}

/// Whether `first` equals one of `others`.
pub(super) fn eq(call: &Call<'_>, first: &Value, others: &[Operand]) -> Result<bool, FuncError> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        admit(call, first, &other.value)?;
        if equal(first, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::float_cmp, reason = "that is what is asked for")]
fn equal(first: &Value, second: &Value) -> Result<bool, FuncError> {
    Ok(match (first.plain(), second.plain()) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a, _), Value::Int(b, _)) => a == b,
        (Value::Uint(a, _), Value::Uint(b, _)) => a == b,
        (Value::Int(a, _), Value::Uint(b, _)) | (Value::Uint(b, _), Value::Int(a, _)) => i128::from(a) == i128::from(b),
        (Value::Float(a, _), Value::Float(b, _)) => a == b,
        (Value::Complex(a, b, _), Value::Complex(c, d, _)) => a == c && b == d,
        (Value::Str(a), Value::Str(b)) => a == b,
        (a, b) if basic(&a) != basic(&b) => {
            if !matches!(first, Value::Nil) && !matches!(second, Value::Nil) {
                return Err(incompatible(first, second));
            }
            false
        }
        _ => return equal_others(first, second),
    })
}

/// Slices, maps, functions and objects, which can hardly be compared but to nil.
fn equal_others(first: &Value, second: &Value) -> Result<bool, FuncError> {
    let comparable = matches!(
        (first, second),
        (Value::Nil, _)
            | (_, Value::Nil)
            | (Value::Map(_), Value::Map(_))
            | (Value::Func(_), Value::Func(_))
            | (Value::List(_) | Value::Bytes(_), Value::List(_) | Value::Bytes(_))
            | (Value::Object(_), Value::Object(_))
    );
    if !comparable {
        return Err(format!("non-comparable types {}, {}", named(first), named(second)).into());
    }
    if first.is_nil() || second.is_nil() {
        return Ok(first.is_nil() == second.is_nil());
    }
    match (first, second) {
        (Value::Object(first), Value::Object(second)) => {
            first.equals(second.as_ref()).ok_or_else(|| format!("non-comparable type {}", second.type_name()).into())
        }
        _ => Err(format!("non-comparable type {}", named(second)).into()),
    }
}

pub(super) fn lt(call: &Call<'_>, first: &Value, second: &Value) -> Result<bool, FuncError> {
    admit(call, first, second)?;
    let (a, b) = (first.plain(), second.plain());
    if basic(&a).is_none() || basic(&b).is_none() {
        return Err(BAD_TYPE.into());
    }
    Ok(match (&a, &b) {
        (Value::Int(a, _), Value::Int(b, _)) => a < b,
        (Value::Uint(a, _), Value::Uint(b, _)) => a < b,
        (Value::Int(a, _), Value::Uint(b, _)) => i128::from(*a) < i128::from(*b),
        (Value::Uint(a, _), Value::Int(b, _)) => i128::from(*a) < i128::from(*b),
        (Value::Float(a, _), Value::Float(b, _)) => a < b,
        (Value::Str(a), Value::Str(b)) => a < b,
        _ if basic(&a) != basic(&b) => return Err(incompatible(first, second)),
        _ => return Err(BAD_TYPE.into()),
    })
}

pub(super) fn le(call: &Call<'_>, first: &Operand, second: &Operand) -> Result<bool, FuncError> {
    Ok(lt(call, &first.value, &second.value)? || eq(call, &first.value, std::slice::from_ref(second))?)
}
