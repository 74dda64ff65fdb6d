//! Types and kinds, by Go's names.

use crate::arguments::{Outcome, exactly, text};
use crate::equality::equal;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, Function, Object, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    vec![
        ("typeOf", Function::new(&[Type::Any], type_of).named("func(interface {}) string")),
        ("typeIs", Function::new(NAME_AND_VALUE, type_is).named("func(string, interface {}) bool")),
        ("typeIsLike", Function::new(NAME_AND_VALUE, type_is_like).named("func(string, interface {}) bool")),
        ("kindOf", Function::new(&[Type::Any], kind_of).named("func(interface {}) string")),
        ("kindIs", Function::new(NAME_AND_VALUE, kind_is).named("func(string, interface {}) bool")),
        (
            "deepEqual",
            Function::new(&[Type::Any, Type::Any], deep_equal).named("func(interface {}, interface {}) bool"),
        ),
    ]
}

const NAME_AND_VALUE: &[Type] = &[Type::String, Type::Any];

/// Go's `%T`.
fn name(value: &Value) -> String {
    value.type_of().map_or_else(|| "<nil>".into(), |of| of.to_string())
}

/// What `reflect` calls its kind.
fn kind(value: &Value) -> String {
    match value {
        Value::Nil => "invalid".into(),
        Value::Bytes(_) | Value::List(_) => "slice".into(),
        Value::Map(_) => "map".into(),
        Value::Func(_) => "func".into(),
        Value::Object(object) => kind_of_object(object.as_ref()),
        _ => name(value),
    }
}

fn kind_of_object(object: &dyn Object) -> String {
    match object.underlying() {
        Some(plain) => kind(&plain),
        None if object.type_name().starts_with('*') => "ptr".into(),
        None => "struct".into(),
    }
}

fn type_of(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    call.text(name(value))
}

fn type_is(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [wanted, value] = exactly(arguments)?;
    Ok((text(wanted)? == name(value).as_bytes()).into())
}

/// Also of a pointer to the type.
fn type_is_like(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [wanted, value] = exactly(arguments)?;
    let (wanted, name) = (text(wanted)?, name(value));
    Ok((wanted == name.as_bytes() || name.strip_prefix('*').is_some_and(|name| wanted == name.as_bytes())).into())
}

fn kind_of(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    call.text(kind(value))
}

fn kind_is(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [wanted, value] = exactly(arguments)?;
    Ok((text(wanted)? == kind(value).as_bytes()).into())
}

fn deep_equal(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [a, b] = exactly(arguments)?;
    Ok(equal(call, a, b)?.into())
}
