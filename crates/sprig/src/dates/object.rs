//! What templates can do with a time.

use super::duration::{self, Duration};
use super::names::{Kind, named};
use super::time::{NAME, Time};
use super::zone::{Location, Zone};
use crate::arguments::{Outcome, int, text, unexpected};
use keyferry_gotemplate::{Bytes, Call, FuncError, Object, Signature, Type, Value};
use std::any::Any;
use std::sync::Arc;

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Object(Arc::new(time))
    }
}

/// The time of a parameter of type `time.Time`.
pub(super) fn time(value: &Value) -> Result<&Time, FuncError> {
    find(value).ok_or_else(|| unexpected("time"))
}

/// The time that a value is.
pub(super) fn find(value: &Value) -> Option<&Time> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref(),
        _ => None,
    }
}

const TIME: Type = Type::Object(NAME);
const DURATION: Type = Type::Object(duration::NAME);

/// The parameters of each method. Those with more than one result cannot be called from templates and stand here not.
fn parameters(name: &str) -> Option<&'static [Type]> {
    Some(match name {
        "Year" | "Month" | "Day" | "Weekday" | "YearDay" | "Hour" | "Minute" | "Second" | "Nanosecond" | "Unix"
        | "UnixMilli" | "UnixMicro" | "UnixNano" | "UTC" | "Local" | "Location" | "IsZero" | "IsDST" | "String"
        | "GoString" | "MarshalJSON" | "MarshalText" | "MarshalBinary" | "GobEncode" => &[],
        "Before" | "After" | "Equal" | "Compare" | "Sub" => &[TIME],
        "Add" | "Truncate" | "Round" => &[DURATION],
        "AddDate" => &[Type::INT, Type::INT, Type::INT],
        "In" => &[Type::Object("*time.Location")],
        "Format" => &[Type::String],
        "AppendFormat" => &[Type::BYTES, Type::String],
        "AppendText" | "AppendBinary" => &[Type::BYTES],
        _ => return None,
    })
}

impl Object for Time {
    fn type_name(&self) -> &'static str {
        NAME
    }

    fn method(&self, name: &str) -> Option<Signature> {
        Some(Signature { parameters: parameters(name)?, variadic: false })
    }

    fn call(&self, call: &mut Call<'_>, name: &str, arguments: &[Value]) -> Outcome {
        if let Some(part) = self.part(name) {
            return Ok(part);
        }
        match arguments {
            [] => self.encoded(call, name, &[]),
            [Value::Bytes(bytes)] => self.encoded(call, name, bytes.as_slice()),
            [Value::Bytes(bytes), layout] => {
                let formatted = self.format(text(layout)?, call.meter())?;
                append(call, bytes.as_slice(), &formatted)
            }
            [Value::Str(layout)] => Ok(Value::str(self.format(layout, call.meter())?)),
            [Value::Nil] => Err("time: missing Location in call to Time.In".into()),
            [one] => self.with(name, one),
            [years, months, days] => Ok(self.add_date(int(years)?, int(months)?, int(days)?).into()),
            _ => Err(unexpected("argument")),
        }
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(Time::text(self))
    }

    fn go_text(&self) -> Option<Vec<u8>> {
        Some(Time::go_text(self))
    }

    fn literal(&self, name: &str, number: i64) -> Option<Value> {
        (name == duration::NAME).then(|| Duration(number).into())
    }

    /// Go compares the fields: the same instant in another zone is not the same.
    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>();
        Some(other.is_some_and(|other| self.compare(other).is_eq() && self.zone.is_same(&other.zone)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Time {
    /// The methods without parameters that cannot fail.
    fn part(&self, name: &str) -> Option<Value> {
        let (date, clock) = (self.date(), self.clock());
        Some(match name {
            "Year" => Value::int(date.year),
            "Month" => named(Kind::Month, date.month),
            "Day" => Value::int(date.day),
            "Weekday" => named(Kind::Weekday, date.weekday),
            "YearDay" => Value::int(date.year_day),
            "Hour" => Value::int(clock.hour),
            "Minute" => Value::int(clock.minute),
            "Second" => Value::int(clock.second),
            "Nanosecond" => Value::int(self.nanosecond),
            "Unix" => Value::from(self.unix_seconds()),
            "UnixMilli" => Value::from(self.unix_in(1000)),
            "UnixMicro" => Value::from(self.unix_in(1_000_000)),
            "UnixNano" => Value::from(self.unix_in(duration::SECOND)),
            "UTC" => self.within(Zone::Utc).into(),
            "Local" => self.within(Zone::Local).into(),
            "Location" => Value::Object(Arc::new(Location(self.zone.clone()))),
            "IsZero" => Value::Bool(self.is_zero()),
            "IsDST" => Value::Bool(false),
            "String" => Value::str(Time::text(self)),
            "GoString" => Value::str(Time::go_text(self)),
            _ => return None,
        })
    }

    /// The methods of one parameter that is a time, a duration or a zone.
    fn with(&self, name: &str, argument: &Value) -> Outcome {
        let order = || Ok::<_, FuncError>(self.compare(time(argument)?));
        let unit = || duration::nanoseconds(argument);
        Ok(match name {
            "Before" => Value::Bool(order()?.is_lt()),
            "After" => Value::Bool(order()?.is_gt()),
            "Equal" => Value::Bool(order()?.is_eq()),
            "Compare" => Value::int(order()? as i64),
            "Sub" => self.since(time(argument)?).into(),
            "Add" => self.add(Duration(unit()?)).into(),
            "Truncate" => self.truncate(unit()?).into(),
            "Round" => self.round(unit()?).into(),
            _ => self.within(location(argument)?).into(),
        })
    }

    /// The methods that give bytes, after those that are there.
    fn encoded(&self, call: &Call<'_>, name: &str, before: &[u8]) -> Outcome {
        let message = |reason: &str| format!("Time.{name}: {reason}");
        match name {
            "MarshalJSON" => {
                let text = self.rfc3339().map_err(message)?;
                append(call, before, &[b"\"", text.as_slice(), b"\""].concat())
            }
            "MarshalText" | "AppendText" => append(call, before, &self.rfc3339().map_err(message)?),
            _ => append(call, before, &self.binary().map_err(message)?),
        }
    }

    /// A version, the seconds, the nanoseconds and the zone in minutes; -1 is UTC.
    fn binary(&self) -> Result<Vec<u8>, &'static str> {
        let offset = self.zone.offset();
        let minutes = match &self.zone {
            Zone::Utc => -1,
            _ if offset / 60 == -1 => return Err("unexpected zone offset"),
            _ => i16::try_from(offset / 60).map_err(|_| "unexpected zone offset")?,
        };
        let odd = i8::try_from(offset % 60).unwrap_or(0);
        let mut out = vec![if odd == 0 { 1 } else { 2 }];
        out.extend(self.second.to_be_bytes());
        out.extend(i32::try_from(self.nanosecond).unwrap_or(0).to_be_bytes());
        out.extend(minutes.to_be_bytes());
        out.extend(Some(odd.cast_unsigned()).filter(|odd| *odd != 0));
        Ok(out)
    }
}

fn location(value: &Value) -> Result<Zone, FuncError> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref::<Location>().map(|location| location.0.clone()),
        _ => None,
    }
    .ok_or_else(|| unexpected("location"))
}

fn append(call: &Call<'_>, before: &[u8], more: &[u8]) -> Outcome {
    call.meter().allocate(before.len().saturating_add(more.len()))?;
    Ok(Bytes::new([before, more].concat()).into())
}
