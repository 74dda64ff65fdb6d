//! Maps put into others, as [mergo](https://github.com/darccio/mergo) does.

use super::entries;
use crate::arguments::{Outcome, map, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Map, Type, Value};

pub(super) fn family(_: &Shared) -> Family {
    vec![
        ("merge", Function::variadic(MAPS, |call, maps| merge(call, maps, false)).named(MERGE)),
        ("mergeOverwrite", Function::variadic(MAPS, |call, maps| merge(call, maps, true)).named(MERGE)),
        ("mustMerge", Function::variadic(MAPS, |call, maps| must_merge(call, maps, false)).named(MUST_MERGE)),
        ("mustMergeOverwrite", Function::variadic(MAPS, |call, maps| must_merge(call, maps, true)).named(MUST_MERGE)),
    ]
}

const MAPS: &[Type] = &[Type::MAP, Type::MAP];
const MERGE: &str = "func(map[string]interface {}, ...map[string]interface {}) interface {}";
const MUST_MERGE: &str = "func(map[string]interface {}, ...map[string]interface {}) (interface {}, error)";

/// What mergo has an error for, and not a panic: a map that would go into a pointer.
struct Mismatch;

type Merged<T> = Result<Result<T, Mismatch>, FuncError>;

/// Of mergo's errors it says nothing.
fn merge(call: &Call<'_>, maps: &[Value], overwrite: bool) -> Outcome {
    Ok(all(call, maps, overwrite)?.map_or_else(|Mismatch| "".into(), Value::Map))
}

fn must_merge(call: &Call<'_>, maps: &[Value], overwrite: bool) -> Outcome {
    all(call, maps, overwrite)?.map(Value::Map).map_err(|Mismatch| "src and dst must be of same type".into())
}

/// The first map, with all others in it. In place of a `nil` one there is a new one, as soon as something goes into it.
fn all(call: &Call<'_>, maps: &[Value], overwrite: bool) -> Merged<Map> {
    let [into, sources @ ..] = maps else { return Err(unexpected("map")) };
    let mut into = map(into)?.clone();
    for from in sources {
        let from = map(from)?;
        if into.is_nil() && !from.is_nil() {
            into = call.map();
        }
        if let Err(mismatch) = one(call, &into, from, overwrite)? {
            return Ok(Err(mismatch));
        }
    }
    Ok(Ok(into))
}

fn one(call: &Call<'_>, into: &Map, from: &Map, overwrite: bool) -> Merged<()> {
    let target = Target { into, element: *from.element(), overwrite };
    call.meter().deeper(|| {
        for (key, new) in entries(call, from)? {
            if let Err(mismatch) = target.entry(call, &key, new)? {
                return Ok(Err(mismatch));
            }
        }
        Ok(Ok(()))
    })
}

/// A map that another goes into.
struct Target<'m> {
    into: &'m Map,
    /// The type of the other's values.
    element: Type,
    overwrite: bool,
}

impl Target<'_> {
    /// What is there stays unless it is empty or is to be overwritten; maps go into maps.
    fn entry(&self, call: &Call<'_>, key: &[u8], new: Value) -> Merged<()> {
        if self.is_nil(&new) {
            return if self.overwrite { self.put(call, key, new) } else { Ok(Ok(())) };
        }
        let old = self.into.get(key);
        match (&new, &old) {
            (Value::Map(new), Some(Value::Map(old))) => {
                if let Err(mismatch) = nested(call, old, new, self.overwrite)? {
                    return Ok(Err(mismatch));
                }
                if !old.is_empty() {
                    return Ok(Ok(()));
                }
            }
            (Value::Map(new), Some(Value::Object(old))) if !self.overwrite && old.type_name().starts_with('*') => {
                return Ok(if new.is_nil() { Ok(()) } else { Err(Mismatch) });
            }
            (Value::List(_) | Value::Bytes(_), Some(_))
                if !matches!(self.into.element(), Type::Any | Type::List(_)) =>
            {
                return Err("reflect: call of reflect.Value.IsNil on a value that cannot be nil".into());
            }
            _ => {}
        }
        if self.overwrite || old.is_none_or(|old| is_empty(&old)) { self.put(call, key, new) } else { Ok(Ok(())) }
    }

    /// Whether it lies as nothing in the other map: a `nil` map in an `interface {}` does not.
    fn is_nil(&self, new: &Value) -> bool {
        match self.element {
            Type::Any => matches!(new, Value::Nil),
            _ => new.is_nil(),
        }
    }

    fn put(&self, call: &Call<'_>, key: &[u8], new: Value) -> Merged<()> {
        let wanted = *self.into.element();
        if wanted != Type::Any && wanted != self.element {
            return Err(format!(
                "reflect.Value.SetMapIndex: value of type {} is not assignable to type {wanted}",
                self.element
            )
            .into());
        }
        call.insert(self.into, key, new)?;
        Ok(Ok(()))
    }
}

/// Nothing goes into a `nil` map within another.
fn nested(call: &Call<'_>, into: &Map, from: &Map, overwrite: bool) -> Merged<()> {
    if into.is_nil() { Ok(Ok(())) } else { one(call, into, from, overwrite) }
}

/// Emptiness as mergo has it: of a complex number or a struct there is none.
fn is_empty(value: &Value) -> bool {
    !matches!(value, Value::Complex(..)) && !value.is_true()
}
