//! Durations, in nanoseconds.

use crate::arguments::{Outcome, unexpected};
use keyferry_gotemplate::{Call, FuncError, Object, Signature, Type, Value};
use std::any::Any;
use std::sync::Arc;

pub(crate) const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Go's name of the type.
pub(super) const NAME: &str = "time.Duration";

/// A `time.Duration`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Duration(pub(crate) i64);

impl From<Duration> for Value {
    fn from(duration: Duration) -> Self {
        Self::Object(Arc::new(duration))
    }
}

/// The nanoseconds of a parameter of type `time.Duration`.
pub(super) fn nanoseconds(value: &Value) -> Result<i64, FuncError> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref::<Duration>().map(|duration| duration.0),
        _ => None,
    }
    .ok_or_else(|| unexpected("duration"))
}

impl Duration {
    /// Such as `1h2m3.5s`.
    pub(crate) fn text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs();
        match whole {
            0 => "0s".to_owned(),
            1..1000 => format!("{sign}{whole}ns"),
            1000..1_000_000 => format!("{sign}{}µs", fraction(whole, 3)),
            1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(whole, 6)),
            _ => format!("{sign}{}", clock(whole)),
        }
    }

    pub(super) fn truncate(self, unit: i64) -> Self {
        if unit <= 0 { self } else { Self(self.0 - self.0 % unit) }
    }

    /// To the nearest multiple, half away from zero; what is too large is the largest there is.
    pub(super) fn round(self, unit: i64) -> Self {
        if unit <= 0 {
            return self;
        }
        let rest = self.0 % unit;
        let (down, up) = (self.0 - rest, unit - rest.abs());
        if rest.unsigned_abs() * 2 < unit.unsigned_abs() {
            return Self(down);
        }
        Self(self.0.saturating_add(if self.0 < 0 { -up } else { up }))
    }

    fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// How many of a unit, with the rest as a fraction.
    #[expect(clippy::cast_precision_loss, reason = "as Go does it")]
    fn float(self, unit: i64) -> Value {
        Value::from((self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64)
    }
}

/// A number with a point before its last `digits`, without zeros at the end.
fn fraction(number: u64, digits: u32) -> String {
    let unit = 10_u64.pow(digits);
    let rest = format!("{:0width$}", number % unit, width = digits as usize);
    format!("{}.{rest}", number / unit).trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn clock(nanoseconds: u64) -> String {
    let minute = MINUTE.unsigned_abs();
    let (minutes, seconds) = (nanoseconds / minute, fraction(nanoseconds % minute, 9));
    match minutes {
        0 => format!("{seconds}s"),
        1..60 => format!("{minutes}m{seconds}s"),
        _ => format!("{}h{}m{seconds}s", minutes / 60, minutes % 60),
    }
}

impl Object for Duration {
    fn type_name(&self) -> &'static str {
        NAME
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let parameters: &[Type] = match name {
            "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds" | "Nanoseconds" | "String" | "Abs" => &[],
            "Round" | "Truncate" => &[Type::Object(NAME)],
            _ => return None,
        };
        Some(Signature { parameters, variadic: false })
    }

    fn call(&self, call: &mut Call<'_>, name: &str, arguments: &[Value]) -> Outcome {
        let unit = || nanoseconds(arguments.first().unwrap_or(&Value::Nil));
        Ok(match name {
            "Hours" => self.float(HOUR),
            "Minutes" => self.float(MINUTE),
            "Seconds" => self.float(SECOND),
            "Milliseconds" => Value::from(self.0 / 1_000_000),
            "Microseconds" => Value::from(self.0 / 1000),
            "Nanoseconds" => Value::from(self.0),
            "Abs" => self.abs().into(),
            "Round" => self.round(unit()?).into(),
            "Truncate" => self.truncate(unit()?).into(),
            _ => return call.text((*self).text()),
        })
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some((*self).text().into_bytes())
    }

    fn literal(&self, name: &str, number: i64) -> Option<Value> {
        (name == NAME).then(|| Self(number).into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::from(self.0))
    }

    fn counting(&self, number: i64) -> Option<Value> {
        Some(Self(number).into())
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>();
        Some(other.is_some_and(|other| self.0 == other.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Go's `time.ParseDuration`; nothing for what it refuses.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Some(0);
    }
    let mut total = (!rest.is_empty()).then_some(0_u64)?;
    while !rest.is_empty() {
        let (part, after) = part(rest)?;
        total = total.checked_add(part).filter(|total| *total <= 1 << 63)?;
        rest = after;
    }
    if negative { Some(0_i64.wrapping_sub_unsigned(total)) } else { i64::try_from(total).ok() }
}

/// A number with its unit.
fn part(text: &[u8]) -> Option<(u64, &[u8])> {
    let (whole, after) = leading(text);
    let number = whole.iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|number| *number <= 1 << 63)
    })?;
    let (fraction, after) = after.strip_prefix(b".").map_or((&[][..], after), leading);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let length = after.iter().take_while(|byte| **byte != b'.' && !byte.is_ascii_digit()).count();
    let (name, after) = after.split_at_checked(length)?;
    let unit = unit(name)?;
    let whole = number.checked_mul(unit).filter(|whole| *whole <= 1 << 63)?;
    let total = whole.checked_add(share(fraction, unit)).filter(|total| *total <= 1 << 63)?;
    Some((total, after))
}

fn leading(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(length).unwrap_or_default()
}

fn unit(name: &[u8]) -> Option<u64> {
    Some(match name {
        b"ns" => 1,
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1000,
        b"ms" => 1_000_000,
        b"s" => SECOND.unsigned_abs(),
        b"m" => MINUTE.unsigned_abs(),
        b"h" => HOUR.unsigned_abs(),
        _ => return None,
    })
}

/// The digits after the point as a share of the unit, in floating point as Go has it. Digits that do not fit are dropped.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as Go does it"
)]
fn share(digits: &[u8], unit: u64) -> u64 {
    let (mut number, mut scale) = (0_u64, 1.0);
    for digit in digits {
        let next = number.checked_mul(10).map(|number| number + u64::from(digit - b'0'));
        let Some(next) = next.filter(|next| *next <= 1 << 63 && number <= i64::MAX.unsigned_abs() / 10) else { break };
        number = next;
        scale *= 10.0;
    }
    (number as f64 * (unit as f64 / scale)) as u64
}
