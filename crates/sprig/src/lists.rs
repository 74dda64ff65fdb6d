//! Lists: slices of any type, `[]byte` too. Results are new lists, but for those of `slice`.

use crate::arguments::{Outcome, exactly, int, unexpected};
use crate::cast::to_int64;
use crate::defaults::is_empty;
use crate::equality::contains;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, List, Type, Value};
use std::borrow::Cow;

type Run = fn(&mut Call<'_>, &[Value]) -> Outcome;

pub(crate) fn family(_: &Shared) -> Family {
    let mut family = vec![
        ("list", Function::variadic(&[Type::Any], list).named("func(...interface {}) []interface {}")),
        ("tuple", Function::variadic(&[Type::Any], list).named("func(...interface {}) []interface {}")),
        ("concat", Function::variadic(&[Type::Any], concat).named("func(...interface {}) interface {}")),
        ("append", Function::new(TWO, append).named("func(interface {}, interface {}) []interface {}")),
        ("mustAppend", Function::new(TWO, append).named("func(interface {}, interface {}) ([]interface {}, error)")),
        ("push", Function::new(TWO, append).named("func(interface {}, interface {}) []interface {}")),
        ("mustPush", Function::new(TWO, append).named("func(interface {}, interface {}) ([]interface {}, error)")),
        ("prepend", Function::new(TWO, prepend).named("func(interface {}, interface {}) []interface {}")),
        ("mustPrepend", Function::new(TWO, prepend).named("func(interface {}, interface {}) ([]interface {}, error)")),
        ("has", Function::new(TWO, has).named("func(interface {}, interface {}) bool")),
        ("mustHas", Function::new(TWO, has).named("func(interface {}, interface {}) (bool, error)")),
        ("without", Function::variadic(TWO, without).named("func(interface {}, ...interface {}) []interface {}")),
        ("mustWithout", Function::variadic(TWO, without).named(MUST_WITHOUT)),
        ("slice", Function::variadic(TWO, slice).named("func(interface {}, ...interface {}) interface {}")),
        (
            "mustSlice",
            Function::variadic(TWO, slice).named("func(interface {}, ...interface {}) (interface {}, error)"),
        ),
        ("chunk", Function::new(SIZE_AND_LIST, chunk).named("func(int, interface {}) [][]interface {}")),
        ("mustChunk", Function::new(SIZE_AND_LIST, chunk).named("func(int, interface {}) ([][]interface {}, error)")),
    ];
    for (name, must, run) in ELEMENTS {
        family.push((name, Function::new(&[Type::Any], run).named("func(interface {}) interface {}")));
        family.push((must, Function::new(&[Type::Any], run).named("func(interface {}) (interface {}, error)")));
    }
    for (name, must, run) in LISTS {
        family.push((name, Function::new(&[Type::Any], run).named("func(interface {}) []interface {}")));
        family.push((must, Function::new(&[Type::Any], run).named("func(interface {}) ([]interface {}, error)")));
    }
    family
}

const TWO: &[Type] = &[Type::Any, Type::Any];
const SIZE_AND_LIST: &[Type] = &[Type::INT, Type::Any];
const MUST_WITHOUT: &str = "func(interface {}, ...interface {}) ([]interface {}, error)";

/// From a list to one of its elements.
const ELEMENTS: [(&str, &str, Run); 2] = [("first", "mustFirst", first), ("last", "mustLast", last)];

/// From a list to another.
const LISTS: [(&str, &str, Run); 5] = [
    ("rest", "mustRest", rest),
    ("initial", "mustInitial", initial),
    ("reverse", "mustReverse", reverse),
    ("uniq", "mustUniq", uniq),
    ("compact", "mustCompact", compact),
];

/// The elements of a slice of any type, for which a step each is taken.
pub(crate) fn items<'v>(call: &Call<'_>, value: &'v Value) -> Result<Cow<'v, [Value]>, FuncError> {
    match value {
        Value::List(list) => {
            call.meter().step(list.len())?;
            Ok(Cow::Borrowed(list.items()))
        }
        Value::Bytes(bytes) => {
            call.meter().step(bytes.len())?;
            call.meter().allocate(bytes.len().saturating_mul(size_of::<Value>()))?;
            Ok(Cow::Owned(bytes.as_slice().iter().map(|&byte| Value::from(byte)).collect()))
        }
        _ => Err(no_list(value)),
    }
}

fn no_list(value: &Value) -> FuncError {
    match value.type_of() {
        Some(of) => FuncError::Message(format!("{of} is no list")),
        None => "nil is no list".into(),
    }
}

/// The only argument, as a list.
fn only<'v>(call: &Call<'_>, arguments: &'v [Value]) -> Result<Cow<'v, [Value]>, FuncError> {
    let [list] = exactly(arguments)?;
    items(call, list)
}

/// The same elements as an `[]interface {}`; of none, the `nil` of it.
fn part(call: &Call<'_>, items: Option<&[Value]>) -> Outcome {
    items.map_or_else(|| Ok(List::nil(&Type::Any).into()), |items| call.list(items.to_vec()))
}

fn list(call: &mut Call<'_>, items: &[Value]) -> Outcome {
    call.list(items.to_vec())
}

fn concat(call: &mut Call<'_>, lists: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for list in lists {
        let items = items(call, list)?;
        call.meter().allocate(items.len().saturating_mul(size_of::<Value>()))?;
        all.extend_from_slice(&items);
    }
    part(call, Some(all.as_slice()).filter(|all| !all.is_empty()))
}

