//! `index`, `slice` and `len`.

use super::prepare;
use crate::error::FuncError;
use crate::function::Call;
use crate::limits::BYTES_OF_A_STEP;
use crate::types::Type;
use crate::value::{Operand, Value};
use std::sync::Arc;

/// What Go says where it would look at the type of no value at all.
const NO_TYPE: &str = "reflect: call of reflect.Value.Type on zero Value";

fn named(value: &Value) -> Type {
    value.type_of().unwrap_or(Type::Any)
}

/// A number as an index into something whose capacity is `limit`.
fn offset(index: &Value, limit: usize) -> Result<usize, FuncError> {
    let number = match index.plain() {
        Value::Int(number, _) => number,
        Value::Uint(number, _) => number.cast_signed(),
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        _ => return Err(format!("cannot index slice/array with type {}", named(index)).into()),
    };
    usize::try_from(number).ok().filter(|&number| number <= limit).ok_or_else(|| "index out of range".into())
}

/// Go's `item[a][b][c]`.
pub(super) fn index(call: &Call<'_>, item: &Operand, indexes: &[Operand]) -> Result<Operand, FuncError> {
    if matches!(item.value, Value::Nil) {
        return Err("index of untyped nil".into());
    }
    let mut item = Operand::plain(item.value.clone());
    for index in indexes {
        item = element(call, &item.value, &index.value)?;
    }
    Ok(item)
}

fn element(call: &Call<'_>, item: &Value, index: &Value) -> Result<Operand, FuncError> {
    Ok(match item {
        Value::Nil => return Err("index of nil pointer".into()),
        Value::Str(text) => {
            let offset = offset(index, text.len())?;
            let byte = text.get(offset).ok_or("reflect: string index out of range")?;
            Operand::plain(Value::from(*byte))
        }
        Value::Bytes(bytes) => {
            let offset = offset(index, bytes.len())?;
            let byte = bytes.as_slice().get(offset).ok_or("reflect: slice index out of range")?;
            Operand::plain(Value::from(*byte))
        }
        Value::List(list) => {
            let offset = offset(index, list.len())?;
            let item = list.items().get(offset).ok_or("reflect: slice index out of range")?;
            Operand::element(item.clone(), *list.element())
        }
        Value::Map(map) => {
            let Value::Str(key) = prepare(index.clone(), Type::String)? else {
                return Err("the key is no string".into());
            };
            call.meter().step(key.len() / BYTES_OF_A_STEP)?;
            let element = *map.element();
            Operand::element(map.get(key).unwrap_or_else(|| Value::zero(element)), element)
        }
        _ => return Err(format!("can't index item of type {}", named(item)).into()),
    })
}

/// Go's `item[a:b:c]`.
pub(super) fn slice(call: &Call<'_>, item: &Operand, indexes: &[Operand]) -> Result<Value, FuncError> {
    let item = &item.value;
    if indexes.len() > 3 && !matches!(item, Value::Nil) {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let (length, capacity) = match item {
        Value::Nil => return Err("slice of untyped nil".into()),
        Value::Str(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Str(text) => (text.len(), text.len()),
        Value::Bytes(bytes) => (bytes.len(), bytes.capacity()),
        Value::List(list) => (list.len(), list.capacity()),
        _ => return Err(format!("can't slice item of type {}", named(item)).into()),
    };
    let offsets = indexes.iter().map(|index| bound(index, capacity)).collect::<Result<Vec<_>, _>>()?;
    let start = offsets.first().copied().unwrap_or(0);
    let end = offsets.get(1).copied().unwrap_or(length);
    let limit = offsets.get(2).copied();
    if start > end {
        return Err("invalid slice index: the end is before the start".into());
    }
    if limit.is_some_and(|limit| end > limit) {
        return Err("invalid slice index: the capacity ends before the end".into());
    }
    cut(call, item, (start, end, limit))
}

/// Unlike `index`, Go's `slice` takes no number out of an `interface {}`: one in a map of anything is refused.
fn bound(index: &Operand, capacity: usize) -> Result<usize, FuncError> {
    if index.boxed {
        return Err("cannot index slice/array with type interface {}".into());
    }
    offset(&index.value, capacity)
}

fn cut(call: &Call<'_>, item: &Value, (start, end, limit): (usize, usize, Option<usize>)) -> Result<Value, FuncError> {
    Ok(match item {
        Value::Bytes(bytes) => Value::Bytes(bytes.slice(start, end, limit)),
        Value::List(list) => Value::List(list.slice(start, end, limit)),
        Value::Str(text) if (start, end) == (0, text.len()) => Value::Str(Arc::clone(text)),
        Value::Str(text) => call.text(text.get(start..end).unwrap_or_default())?,
        other => other.clone(),
    })
}

pub(super) fn len(item: &Operand) -> Result<i64, FuncError> {
    let length = match &item.value {
        Value::Nil if item.boxed => return Err("len of nil pointer".into()),
        Value::Nil => return Err(NO_TYPE.into()),
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => return Err(format!("len of type {}", named(other)).into()),
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}
