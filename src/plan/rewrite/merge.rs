//! `rewrite.merge`: the fields of many JSON objects in one.
//!
//! Values are read and written as Go's `encoding/json` does, by the very functions that templates have for it, so a number
//! becomes the text that ESO gives it: `1e3` is `1000`.

use std::collections::{BTreeMap, BTreeSet};

use gotemplate::{Call, FuncError, Functions, Limits, Meter, Value};

use super::Values;
use crate::api::external_secret::{ConflictPolicy, MergeStrategy, PriorityPolicy, RewriteMerge};
use crate::plan::problem::Problem;
use crate::sealed::Sealed;

/// How a JSON text is read, how a value is written into a JSON text, and how one is written that becomes a value of its
/// own; ESO escapes `<`, `>` and `&` only in the last.
const READ: &str = "mustFromJson";
const WRITE_WHOLE: &str = "mustToRawJson";
const WRITE_PART: &str = "mustToJson";

/// The merged fields, by name.
type Fields = BTreeMap<String, Value>;

/// Says whether the step could ever be done.
///
/// # Errors
/// It keeps the result as JSON and names no key for it.
pub(super) fn check(field: &str, step: &RewriteMerge) -> Result<(), Problem> {
    if step.strategy.unwrap_or_default() == MergeStrategy::JSON && into(step).is_empty() {
        let field = format!("{field}.into");
        return Err(Problem::new(field, "merge failed with missing 'into' field", "name the key that gets the result"));
    }
    Ok(())
}

/// Merges all values, those of `priority` last, and puts the result where the strategy says.
pub(super) fn merge(
    field: &str,
    step: &RewriteMerge,
    values: Values,
    functions: &Functions,
) -> Result<Values, Problem> {
    check(field, step)?;
    let meter = Meter::new(Limits::default(), &|| false);
    let json = Json { field, functions, meter: &meter };
    let fields = fields(&json, step, &values)?;
    match step.strategy.unwrap_or_default() {
        MergeStrategy::Extract => fields.iter().map(|(name, value)| Ok((name.clone(), json.text(value)?))).collect(),
        MergeStrategy::JSON => {
            let whole = Value::from(gotemplate::Map::any(fields));
            let mut values = values;
            values.insert(into(step).to_owned(), json.write(WRITE_WHOLE, &whole)?);
            Ok(values)
        }
    }
}

fn into(step: &RewriteMerge) -> &str {
    step.into.as_deref().unwrap_or_default()
}

fn fields(json: &Json<'_>, step: &RewriteMerge, values: &Values) -> Result<Fields, Problem> {
    let (mut fields, mut conflicts) = (Fields::new(), BTreeSet::new());
    for key in order(step, values) {
        let Some(value) = values.get(key) else {
            if step.priority_policy == Some(PriorityPolicy::IgnoreNotFound) {
                continue;
            }
            return Err(not_found(json.field, key));
        };
        for (name, value) in json.object(key, value)? {
            if fields.insert(name.clone(), value).is_some() {
                conflicts.insert(name);
            }
        }
    }
    if conflicts.is_empty() || step.conflict_policy == Some(ConflictPolicy::Ignore) {
        return Ok(fields);
    }
    Err(conflict(json.field, conflicts))
}

/// By name, but what has priority last and in its own order.
fn order<'a>(step: &'a RewriteMerge, values: &'a Values) -> impl Iterator<Item = &'a String> {
    values.keys().filter(|key| !step.priority.contains(key)).chain(&step.priority)
}

fn not_found(field: &str, key: &str) -> Problem {
    Problem::new(
        format!("{field}.priority"),
        format!("merge failed with key {key:?} not found in input map"),
        "correct the key, or set priorityPolicy to IgnoreNotFound",
    )
}

fn conflict(field: &str, names: BTreeSet<String>) -> Problem {
    let names: Vec<_> = names.into_iter().take(10).collect();
    Problem::new(
        format!("{field}.conflictPolicy"),
        format!("merge failed with conflicts: {}", names.join(", ")),
        "name each field in one value only, or set it to Ignore so that the later value wins",
    )
}

/// Go's JSON, within one budget.
struct Json<'a> {
    field: &'a str,
    functions: &'a Functions,
    meter: &'a Meter<'a>,
}

impl Json<'_> {
    fn call(&self, function: &str, argument: Value) -> Result<Value, FuncError> {
        let found = self.functions.get(function).ok_or_else(|| format!("there is no function {function:?}"))?;
        Call::new(self.meter).call(found, &[argument])
    }

    /// The fields of an object; `null` has none.
    fn object(&self, key: &str, value: &Sealed) -> Result<Vec<(String, Value)>, Problem> {
        let problem = |cause: &str| {
            let cause = format!("merge failed: the value of {key:?} {cause}");
            Problem::new(
                self.field,
                cause,
                "store a JSON object there, or have the search or an earlier step leave it out",
            )
        };
        let read = self.call(READ, Value::str(value.expose())).map_err(|error| match error {
            FuncError::Stop(_) => problem("is too large"),
            FuncError::Message(_) => problem("is no JSON"),
        })?;
        match read {
            Value::Map(map) => Ok(map.entries().into_iter().map(|(name, value)| (text_of(&name), value)).collect()),
            Value::Nil => Ok(Vec::new()),
            _ => Err(problem("is no JSON object")),
        }
    }

    /// What a field is as a value of its own: a text without its quotes, a number without an exponent, nothing for `null`.
    fn text(&self, value: &Value) -> Result<Sealed, Problem> {
        Ok(match value {
            Value::Nil => Sealed::default(),
            Value::Bool(is) => Sealed::from(is.to_string()),
            Value::Float(number, _) => Sealed::from(number.to_string()),
            Value::Str(text) => Sealed::new(text.to_vec()),
            other => return self.write(WRITE_PART, other),
        })
    }

    fn write(&self, function: &str, value: &Value) -> Result<Sealed, Problem> {
        match self.call(function, value.clone()) {
            Ok(Value::Str(json)) => Ok(Sealed::new(json.to_vec())),
            _ => Err(Problem::new(self.field, "merge failed: the result is too large", "merge fewer values")),
        }
    }
}

fn text_of(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
