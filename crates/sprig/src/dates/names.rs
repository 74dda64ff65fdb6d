//! Months and weekdays: numbers that are printed as names.

use keyferry_gotemplate::{Call, FuncError, Object, Signature, Value};
use std::any::Any;
use std::sync::Arc;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Month,
    Weekday,
}

/// A `time.Month` or a `time.Weekday`.
pub(super) struct Named {
    kind: Kind,
    number: i64,
}

/// The value of a month (from 1) or of a day of the week (from 0, Sunday).
pub(super) fn named(kind: Kind, number: i64) -> Value {
    Value::Object(Arc::new(Named { kind, number }))
}

/// The name of a month, from 1.
pub(super) fn month(number: i64) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

/// The name of a day of the week, from 0.
pub(super) fn weekday(number: i64) -> &'static str {
    usize::try_from(number).ok().and_then(|index| WEEKDAYS.get(index)).copied().unwrap_or_default()
}

impl Named {
    fn name(&self) -> String {
        let (name, kind) = match self.kind {
            Kind::Month => (month(self.number), "Month"),
            Kind::Weekday => (weekday(self.number), "Weekday"),
        };
        if name.is_empty() { format!("%!{kind}({})", self.number.cast_unsigned()) } else { name.to_owned() }
    }
}

impl Object for Named {
    fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Month => "time.Month",
            Kind::Weekday => "time.Weekday",
        }
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "String").then_some(Signature { parameters: &[], variadic: false })
    }

    fn call(&self, call: &mut Call<'_>, _: &str, _: &[Value]) -> Result<Value, FuncError> {
        call.text(self.name())
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.name().into_bytes())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int(self.number))
    }

    fn counting(&self, number: i64) -> Option<Value> {
        Some(named(self.kind, number))
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>();
        Some(other.is_some_and(|other| self.kind == other.kind && self.number == other.number))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
