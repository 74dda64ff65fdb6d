//! Copies of values with all that is in them.

use super::{entries, made};
use crate::arguments::{Outcome, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Bytes, Call, FuncError, Function, List, Map, Type, Value};

pub(super) fn family(_: &Shared) -> Family {
    vec![
        ("deepCopy", Function::new(&[Type::Any], deep_copy).named("func(interface {}) interface {}")),
        ("mustDeepCopy", Function::new(&[Type::Any], deep_copy).named("func(interface {}) (interface {}, error)")),
    ]
}

fn deep_copy(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Nil] => Err("nil cannot be copied".into()),
        [value] => copied(call, value),
        _ => Err(unexpected("value")),
    }
}

/// The steps that a new list or map is worth, without what is in it.
const NEW: usize = 5;

fn copied(call: &Call<'_>, value: &Value) -> Outcome {
    call.meter().step(if matches!(value, Value::List(_) | Value::Map(_)) { NEW } else { 1 })?;
    match value {
        Value::List(list) if !list.is_nil() => call.meter().deeper(|| Ok(copied_list(call, list)?.into())),
        Value::Map(map) if !map.is_nil() => call.meter().deeper(|| Ok(copied_map(call, map)?.into())),
        Value::Bytes(bytes) if !bytes.is_nil() => Ok(copied_bytes(call, bytes)?.into()),
        _ => Ok(value.clone()),
    }
}

fn copied_map(call: &Call<'_>, map: &Map) -> Result<Map, FuncError> {
    let copies = entries(call, map)?.into_iter().map(|(key, value)| Ok((key, copied(call, &value)?)));
    made(call, map.element(), copies.collect::<Result<_, FuncError>>()?)
}

/// As long as it could be made before; what was beyond its end is zero.
fn copied_list(call: &Call<'_>, list: &List) -> Result<List, FuncError> {
    call.meter().step(list.capacity())?;
    call.meter().allocate(list.capacity().saturating_mul(size_of::<Value>()))?;
    let mut items = list.items().iter().map(|item| copied(call, item)).collect::<Result<Vec<_>, _>>()?;
    items.resize(list.capacity(), Value::zero(*list.element()));
    Ok(List::new(list.element(), items).slice(0, list.len(), None))
}

fn copied_bytes(call: &Call<'_>, bytes: &Bytes) -> Result<Bytes, FuncError> {
    call.meter().allocate(bytes.capacity())?;
    let mut copy = bytes.as_slice().to_vec();
    copy.resize(bytes.capacity(), 0);
    Ok(Bytes::new(copy).slice(0, bytes.len(), None))
}
