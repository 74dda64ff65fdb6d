//! Defaults, conditions, failing.

use crate::arguments::{Outcome, exactly, text, truth, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    vec![
        ("default", Function::variadic(&[Type::Any, Type::Any], default).named(DEFAULT)),
        ("empty", Function::new(&[Type::Any], empty).named("func(interface {}) bool")),
        ("coalesce", Function::variadic(&[Type::Any], coalesce).named("func(...interface {}) interface {}")),
        ("all", Function::variadic(&[Type::Any], all).named("func(...interface {}) bool")),
        ("any", Function::variadic(&[Type::Any], any).named("func(...interface {}) bool")),
        ("ternary", Function::new(&[Type::Any, Type::Any, Type::Bool], ternary).named(TERNARY)),
        ("fail", Function::new(&[Type::String], fail).named("func(string) (string, error)")),
    ]
}

const DEFAULT: &str = "func(interface {}, ...interface {}) interface {}";
const TERNARY: &str = "func(interface {}, interface {}, bool) interface {}";

/// Whether it is the zero of its type, or has nothing in it. A struct never is.
pub(crate) fn is_empty(value: &Value) -> bool {
    !value.is_true()
}

fn default(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [otherwise, given @ ..] = arguments else { return Err(unexpected("default")) };
    Ok(given.first().filter(|given| !is_empty(given)).unwrap_or(otherwise).clone())
}

fn empty(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    Ok(is_empty(value).into())
}

fn coalesce(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    call.meter().step(values.len())?;
    Ok(values.iter().find(|value| !is_empty(value)).cloned().unwrap_or(Value::Nil))
}

fn all(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    call.meter().step(values.len())?;
    Ok((!values.iter().any(is_empty)).into())
}

fn any(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    call.meter().step(values.len())?;
    Ok((!values.iter().all(is_empty)).into())
}

fn ternary(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [yes, no, which] = exactly(arguments)?;
    Ok(if truth(which)? { yes.clone() } else { no.clone() })
}

/// The author's own words are the error.
fn fail(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [message] = exactly(arguments)?;
    Err(String::from_utf8_lossy(text(message)?).into_owned().into())
}
