//! What is wrong with a template, in words for its author: the place, the cause, the cure, and never a value.

use std::collections::BTreeMap;

use gotemplate::{Error, ErrorKind};

use super::super::problem::Problem;
use super::engine::LONGEST;
use super::unit::Unit;
use crate::sealed::Sealed;

/// How many keys a message lists, and how many characters of each.
const MOST_KEYS: usize = 20;
const LONGEST_KEY: usize = 63;
/// How many characters of the template's text and of a cause a message quotes.
const LONGEST_QUOTE: usize = 60;
const LONGEST_CAUSE: usize = 200;
/// The shortest value that is looked for in a function's own words.
const TELLING: usize = 4;

/// Why a target could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Field, cause and cure.
    pub problem: Problem,
    /// It took too long: another time it may not. All else is the same until an input is another.
    pub late: bool,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, late: false }
    }
}

/// The names that exist, for someone who has named another.
pub(super) fn keys<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let count = names.len();
    let shown: Vec<String> = names.take(MOST_KEYS).map(|name| format!("{:?}", cut(name, LONGEST_KEY))).collect();
    match (count, count.saturating_sub(MOST_KEYS)) {
        (0, _) => "; there are no keys".to_owned(),
        (_, 0) => format!("; the keys are {}", shown.join(", ")),
        (_, more) => format!("; the keys are {} and {more} more", shown.join(", ")),
    }
}

/// What the language says about a unit.
pub(super) fn failure(unit: &Unit<'_>, error: &Error, values: &BTreeMap<String, Sealed>) -> Failure {
    let (cause, cure) = match error.kind() {
        ErrorKind::Budget(budget) => (budget.to_string(), "make it smaller, or leave less to it"),
        ErrorKind::Interrupted => (
            format!("over budget: the templates of this object take longer than {LONGEST:?}"),
            "call fewer expensive functions",
        ),
        ErrorKind::Parse if unit.hidden => ("it is no template".to_owned(), CURE),
        ErrorKind::Parse => (cut(error.cause(), LONGEST_CAUSE), CURE),
        _ => (executing(unit, error, values), CURE),
    };
    let problem = Problem::new(&unit.field, format!("{}{cause}", place(unit, error)), cure);
    Failure { problem, late: error.kind() == ErrorKind::Interrupted }
}

const CURE: &str = "correct the template";

/// Lines count from 1 and so do columns, in bytes.
fn place(unit: &Unit<'_>, error: &Error) -> String {
    let line = error.line().map(|line| format!("line {line}")).unwrap_or_default();
    let column = error.column().map(|column| format!(", column {}", column + 1)).unwrap_or_default();
    let quotes = !unit.hidden && !error.context().is_empty();
    let context = if quotes { format!(" at <{}>", cut(error.context(), LONGEST_QUOTE)) } else { String::new() };
    if line.is_empty() { String::new() } else { format!("{line}{column}{context}: ") }
}

fn executing(unit: &Unit<'_>, error: &Error, values: &BTreeMap<String, Sealed>) -> String {
    let cause = error.cause();
    let missing = cause.starts_with("map has no entry for key");
    if unit.hidden {
        return if missing {
            format!("a key is missing{}", keys(values.keys()))
        } else {
            "it cannot be executed".into()
        };
    }
    let cause = match cause.strip_prefix("error calling ").and_then(|rest| rest.split_once(": ")) {
        Some((function, message)) if may_tell(function, message, error.context(), values) => cut(cause, LONGEST_CAUSE),
        Some((function, _)) => format!("error calling {function}: its message is not shown, as it may hold a value"),
        None => cut(cause, LONGEST_CAUSE),
    };
    if missing { format!("{cause}{}", keys(values.keys())) } else { cause }
}

/// A function's own words, unless they may be made of values. Those of `fail` are its argument, and are shown where that
/// is a literal of the template.
fn may_tell(function: &str, message: &str, context: &str, values: &BTreeMap<String, Sealed>) -> bool {
    if function == "fail" {
        return ["fail \"", "fail `"].iter().any(|literal| context.starts_with(literal));
    }
    let tells =
        |value: &[u8]| value.len() >= TELLING && message.as_bytes().windows(value.len()).any(|part| part == value);
    !values.values().any(|value| tells(value.expose()))
}

fn cut(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let mut shown: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}
