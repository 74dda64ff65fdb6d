//! Renders a target.

use std::collections::BTreeMap;

use gotemplate::{Map, Meter, Type, Value};

use super::super::decode::{decode, fault_of_key};
use super::super::problem::Problem;
use super::engine::{Engine, LIMITS};
use super::metadata;
use super::texts::Texts;
use super::unit::{self, Target, Unit};
use super::volatile::is_volatile;
use super::words::{self, Failure};
use super::{Rendered, keeps_values, yaml};
use crate::api::external_secret::Template;
use crate::sealed::Sealed;

/// What errors and `define` call a text that makes a map of keys and values: Go calls it by its own text, which no
/// template can name.
const NAMELESS: &str = "\0";

/// Parses every template that stands in the ExternalSecret itself.
///
/// # Errors
/// The first that is none.
pub fn check(engine: &Engine, template: &Template) -> Result<(), Problem> {
    unit::inline(template).iter().try_for_each(|unit| {
        let parsed = engine.parse(unit.key.unwrap_or(NAMELESS), unit.source, unit.hidden);
        parsed.map(|_| ()).map_err(|error| words::failure(unit, &error, &BTreeMap::new()).problem)
    })
}

/// Renders a target from the provider's `values` and the `texts` of its sources, all of it or nothing, until `stop` says
/// true.
///
/// # Errors
/// The first text that is no template, cannot be executed, is over budget, or makes what a Secret cannot hold.
pub fn render(
    engine: &Engine,
    template: &Template,
    values: &BTreeMap<String, Sealed>,
    texts: &Texts,
    stop: &dyn Fn() -> bool,
) -> Result<Rendered, Failure> {
    let metadata = template.metadata.clone().unwrap_or_default();
    let mut rendered = Rendered {
        data: if keeps_values(template) { values.clone() } else { BTreeMap::new() },
        finalizers: metadata.finalizers,
        type_: template.type_.clone().filter(|type_| !type_.is_empty()),
        ..Rendered::default()
    };
    let mut kitchen = Kitchen { engine, values, entries: entries(values), meter: Meter::new(LIMITS, stop), made: 0 };
    let (units, mut dishes) = (unit::all(template, texts)?, BTreeMap::new());
    for (number, unit) in units.iter().enumerate() {
        let (made, volatile) = kitchen.cook(unit)?;
        for (key, value) in made {
            let value = decode(&unit.field, unit.decoding, value).map_err(|problem| about_values(unit, problem))?;
            dishes.insert((unit.target, key), Dish { number, value, volatile });
        }
    }
    for ((_, key), dish) in dishes {
        let unit = units.get(dish.number).ok_or_else(|| Problem::new("spec.target.template", "is lost", CURE))?;
        put(&mut rendered, unit, key, dish.value, dish.volatile)?;
    }
    metadata::check_size(&rendered.annotations)?;
    Ok(rendered)
}

/// What the last of all units that make a key has made of it; only this is judged.
struct Dish {
    number: usize,
    value: Sealed,
    volatile: bool,
}

/// What all units of one target share: the data, and the budget.
struct Kitchen<'a> {
    engine: &'a Engine,
    values: &'a BTreeMap<String, Sealed>,
    entries: Vec<(String, Value)>,
    meter: Meter<'a>,
    made: usize,
}

fn entries(values: &BTreeMap<String, Sealed>) -> Vec<(String, Value)> {
    values.iter().map(|(key, value)| (key.clone(), Value::str(value.expose()))).collect()
}

impl Kitchen<'_> {
    /// The keys and values that a unit makes, and whether another time it may make others.
    fn cook(&mut self, unit: &Unit<'_>) -> Result<(BTreeMap<String, Sealed>, bool), Failure> {
        let name = unit.key.unwrap_or(NAMELESS);
        let fail = |error| words::failure(unit, &error, self.values);
        let template = self.engine.parse(name, unit.source, unit.hidden).map_err(fail)?;
        // A map of its own: a template may change it.
        let data = Value::Map(Map::of(&Type::String, self.entries.iter().map(|(key, value)| (key, value.clone()))));
        let result = Sealed::new(template.render_named(name, &data, &self.meter).map_err(fail)?);
        self.made = self.made.saturating_add(result.len());
        if self.made > LIMITS.output {
            return Err(too_much(unit).into());
        }
        let made = match unit.key {
            Some(key) => BTreeMap::from([(key.to_owned(), result)]),
            None => yaml::read(&result).map_err(|error| unreadable(unit, &error))?,
        };
        Ok((made, is_volatile(&template)))
    }
}

/// Puts what a unit made where it belongs.
fn put(rendered: &mut Rendered, unit: &Unit<'_>, key: String, value: Sealed, volatile: bool) -> Result<(), Problem> {
    let kept = match unit.target {
        Target::Data => {
            refuse(unit, fault_of_key(&key))?;
            rendered.data.insert(key.clone(), value);
            &mut rendered.volatile.data
        }
        Target::Labels => {
            let value = text(unit, &value)?;
            refuse(unit, metadata::fault_of_label(&key, &value))?;
            rendered.labels.insert(key.clone(), value);
            &mut rendered.volatile.labels
        }
        Target::Annotations => {
            let value = text(unit, &value)?;
            refuse(unit, metadata::fault_of_key(&key.to_ascii_lowercase()))?;
            rendered.annotations.insert(key.clone(), value);
            &mut rendered.volatile.annotations
        }
    };
    if volatile {
        kept.insert(key);
    }
    Ok(())
}

fn text(unit: &Unit<'_>, value: &Sealed) -> Result<String, Problem> {
    let text = std::str::from_utf8(value.expose());
    text.map(str::to_owned).map_err(|_| {
        Problem::new(&unit.field, "the result is not UTF-8, as labels and annotations must be", "put it into the data")
    })
}

fn refuse(unit: &Unit<'_>, fault: Option<&'static str>) -> Result<(), Problem> {
    fault.map_or(Ok(()), |fault| Err(Problem::new(&unit.field, format!("the result {}", said(unit, fault)), CURE)))
}

const CURE: &str = "correct the template, or what it is made from";

/// A key that stands in the spec is in the field's name already.
fn said(unit: &Unit<'_>, fault: &str) -> String {
    match unit.key {
        None if unit.target == Target::Data => format!("has a key that {fault}"),
        Some(_) if unit.target == Target::Data => format!("goes to a key that {fault}"),
        _ => fault.to_owned(),
    }
}

fn about_values(unit: &Unit<'_>, problem: Problem) -> Problem {
    let entry = unit.field.split_inclusive(']').next().unwrap_or(&unit.field);
    Problem { field: format!("{entry}.valuesDecodingStrategy"), ..problem }
}

fn unreadable(unit: &Unit<'_>, error: &yaml::Unreadable) -> Problem {
    let line = error.line.map(|line| format!(", line {line}")).unwrap_or_default();
    Problem::new(
        &unit.field,
        format!("the result{line}: {}", error.cause),
        "make it a YAML map of keys to texts; put texts that hold ':' or '#' in quotes (toJson makes them)",
    )
}

fn too_much(unit: &Unit<'_>) -> Problem {
    Problem::new(
        &unit.field,
        format!("over budget: the templates of this object make more than {} bytes together", LIMITS.output),
        "make less of it: a Secret holds 1048576 bytes",
    )
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
