//! Numbers in a row.

use crate::arguments::{Outcome, exactly, int};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, List, Type, Value};

pub(super) fn family(_: &Shared) -> Family {
    vec![
        ("until", Function::new(&[Type::INT], until).named("func(int) []int")),
        ("untilStep", Function::new(&[Type::INT, Type::INT, Type::INT], until_step).named("func(int, int, int) []int")),
        ("seq", Function::variadic(&[Type::INT], seq).named("func(...int) string")),
    ]
}

/// From `first` on until `end` is met. Past the largest number it goes on with the smallest, as Go does, until
/// the budget ends it.
fn each(
    call: &Call<'_>,
    (first, end, step): (i64, i64, i64),
    mut take: impl FnMut(i64) -> Result<(), FuncError>,
) -> Result<(), FuncError> {
    let down = end < first;
    if step == 0 || down != (step < 0) {
        return Ok(());
    }
    let mut at = first;
    while if down { at > end } else { at < end } {
        call.meter().step(1)?;
        take(at)?;
        at = at.wrapping_add(step);
    }
    Ok(())
}

fn list(call: &Call<'_>, range: (i64, i64, i64)) -> Outcome {
    let mut numbers = Vec::new();
    each(call, range, |number| {
        call.meter().allocate(size_of::<Value>())?;
        numbers.push(Value::int(number));
        Ok(())
    })?;
    Ok(List::new(&Type::INT, numbers).into())
}

fn until(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [count] = exactly(arguments)?;
    let count = int(count)?;
    list(call, (0, count, if count < 0 { -1 } else { 1 }))
}

fn until_step(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [first, end, step] = exactly(arguments)?;
    list(call, (int(first)?, int(end)?, int(step)?))
}

fn seq(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let numbers: Vec<i64> = arguments.iter().map(int).collect::<Result<_, _>>()?;
    let range = match *numbers.as_slice() {
        [end] => inclusive(1, end, None),
        [start, end] => inclusive(start, end, None),
        [start, step, end] if end < start && step > 0 => (start, start, step),
        [start, step, end] => inclusive(start, end, Some(step)),
        _ => return call.text(""),
    };
    let mut text = String::new();
    each(call, range, |number| {
        let number = number.to_string();
        call.meter().allocate(number.len() + 1)?;
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(&number);
        Ok(())
    })?;
    Ok(text.into())
}

/// With the end, towards which it goes by one unless told otherwise.
fn inclusive(start: i64, end: i64, step: Option<i64>) -> (i64, i64, i64) {
    let direction = if end < start { -1 } else { 1 };
    (start, end.wrapping_add(direction), step.unwrap_or(direction))
}
