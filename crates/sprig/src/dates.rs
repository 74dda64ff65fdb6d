//! Dates and durations.

mod calendar;
mod duration;
mod format;
mod layout;
mod names;
mod object;
mod parse;
mod time;
mod zone;

use crate::arguments::{Outcome, text, unexpected};
use crate::table::{Family, Shared};
use duration::{Duration, SECOND};
use keyferry_gotemplate::{Call, FuncError, Function, IntKind, Type, Value};
use object::find;
use std::sync::Arc;
pub(crate) use time::Time;

const TIME: Type = Type::Object(time::NAME);

pub(crate) fn family(host: &Shared) -> Family {
    [clocked(host), modifying(), reading()].concat()
}

/// The zone of templates that name none.
const LOCAL: &[u8] = b"Local";

const HTML: &[u8] = b"2006-01-02";

/// Functions that look at the clock, at least for what is no date.
fn clocked(host: &Shared) -> Family {
    type Run = fn(&mut Call<'_>, &Shared, &[Value]) -> Outcome;
    let with = |parameters: &'static [Type], run: Run, name: &'static str| {
        let host = Arc::clone(host);
        Function::new(parameters, move |call, arguments| run(call, &host, arguments)).named(name)
    };
    let in_zone = "func(string, interface {}, string) string";
    let zoned: &[Type] = &[Type::String, Type::Any, Type::String];
    vec![
        ("now", with(&[], |_, host, _| Ok(now(host).into()), "func() time.Time")),
        ("ago", with(&[Type::Any], ago, "func(interface {}) string")),
        ("date", with(&[Type::String, Type::Any], date, "func(string, interface {}) string")),
        ("dateInZone", with(zoned, date_in_zone, in_zone)),
        ("date_in_zone", with(zoned, date_in_zone, in_zone)),
        ("htmlDate", with(&[Type::Any], html_date, "func(interface {}) string")),
        ("htmlDateInZone", with(&[Type::Any, Type::String], html_date_in_zone, "func(interface {}, string) string")),
        ("durationRound", with(&[Type::Any], duration_round, "func(interface {}) string")),
    ]
}

fn modifying() -> Family {
    let function = |strict: bool, name| {
        Function::new(&[Type::String, TIME], move |call, arguments| modify(call, arguments, strict)).named(name)
    };
    let (lenient, strict) = ("func(string, time.Time) time.Time", "func(string, time.Time) (time.Time, error)");
    vec![
        ("dateModify", function(false, lenient)),
        ("date_modify", function(false, lenient)),
        ("mustDateModify", function(true, strict)),
        ("must_date_modify", function(true, strict)),
    ]
}

fn reading() -> Family {
    let reader = |strict: bool, name| {
        Function::new(&[Type::String, Type::String], move |call, arguments| read(call, arguments, strict)).named(name)
    };
    vec![
        ("toDate", reader(false, "func(string, string) time.Time")),
        ("mustToDate", reader(true, "func(string, string) (time.Time, error)")),
        ("duration", Function::new(&[Type::Any], duration).named("func(interface {}) string")),
        ("unixEpoch", Function::new(&[TIME], unix_epoch).named("func(time.Time) string")),
    ]
}

fn now(host: &Shared) -> Time {
    Time::from_system(host.now())
}

/// A date: a time, or seconds since 1970 as an `int`, `int32` or `int64`. All else is now.
fn instant(host: &Shared, value: &Value) -> Time {
    match value {
        Value::Int(second, IntKind::Int | IntKind::Int32 | IntKind::Int64) => Time::unix(*second),
        _ => find(value).cloned().unwrap_or_else(|| now(host)),
    }
}

fn shown(call: &Call<'_>, host: &Shared, layout: &[u8], date: &Value, zone: &[u8]) -> Outcome {
    let time = instant(host, date);
    call.meter().step(zone.len())?;
    let local = zone::named(zone, time.unix_seconds());
    Ok(Value::str(time.format_in(layout, local, call.meter())?))
}

fn date(call: &mut Call<'_>, host: &Shared, arguments: &[Value]) -> Outcome {
    let [layout, date] = arguments else { return Err(unexpected("pair")) };
    shown(call, host, text(layout)?, date, LOCAL)
}

fn date_in_zone(call: &mut Call<'_>, host: &Shared, arguments: &[Value]) -> Outcome {
    let [layout, date, zone] = arguments else { return Err(unexpected("triple")) };
    shown(call, host, text(layout)?, date, text(zone)?)
}

fn html_date(call: &mut Call<'_>, host: &Shared, arguments: &[Value]) -> Outcome {
    shown(call, host, HTML, arguments.first().unwrap_or(&Value::Nil), LOCAL)
}

fn html_date_in_zone(call: &mut Call<'_>, host: &Shared, arguments: &[Value]) -> Outcome {
    let [date, zone] = arguments else { return Err(unexpected("pair")) };
    shown(call, host, HTML, date, text(zone)?)
}

/// To whole seconds. An `int32` is no date here.
fn ago(call: &mut Call<'_>, host: &Shared, arguments: &[Value]) -> Outcome {
    let date = match arguments.first() {
        Some(value @ (Value::Int(_, IntKind::Int | IntKind::Int64) | Value::Object(_))) => instant(host, value),
        _ => now(host),
    };
    call.text(now(host).since(&date).round(SECOND).text())
}

fn modify(call: &Call<'_>, arguments: &[Value], strict: bool) -> Outcome {
    let [change, date] = arguments else { return Err(unexpected("pair")) };
    let time = object::time(date)?;
    match parsed(call, text(change)?)? {
        Some(nanoseconds) => Ok(time.add(Duration(nanoseconds)).into()),
        None if strict => Err("time: invalid duration".into()),
        None => Ok(date.clone()),
    }
}

/// What is no date of the layout is the zero time, if it may be.
fn read(call: &Call<'_>, arguments: &[Value], strict: bool) -> Outcome {
    let [layout, date] = arguments else { return Err(unexpected("pair")) };
    let (layout, date) = (text(layout)?, text(date)?);
    call.meter().step(layout.len().saturating_add(date.len()))?;
    match parse::parse(layout, date) {
        Some(time) => Ok(time.into()),
        None if strict => Err("parsing time: it is not written as the layout".into()),
        None => Ok(Time::ZERO.into()),
    }
}

/// How many bytes of a duration are read in about the time of a step.
const BYTES_OF_A_STEP: usize = 8;

fn parsed(call: &Call<'_>, duration: &[u8]) -> Result<Option<i64>, FuncError> {
    call.meter().step(duration.len() / BYTES_OF_A_STEP)?;
    Ok(duration::parse(duration))
}

/// Seconds, as a string or an `int64`; all else is nothing.
fn duration(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let seconds = match arguments.first() {
        Some(Value::Str(text)) => {
            call.meter().step(text.len() / BYTES_OF_A_STEP)?;
            number(text)
        }
        Some(Value::Int(number, IntKind::Int64)) => *number,
        _ => 0,
    };
    call.text(Duration(seconds.wrapping_mul(SECOND)).text())
}

/// Go's `strconv.ParseInt`: what is too large is the largest, and what is no number is 0.
fn number(text: &[u8]) -> i64 {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.parse().unwrap_or_else(|error: std::num::ParseIntError| match error.kind() {
        std::num::IntErrorKind::PosOverflow => i64::MAX,
        std::num::IntErrorKind::NegOverflow => i64::MIN,
        _ => 0,
    })
}

/// Only the largest unit, cut off.
fn duration_round(call: &mut Call<'_>, host: &Shared, arguments: &[Value]) -> Outcome {
    let nanoseconds = match arguments.first() {
        Some(Value::Str(text)) => parsed(call, text)?.unwrap_or(0),
        Some(Value::Int(number, IntKind::Int64)) => *number,
        Some(value) => find(value).map_or(0, |time| now(host).since(time).0),
        None => 0,
    };
    call.text(largest_unit(nanoseconds.unsigned_abs() / SECOND.unsigned_abs(), nanoseconds.unsigned_abs()))
}

/// More than one of the unit, to the nanosecond.
fn largest_unit(seconds: u64, nanoseconds: u64) -> String {
    const UNITS: [(&str, u64); 6] =
        [("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let found = UNITS.iter().find(|(_, unit)| nanoseconds > unit * SECOND.unsigned_abs());
    found.map_or_else(|| "0s".to_owned(), |(name, unit)| format!("{}{name}", seconds / unit))
}

fn unix_epoch(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let time: Result<&Time, FuncError> = object::time(arguments.first().unwrap_or(&Value::Nil));
    call.text(time?.unix_seconds().to_string())
}

/// Whether a text is written as a layout.
pub(crate) fn is_date(layout: &[u8], text: &[u8]) -> bool {
    parse::parse(layout, text).is_some()
}
