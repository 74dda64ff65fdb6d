//! What `dataFrom[].rewrite` makes of the keys that an entry read: step by step, each on what the one before left.
//!
//! Expressions and templates are a tenant's: each step has one budget for all keys. Where two keys become one, ESO keeps
//! whichever value Go's map happens to give last; here that is an error, unless the values are equal.

mod merge;

use std::collections::BTreeMap;

use goregex::Regexp;
use gotemplate::{Error, Functions, Limits, Map, Meter, Parser, Value};

use super::problem::Problem;
use crate::api::external_secret::{Rewrite, RewriteRegexp, RewriteTransform};
use crate::sealed::Sealed;

/// The values of one entry, by key.
type Values = BTreeMap<String, Sealed>;

/// The most bytes that all keys may have together after a step.
const MOST_KEY_BYTES: usize = 1 << 20;

/// Applies `steps`, which stand at `field`, in their order. `functions` are those of templates.
///
/// # Errors
/// The first step that cannot be done, by its field.
pub fn rewrite(field: &str, steps: &[Rewrite], values: Values, functions: &Functions) -> Result<Values, Problem> {
    steps.iter().enumerate().try_fold(values, |values, (index, step)| {
        let field = format!("{field}[{index}]");
        match (&step.merge, &step.regexp, &step.transform) {
            (Some(step), ..) => merge::merge(&format!("{field}.merge"), step, values, functions),
            (_, Some(step), _) => replace(&format!("{field}.regexp"), step, values),
            (.., Some(step)) => transform(&format!("{field}.transform"), step, values, functions),
            _ => Ok(values),
        }
    })
}

/// Says whether `steps`, which stand at `field`, could ever be done.
///
/// # Errors
/// The first step with an expression that is none, or without the key that it needs.
pub fn check(field: &str, steps: &[Rewrite]) -> Result<(), Problem> {
    steps.iter().enumerate().try_for_each(|(index, step)| {
        let field = format!("{field}[{index}]");
        if let Some(step) = &step.merge {
            return merge::check(&format!("{field}.merge"), step);
        }
        step.regexp.as_ref().map_or(Ok(()), |step| compile(&format!("{field}.regexp.source"), &step.source).map(drop))
    })
}

/// Compiles an expression that stands at `field`.
///
/// # Errors
/// Why Go, or the limits, would not have it.
pub fn compile(field: &str, expression: &str) -> Result<Regexp, Problem> {
    Regexp::new(expression)
        .map_err(|error| Problem::new(field, error.to_string(), "write it in the syntax of Go's regexp (RE2)"))
}

/// As Go's `ReplaceAllString` on every key.
fn replace(field: &str, step: &RewriteRegexp, values: Values) -> Result<Values, Problem> {
    let expression = compile(&format!("{field}.source"), &step.source)?;
    rename(field, values, |key, left| {
        expression.replace_all_within(key, &step.target, left).map_err(|_| too_long(field))
    })
}

/// Each key is what the template makes of it, as `.value`; delimiters are always the usual ones.
fn transform(field: &str, step: &RewriteTransform, values: Values, functions: &Functions) -> Result<Values, Problem> {
    let field = format!("{field}.template");
    let limits = Limits { output: MOST_KEY_BYTES, ..Limits::default() };
    let parser = Parser { limits, ..Parser::default() };
    let failed = |error: &Error| Problem::new(field.as_str(), error.to_string(), "correct the template");
    let template = parser.parse("transform", &step.template, functions).map_err(|error| failed(&error))?;
    let meter = Meter::new(limits, &|| false);
    rename(&field, values, |key, _| {
        let data = Value::from(Map::strings([("value", key)]));
        template.render_named("transform", &data, &meter).map_err(|error| failed(&error))
    })
}

/// Gives every value the key that `name` makes of its own, told how many bytes the keys may still have.
fn rename(
    field: &str,
    values: Values,
    name: impl Fn(&str, usize) -> Result<Vec<u8>, Problem>,
) -> Result<Values, Problem> {
    let (mut renamed, mut left) = (Values::new(), MOST_KEY_BYTES);
    for (old, value) in values {
        let new = String::from_utf8(name(&old, left)?).map_err(|_| no_text(field, &old))?;
        left = left.checked_sub(new.len()).ok_or_else(|| too_long(field))?;
        match renamed.get(&new) {
            Some(other) if *other != value => return Err(collision(field, &new)),
            _ => renamed.insert(new, value),
        };
    }
    Ok(renamed)
}

fn collision(field: &str, key: &str) -> Problem {
    Problem::new(
        field,
        format!("two keys with different values become {:?}", shown(key)),
        "rewrite them to different keys, or leave one out",
    )
}

fn too_long(field: &str) -> Problem {
    Problem::new(field, "the keys become longer than 1 MiB together", "make them shorter; a key has 253 characters")
}

fn no_text(field: &str, key: &str) -> Problem {
    Problem::new(field, format!("the key {:?} becomes one that is not UTF-8", shown(key)), "rewrite it to plain text")
}

/// So much of a key that a message stays readable.
fn shown(key: &str) -> String {
    key.chars().take(64).collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
