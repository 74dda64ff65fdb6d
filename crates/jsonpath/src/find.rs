//! From a document to what a path finds in it.

use crate::item::{Item, View};
use crate::meter::Meter;
use crate::syntax::{Constant, Expression, Fork, Path, Step};
use crate::{DEPTH, Error};
use gjson::Numbers;
use std::fmt;

/// What was found. It may be a secret: `Debug` shows what it is, and no content.
#[derive(Clone, PartialEq)]
pub enum Found<'a> {
    /// A value of the document: its JSON text.
    Json(&'a [u8]),
    /// All that a path with several ways has led to, in order.
    List(Vec<Found<'a>>),
    /// A text that stands in the path.
    Text(String),
    /// A number that stands in the path, or was made negative there.
    Number(f64),
    /// What a comparison is.
    Bool(bool),
    /// Nothing, which Go calls `nil`.
    Nil,
}

impl Found<'_> {
    /// What External Secrets Operator's webhook provider makes of it as one value: of a list its first element, texts as
    /// they are, numbers rounded to integers, `null` empty, objects as Go writes them.
    ///
    /// # Errors
    /// A list without elements.
    pub fn text(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Json(raw) => text_of(raw),
            Self::List(found) => found.first().ok_or(EMPTY)?.text(),
            Self::Text(text) => Ok(text.as_bytes().to_vec()),
            Self::Number(number) => Ok(rounded(*number)),
            Self::Bool(truth) => Ok(truth.to_string().into_bytes()),
            Self::Nil => Ok(Vec::new()),
        }
    }
}

const EMPTY: Error = Error::Unfit("the path has found nothing: its list is empty");

fn text_of(raw: &[u8]) -> Result<Vec<u8>, Error> {
    if raw.first() == Some(&b'[') {
        // Bounded by the document's depth.
        return text_of(gjson::entries(raw).next().map(|(_, value)| value).ok_or(EMPTY)?);
    }
    let item = Item::Json(raw);
    Ok(match item.view()? {
        View::Nil => Vec::new(),
        View::Bool(truth) => truth.to_string().into_bytes(),
        View::Number(number) => rounded(number),
        View::Text(text) => text.into_owned(),
        View::Array | View::Object => {
            gjson::marshal(raw, Numbers::Floats).map_err(|_| Error::TooDeep { limit: DEPTH })?
        }
    })
}

/// Go's format 'f' with no digit behind the point; both round halves to even.
fn rounded(number: f64) -> Vec<u8> {
    format!("{number:.0}").into_bytes()
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(raw) => write!(f, "Json({} bytes)", raw.len()),
            Self::List(found) => f.debug_tuple("List").field(found).finish(),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Number(_) => f.write_str("Number"),
            Self::Bool(_) => f.write_str("Bool"),
            Self::Nil => f.write_str("Nil"),
        }
    }
}

impl<'a> From<Item<'a>> for Found<'a> {
    fn from(item: Item<'a>) -> Self {
        match item {
            Item::Json(raw) => Self::Json(raw),
            Item::List(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Item::Text(text) => Self::Text(text),
            Item::Number(number) => Self::Number(number),
            Item::Bool(truth) => Self::Bool(truth),
            Item::Nil => Self::Nil,
        }
    }
}

pub(crate) fn find<'a>(expression: &Expression, json: &'a [u8]) -> Result<Found<'a>, Error> {
    let search = Search::of(json)?;
    search.value(expression, &Item::Nil).map(Found::from)
}

struct Search<'a> {
    root: Item<'a>,
    meter: Meter,
}

