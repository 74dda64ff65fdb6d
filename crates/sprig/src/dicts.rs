//! Maps. They are Go's: all who hold one see what is put into it. Where Go has no order the keys' is taken.

mod copy;
mod merge;

use crate::arguments::{Outcome, exactly, map, text, unexpected};
use crate::equality::BYTES_OF_A_STEP;
use crate::table::{Family, Shared};
use crate::text_of::text_of;
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

/// A map's value, for which the comparing of its key is taken.
pub(crate) fn value_of(call: &Call<'_>, map: &Map, key: &[u8]) -> Result<Option<Value>, FuncError> {
    call.meter().step(key.len() / BYTES_OF_A_STEP)?;
    Ok(map.get(key))
}

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
    let mut entries = Vec::new();
    for pair in items.chunks(2) {
        let [key, rest @ ..] = pair else { continue };
        let key = text_of(call, key)?;
        call.meter().allocate(key.len())?;
        entries.push((key.as_ref().into(), rest.first().cloned().unwrap_or_else(|| "".into())));
    }
    Ok(made(call, &Type::Any, entries)?.into())
}

fn get(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [from, key] = exactly(arguments)?;
    Ok(value_of(call, map(from)?, text(key)?)?.unwrap_or_else(|| "".into()))
}

fn set(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [into, key, value] = exactly(arguments)?;
    call.insert(map(into)?, text(key)?, value.clone())?;
    Ok(into.clone())
}

fn unset(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [from, key] = exactly(arguments)?;
    let key = text(key)?;
    call.meter().step(key.len() / BYTES_OF_A_STEP)?;
    map(from)?.remove(key);
    Ok(from.clone())
}

fn has_key(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [of, key] = exactly(arguments)?;
    Ok(value_of(call, map(of)?, text(key)?)?.is_some().into())
}

fn pluck(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [key, maps @ ..] = arguments else { return Err(unexpected("key")) };
    let key = text(key)?;
    call.meter().step(maps.len())?;
    let mut found = Vec::new();
    for from in maps {
        found.extend(value_of(call, map(from)?, key)?);
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
        let Value::Str(key) = key else { return Err(unexpected("string")) };
        picked.extend(value_of(call, from, key)?.map(|value| (key.clone(), value)));
    }
    Ok(made(call, &Type::Any, picked)?.into())
}

fn omit(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [from, keys @ ..] = arguments else { return Err(unexpected("map")) };
    call.meter().step(keys.len())?;
    let keys: BTreeSet<&[u8]> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut entries = entries(call, map(from)?)?;
    for key in keys.iter().copied().chain(entries.iter().map(|(key, _)| key.as_ref())) {
        call.meter().step(key.len() / BYTES_OF_A_STEP)?;
    }
    entries.retain(|(key, _)| !keys.contains(key.as_ref()));
    Ok(made(call, &Type::Any, entries)?.into())
}

fn values(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [of] = exactly(arguments)?;
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
        let Some(found) = value_of(call, untyped(&at)?, key)? else { return Ok(otherwise.clone()) };
        at = found;
    }
    Ok(at)
}

const TOO_FEW: &str = "dig needs keys, a default and a dict";

/// A `map[string]interface {}`, and no other map.
fn untyped(value: &Value) -> Result<&Map, FuncError> {
    map(value).ok().filter(|map| *map.element() == Type::Any).ok_or_else(|| unexpected("map[string]interface {}"))
}