fn append(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [list, item] = exactly(arguments)?;
    let mut items = items(call, list)?.into_owned();
    items.push(item.clone());
    call.list(items)
}

fn prepend(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [list, item] = exactly(arguments)?;
    let items = items(call, list)?;
    call.list(std::iter::once(item).chain(items.iter()).cloned().collect())
}

fn first(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [list] = exactly(arguments)?;
    match list {
        Value::List(list) => Ok(list.items().first().cloned().unwrap_or(Value::Nil)),
        Value::Bytes(bytes) => Ok(bytes.as_slice().first().map_or(Value::Nil, |&byte| byte.into())),
        _ => Err(no_list(list)),
    }
}

fn last(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [list] = exactly(arguments)?;
    match list {
        Value::List(list) => Ok(list.items().last().cloned().unwrap_or(Value::Nil)),
        Value::Bytes(bytes) => Ok(bytes.as_slice().last().map_or(Value::Nil, |&byte| byte.into())),
        _ => Err(no_list(list)),
    }
}

fn rest(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    part(call, only(call, arguments)?.split_first().map(|(_, rest)| rest))
}

fn initial(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    part(call, only(call, arguments)?.split_last().map(|(_, initial)| initial))
}

fn reverse(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    call.list(only(call, arguments)?.iter().rev().cloned().collect())
}

fn compact(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    call.list(only(call, arguments)?.iter().filter(|item| !is_empty(item)).cloned().collect())
}

fn uniq(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let mut found = Vec::new();
    for item in only(call, arguments)?.iter() {
        if !contains(call, &found, item)? {
            found.push(item.clone());
        }
    }
    call.list(found)
}

fn without(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [list, omitted @ ..] = arguments else { return Err(unexpected("list")) };
    let mut kept = Vec::new();
    for item in items(call, list)?.iter() {
        if !contains(call, omitted, item)? {
            kept.push(item.clone());
        }
    }
    call.list(kept)
}

fn has(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [item, list] = exactly(arguments)?;
    match list {
        Value::Nil => Ok(false.into()),
        Value::Bytes(_) | Value::List(_) => Ok(contains(call, &items(call, list)?, item)?.into()),
        _ => Err(no_list(list)),
    }
}

/// Within the capacity, so that a part can be made longer again.
fn slice(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [list, bounds @ ..] = arguments else { return Err(unexpected("list")) };
    let (length, capacity) = match list {
        Value::List(list) => (list.len(), list.capacity()),
        Value::Bytes(bytes) => (bytes.len(), bytes.capacity()),
        _ => return Err(no_list(list)),
    };
    if length == 0 {
        return Ok(Value::Nil);
    }
    let start = bounds.first().map_or(Ok(0), |bound| offset(call, bound))?;
    let end = bounds.get(1).map_or(Ok(length), |bound| offset(call, bound))?;
    match list {
        _ if start > end || end > capacity => Err("slice bounds out of range".into()),
        Value::List(list) => Ok(list.slice(start, end, None).into()),
        Value::Bytes(bytes) => Ok(bytes.slice(start, end, None).into()),
        _ => Err(no_list(list)),
    }
}

/// Beyond every list if it is negative.
fn offset(call: &Call<'_>, bound: &Value) -> Result<usize, FuncError> {
    Ok(usize::try_from(to_int64(call, bound)?).unwrap_or(usize::MAX))
}

fn chunk(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [size, list] = exactly(arguments)?;
    let items = items(call, list)?;
    let mut chunks = Vec::new();
    if let Some(size) = chunk_size(int(size)?, items.len())? {
        for chunk in items.chunks(size) {
            call.meter().allocate(size_of::<Value>())?;
            chunks.push(call.list(chunk.to_vec())?);
        }
    }
    Ok(List::new(&Type::LIST, chunks).into())
}

/// The size of the chunks of so many items, if there are any. In Go a negative one works where it makes no chunk, or one
/// of a single item.
fn chunk_size(size: i64, items: usize) -> Result<Option<usize>, FuncError> {
    let magnitude = usize::try_from(size.unsigned_abs()).unwrap_or(usize::MAX);
    match items {
        _ if size > 0 => Ok(Some(magnitude)),
        1 if size < -1 => Ok(Some(1)),
        2.. if size < 0 && magnitude >= items - 1 => Ok(None),
        _ => Err("the size of a chunk must be positive".into()),
    }
}
