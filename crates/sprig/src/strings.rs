//! Strings.

mod case;
mod change;
mod cut;
mod join;
mod layout;
mod words;

use crate::arguments::{Outcome, exactly, int, text};
use crate::table::{Family, Shared};
use crate::text_of::{string_of, strings_of};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    let own: Family = vec![
        ("hello", Function::new(&[], |_, _| Ok("Hello!".into())).named("func() string")),
        ("toString", Function::new(&[Type::Any], to_string).named("func(interface {}) string")),
        ("toStrings", Function::new(&[Type::Any], to_strings).named("func(interface {}) []string")),
        (
            "plural",
            Function::new(&[Type::String, Type::String, Type::INT], plural).named("func(string, string, int) string"),
        ),
    ];
    [own, case::family(), words::family(), cut::family(), change::family(), layout::family(), join::family()].concat()
}

type Run = fn(&mut Call<'_>, &[Value]) -> Outcome;

/// `func(string) string`.
fn of_text(run: Run) -> Function {
    Function::new(&[Type::String], run).named("func(string) string")
}

/// `func(string, string) string`.
fn of_two(run: Run) -> Function {
    Function::new(&[Type::String, Type::String], run).named("func(string, string) string")
}

/// `func(int, string) string`.
fn of_number_and_text(run: Run) -> Function {
    Function::new(&[Type::INT, Type::String], run).named("func(int, string) string")
}

fn to_string(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    string_of(call, value)
}

fn to_strings(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    Ok(strings_of(call, value)?.into())
}

fn plural(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [one, many, count] = exactly(arguments)?;
    let chosen = if int(count)? == 1 { one } else { many };
    text(chosen)?;
    Ok(chosen.clone())
}