/// A failure that leaves a match out, and no more than that.
fn passed_over<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Missing | Error::Unfit(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl<'a> Search<'a> {
    fn of(json: &'a [u8]) -> Result<Self, Error> {
        gjson::valid_within(json, DEPTH).map_err(|error| match error {
            gjson::Error::TooDeep { limit } => Error::TooDeep { limit },
            _ => Error::NotJson,
        })?;
        Ok(Self { root: Item::Json(json.trim_ascii()), meter: Meter::new() })
    }

    /// What an expression is while `current` is the value at hand.
    fn value(&self, expression: &Expression, current: &Item<'a>) -> Result<Item<'a>, Error> {
        self.meter.look(0)?;
        match expression {
            Expression::Constant(Constant::Number(number)) => Ok(Item::Number(*number)),
            Expression::Constant(Constant::Text(text)) => Ok(Item::Text(text.clone())),
            Expression::Constant(Constant::Bool(truth)) => Ok(Item::Bool(*truth)),
            Expression::Negative(of) => self.value(of, current)?.as_number().map(|number| Item::Number(-number)),
            Expression::Compare { sides, equal } => {
                let (a, b) = (self.value(&sides.0, current)?, self.value(&sides.1, current)?);
                Ok(Item::Bool(a.equals(&b, &self.meter)? == *equal))
            }
            Expression::Variable(keys) => self.variable(keys, current),
            Expression::Call => Err(Error::Unfit("the path calls a function, and there are none")),
            Expression::Path(path) => match &**path {
                Path::Plain(steps) => self.walk(steps, self.root.clone(), current),
                Path::Forked { .. } => self.matches(path, current).map(Item::List),
            },
        }
    }

    /// Members of the document, by Go's rules: a name that no object has is nil, an index that no array has changes
    /// nothing.
    fn variable(&self, keys: &[Expression], current: &Item<'a>) -> Result<Item<'a>, Error> {
        let names: Vec<_> = keys.iter().map(|key| self.value(key, current)?.as_name()).collect::<Result<_, Error>>()?;
        let mut value = self.root.clone();
        for name in names {
            value = match value.view()? {
                View::Object => value.member(&name, &self.meter)?.unwrap_or(Item::Nil),
                View::Array => match name.parse().ok() {
                    Some(index) => value.element(index, &self.meter)?.unwrap_or(value),
                    None => value,
                },
                _ => return Err(Error::Missing),
            };
        }
        Ok(value)
    }

    fn walk(&self, steps: &[Step], from: Item<'a>, current: &Item<'a>) -> Result<Item<'a>, Error> {
        steps.iter().try_fold(from, |value, step| match step {
            Step::Current => Ok(current.clone()),
            Step::Select(key) => self.select(key, &value),
            Step::Script(script) => self.value(script, &value),
        })
    }

    fn select(&self, key: &Expression, value: &Item<'a>) -> Result<Item<'a>, Error> {
        let found = match value.view()? {
            View::Array => value.element(self.value(key, value)?.as_index()?, &self.meter)?,
            View::Object => value.member(&self.value(key, value)?.as_name()?, &self.meter)?,
            _ => return Err(Error::Unfit("the path goes on behind a value that is no object and no list")),
        };
        found.ok_or(Error::Missing)
    }

    fn matches(&self, path: &Path, current: &Item<'a>) -> Result<Vec<Item<'a>>, Error> {
        match path {
            Path::Plain(steps) => {
                passed_over(self.walk(steps, self.root.clone(), current)).map(|found| found.into_iter().collect())
            }
            Path::Forked { before, fork, behind } => {
                let mut found = Vec::new();
                for value in self.matches(before, current)? {
                    let mut ways = Vec::new();
                    self.fork(fork, &value, &mut ways)?;
                    for way in ways {
                        self.meter.hold()?;
                        found.extend(passed_over(self.walk(behind, way, current))?);
                    }
                }
                Ok(found)
            }
        }
    }

    fn fork(&self, fork: &Fork, value: &Item<'a>, ways: &mut Vec<Item<'a>>) -> Result<(), Error> {
        match fork {
            Fork::All => ways.extend(value.children(&self.meter)?),
            Fork::Depths => {
                ways.push(value.clone());
                for child in value.children(&self.meter)? {
                    self.fork(fork, &child, ways)?;
                }
            }
            Fork::Several(keys) => {
                for key in keys {
                    ways.extend(passed_over(self.select(key, value))?);
                }
            }
            Fork::Filter(condition) => {
                for child in value.children(&self.meter)? {
                    let holds = self.value(condition, &child).and_then(|holds| holds.as_truth());
                    if passed_over(holds)? == Some(true) {
                        ways.push(child);
                    }
                }
            }
            Fork::Range(range) => self.range(range, value, ways)?,
        }
        Ok(())
    }

    fn range(&self, range: &[Expression; 3], value: &Item<'a>, ways: &mut Vec<Item<'a>>) -> Result<(), Error> {
        if !matches!(value.view()?, View::Array) {
            return Ok(());
        }
        let number = |part| passed_over(self.value(part, value).and_then(|number| number.as_index()));
        let [from, to, step] = range;
        let (Some(from), Some(to), Some(step)) = (number(from)?, number(to)?, number(step)?) else { return Ok(()) };
        if from > to {
            return Ok(());
        }
        let elements = value.children(&self.meter)?;
        let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
        let within = |bound: i64| if bound < 0 { length.saturating_add(bound).max(0) } else { bound.min(length) };
        let (from, to, step) = (within(from), within(to), if step == 0 { 1 } else { step });
        let mut index = if step > 0 { from } else { to - 1 };
        while (step > 0 && index < to) || (step < 0 && index >= from) {
            let element = usize::try_from(index).ok().and_then(|index| elements.get(index));
            ways.extend(element.cloned());
            let Some(next) = index.checked_add(step) else { break };
            index = next;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document as stores have them, of so many bytes: objects with members and lists of their own.
    fn document(bytes: usize) -> String {
        let mut json = "{\"data\":{\"items\":[".to_owned();
        for number in 0.. {
            let labels = format!(r#"{{"env":"prod","team":"team-{}"}}"#, number % 20);
            let item = format!(
                r#"{{"name":"db-{number}","enabled":true,"ports":[5432,5433],"labels":{labels},"value":"{}"}}"#,
                "s3cret".repeat(8)
            );
            if json.len() + item.len() + 10 > bytes {
                break;
            }
            json = json + &item + ",";
        }
        json.trim_end_matches(',').to_owned() + "]}}"
    }

    /// Which part of its work a path spends on a document in which it finds something.
    fn spent(path: &str, json: &str) -> f64 {
        let expression = crate::parse::parse(path).unwrap();
        let search = Search::of(json.as_bytes()).unwrap();
        let found = search.value(&expression, &Item::Nil).map(Found::from);
        assert!(found.is_ok_and(|found| found.text().is_ok()), "{path} finds nothing");
        search.meter.spent()
    }

    #[test]
    fn what_real_documents_need_is_well_within_the_work() {
        let json = document(1 << 20);
        assert!(json.len() > 1_000_000);
        let paths = [
            "$.data.items[1000].value",
            "$..value",
            "$..*",
            "$..[?@.name==\"db-100\"].value",
            "$..[?(@.labels.team==\"team-7\")]..value",
            "$.data.items[?@.labels.team==\"team-7\"].value",
        ];
        let spent = paths.map(|path| (path, spent(path, &json)));
        assert!(spent.iter().all(|(_, part)| *part < 0.5), "{spent:?}");
    }
}
