//! Maps put into others, as [mergo](https://github.com/darccio/mergo) does.

use super::{entries, value_of};
use crate::arguments::{Outcome, map, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Map, Object, Type, Value};
use std::fmt::Display;

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

/// Why maps cannot be merged.
enum Failure {
    /// What mergo has an error for, and not a panic: a map or struct would go into a pointer.
    Mismatch,
    Other(FuncError),
}

impl<E: Into<FuncError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Of mergo's errors it says nothing.
fn merge(call: &Call<'_>, maps: &[Value], overwrite: bool) -> Outcome {
    match all(call, maps, overwrite) {
        Ok(map) => Ok(map.into()),
        Err(Failure::Mismatch) => Ok("".into()),
        Err(Failure::Other(error)) => Err(error),
    }
}

fn must_merge(call: &Call<'_>, maps: &[Value], overwrite: bool) -> Outcome {
    match all(call, maps, overwrite) {
        Ok(map) => Ok(map.into()),
        Err(Failure::Mismatch) => Err("src and dst must be of same type".into()),
        Err(Failure::Other(error)) => Err(error),
    }
}

/// The first map, with all others in it. In place of a `nil` one there is a new one, as soon as something goes into it.
fn all(call: &Call<'_>, maps: &[Value], overwrite: bool) -> Result<Map, Failure> {
    let [into, sources @ ..] = maps else { return Err(unexpected("map").into()) };
    let mut into = map(into)?.clone();
    for from in sources {
        let from = map(from)?;
        if into.is_nil() && !from.is_nil() {
            into = call.map();
        }
        one(call, &into, from, overwrite)?;
    }
    Ok(into)
}

fn one(call: &Call<'_>, into: &Map, from: &Map, overwrite: bool) -> Result<(), Failure> {
    let target = Target { into, element: *from.element(), overwrite };
    call.meter().deeper(|| {
        for (key, new) in entries(call, from)? {
            target.entry(call, &key, new)?;
        }
        Ok(())
    })
}

/// What looking a key up and putting it in is worth.
const STEPS_OF_AN_ENTRY: usize = 4;

/// A map that another goes into.
struct Target<'m> {
    into: &'m Map,
    /// The type of the other's values.
    element: Type,
    overwrite: bool,
}

impl Target<'_> {
    /// What is there stays unless it is empty or is to be overwritten; maps go into maps.
    fn entry(&self, call: &Call<'_>, key: &[u8], new: Value) -> Result<(), Failure> {
        if self.is_nil(&new) {
            return if self.overwrite { self.put(call, key, new) } else { Ok(()) };
        }
        call.meter().step(STEPS_OF_AN_ENTRY)?;
        let old = value_of(call, self.into, key)?;
        match (&new, &old) {
            (Value::Map(new), Some(Value::Map(old))) => {
                nested(call, old, new, self.overwrite)?;
                if !old.is_empty() {
                    return Ok(());
                }
            }
            (new, Some(Value::Object(old))) if !self.overwrite && is_pointer(old.as_ref()) && is_struct(new) => {
                return Err(Failure::Mismatch);
            }
            (Value::List(_) | Value::Bytes(_), Some(_))
                if !matches!(self.into.element(), Type::Any | Type::List(_)) =>
            {
                return Err(cannot("list", *self.into.element()));
            }
            _ => {}
        }
        if self.overwrite || old.is_none_or(|old| is_empty(&old)) { self.put(call, key, new) } else { Ok(()) }
    }

    /// Whether it lies as nothing in the other map: a `nil` map in an `interface {}` does not.
    fn is_nil(&self, new: &Value) -> bool {
        match self.element {
            Type::Any => matches!(new, Value::Nil),
            _ => new.is_nil(),
        }
    }

    fn put(&self, call: &Call<'_>, key: &[u8], new: Value) -> Result<(), Failure> {
        let wanted = *self.into.element();
        if wanted != Type::Any && wanted != self.element {
            return Err(cannot(self.element, wanted));
        }
        Ok(call.insert(self.into, key, new)?)
    }
}

/// What mergo dies of.
fn cannot(new: impl Display, wanted: Type) -> Failure {
    format!("a value of type {new} cannot go into a map of {wanted}").into()
}

/// Nothing goes into a `nil` map within another.
fn nested(call: &Call<'_>, into: &Map, from: &Map, overwrite: bool) -> Result<(), Failure> {
    if into.is_nil() { Ok(()) } else { one(call, into, from, overwrite) }
}

fn is_pointer(object: &dyn Object) -> bool {
    object.type_name().starts_with('*')
}

/// A map that is not `nil`, or what Go has a struct for.
fn is_struct(value: &Value) -> bool {
    match value {
        Value::Map(map) => !map.is_nil(),
        Value::Object(object) => object.underlying().is_none() && !is_pointer(object.as_ref()),
        _ => false,
    }
}

/// Emptiness as mergo has it: of a complex number or a struct there is none.
fn is_empty(value: &Value) -> bool {
    !matches!(value, Value::Complex(..)) && !value.is_true()
}
