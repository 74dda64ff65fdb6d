//! Maps. They are Go's: all who hold one see what is put into it. Where Go has no order the keys' is taken.

mod copy;
mod merge;

use crate::arguments::{Outcome, map, text, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, List, Map, Type, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) fn family(shared: &Shared) -> Family {
    let mut family = merge::family(shared);
    family.extend(copy::family(shared));
    family.extend([
        ("dict", Function::variadic(&[Type::Any], dict).named("func(...interface {}) map[string]interface {}")),
        ("get", Function::new(WITH_KEY, get).named("func(map[string]interface {}, string) interface {}")),
        ("set", Function::new(&[Type::MAP, Type::String, Type::Any], set).named(SET)),
        (
            "unset",
            Function::new(WITH_KEY, unset).named("func(map[string]interface {}, string) map[string]interface {}"),
        ),
        ("hasKey", Function::new(WITH_KEY, has_key).named("func(map[string]interface {}, string) bool")),
        ("pluck", Function::variadic(&[Type::String, Type::MAP], pluck).named(PLUCK)),
        ("keys", Function::variadic(&[Type::MAP], keys).named("func(...map[string]interface {}) []string")),
        ("pick", Function::variadic(WITH_KEY, pick).named(CHOOSE)),
        ("omit", Function::variadic(WITH_KEY, omit).named(CHOOSE)),
        ("values", Function::new(&[Type::MAP], values).named("func(map[string]interface {}) []interface {}")),
        ("dig", Function::variadic(&[Type::Any], dig).named("func(...interface {}) (interface {}, error)")),
    ]);
    family
}

const WITH_KEY: &[Type] = &[Type::MAP, Type::String];
const SET: &str = "func(map[string]interface {}, string, interface {}) map[string]interface {}";
const PLUCK: &str = "func(string, ...map[string]interface {}) []interface {}";
const CHOOSE: &str = "func(map[string]interface {}, ...string) map[string]interface {}";

type Entry = (Arc<[u8]>, Value);

/// All of a map, for which a step an entry is taken.
pub(crate) fn entries(call: &Call<'_>, map: &Map) -> Result<Vec<Entry>, FuncError> {
    call.meter().step(map.len())?;
    Ok(map.entries())
}

/// A new map, which nothing else holds yet.
pub(crate) fn made(call: &Call<'_>, element: &'static Type, entries: Vec<Entry>) -> Result<Map, FuncError> {
    call.meter().step(entries.len())?;
    for (key, _) in &entries {
        call.meter().allocate(key.len().saturating_add(2 * size_of::<Value>()))?;
    }
    Ok(Map::of(element, entries))
}

fn dict(call: &mut Call<'_>, items: &[Value]) -> Outcome {
    let map = call.map();
    for pair in items.chunks(2) {
        let [key, rest @ ..] = pair else { continue };
        let key = key_of(call, key)?;
        call.insert(&map, key, rest.first().cloned().unwrap_or_else(|| "".into()))?;
    }
    Ok(map.into())
}

/// Any value as a key.
fn key_of(call: &Call<'_>, value: &Value) -> Result<Vec<u8>, FuncError> {
    match value {
        Value::Bytes(bytes) => Ok(bytes.as_slice().to_vec()),
        _ => call.sprint(std::slice::from_ref(value)),
    }
}

fn get(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [from, key] = arguments else { return Err(unexpected("pair")) };
    Ok(map(from)?.get(text(key)?).unwrap_or_else(|| "".into()))
}

fn set(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [into, key, value] = arguments else { return Err(unexpected("triple")) };
    call.insert(map(into)?, text(key)?, value.clone())?;
    Ok(into.clone())
}

fn unset(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [from, key] = arguments else { return Err(unexpected("pair")) };
    map(from)?.remove(text(key)?);
    Ok(from.clone())
}

fn has_key(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [of, key] = arguments else { return Err(unexpected("pair")) };
    Ok(map(of)?.get(text(key)?).is_some().into())
}

fn pluck(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [key, maps @ ..] = arguments else { return Err(unexpected("key")) };
    let key = text(key)?;
    call.meter().step(maps.len())?;
    let mut found = Vec::new();
    for from in maps {
        found.extend(map(from)?.get(key));
    }
    call.list(found)
}

fn keys(call: &mut Call<'_>, maps: &[Value]) -> Outcome {
    let mut found = Vec::new();
    for of in maps {
        let of = map(of)?;
        call.meter().step(of.len())?;
        call.meter().allocate(of.len().saturating_mul(size_of::<Value>()))?;
        found.extend(of.keys().into_iter().map(Value::Str));
    }
    Ok(List::new(&Type::String, found).into())
}

fn pick(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [from, keys @ ..] = arguments else { return Err(unexpected("map")) };
    let from = map(from)?;
    call.meter().step(keys.len())?;
    let mut picked = Vec::new();
    for key in keys {
        let key = text(key)?;
        picked.extend(from.get(key).map(|value| (key.into(), value)));
    }
    Ok(made(call, &Type::Any, picked)?.into())
}

fn omit(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [from, keys @ ..] = arguments else { return Err(unexpected("map")) };
    call.meter().step(keys.len())?;
    let keys: BTreeSet<&[u8]> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut entries = entries(call, map(from)?)?;
    entries.retain(|(key, _)| !keys.contains(key.as_ref()));
    Ok(made(call, &Type::Any, entries)?.into())
}

fn values(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [of] = arguments else { return Err(unexpected("map")) };
    let values = entries(call, map(of)?)?.into_iter().map(|(_, value)| value).collect();
    call.list(values)
}

fn dig(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [keys @ .., otherwise, from] = arguments else { return Err(TOO_FEW.into()) };
    if keys.is_empty() {
        return Err(TOO_FEW.into());
    }
    call.meter().step(keys.len())?;
    let keys: Vec<&[u8]> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut at = from.clone();
    for key in keys {
        let Some(found) = untyped(&at)?.get(key) else { return Ok(otherwise.clone()) };
        at = found;
    }
    Ok(at)
}

const TOO_FEW: &str = "dig needs keys, a default and a dict";

/// A `map[string]interface {}`, and no other map.
fn untyped(value: &Value) -> Result<&Map, FuncError> {
    map(value).ok().filter(|map| *map.element() == Type::Any).ok_or_else(|| unexpected("map[string]interface {}"))
}
