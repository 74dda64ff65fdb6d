//! Any value as a number, as [cast](https://github.com/spf13/cast) converts it: what cannot be converted is zero.

use keyferry_gotemplate::{Call, FuncError, Object, UintKind, Value, parse_float, parse_int};

/// How many bytes are read as a number in about the time of a step.
pub(crate) const BYTES_OF_A_STEP: usize = 16;

/// `cast.ToInt64`, and `cast.ToInt`, which is the same where an `int` has 64 bits.
///
/// Text is read as Go's integer literals are, so that `010` is eight and `08` is nothing; zeros after a point are left off.
/// Of the types that have a name only months and days of the week are numbers.
pub(crate) fn to_int64(call: &Call<'_>, value: &Value) -> Result<i64, FuncError> {
    Ok(match value {
        Value::Int(number, _) => *number,
        Value::Uint(_, UintKind::Uintptr) => 0,
        Value::Uint(number, _) => number.cast_signed(),
        Value::Float(number, _) => truncated(*number),
        Value::Str(text) => {
            call.meter().step(text.len() / BYTES_OF_A_STEP)?;
            parse_int(without_zero_decimals(text)).unwrap_or(0)
        }
        Value::Bool(truth) => (*truth).into(),
        Value::Object(object) => counted(object.as_ref()).unwrap_or(0),
        _ => 0,
    })
}

/// `cast.ToFloat64`. Text is read by `strconv.ParseFloat`.
#[expect(clippy::cast_precision_loss, reason = "Go rounds the same way")]
pub(crate) fn to_float64(call: &Call<'_>, value: &Value) -> Result<f64, FuncError> {
    Ok(match value {
        Value::Int(number, _) => *number as f64,
        Value::Uint(_, UintKind::Uintptr) => 0.0,
        Value::Uint(number, _) => *number as f64,
        Value::Float(number, _) => *number,
        Value::Str(text) => {
            call.meter().step(text.len() / BYTES_OF_A_STEP)?;
            call.meter().allocate(text.len())?;
            parse_float(text).unwrap_or(0.0)
        }
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Object(object) => counted(object.as_ref()).unwrap_or(0) as f64,
        _ => 0.0,
    })
}

/// Go's `int64(number)`. What does not fit is the smallest number, as on Intel's and AMD's processors.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn truncated(number: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    if fits { number as i64 } else { i64::MIN }
}

fn counted(object: &dyn Object) -> Option<i64> {
    match (object.type_name(), object.underlying()?) {
        ("time.Month" | "time.Weekday", Value::Int(number, _)) => Some(number),
        _ => None,
    }
}

/// Without a point and what follows it, if that is zeros alone: `10.` stays as it is, of `10.0.` the last point is overlooked.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let mut zeros = false;
    for (place, byte) in text.iter().enumerate().rev() {
        match byte {
            b'0' => zeros = true,
            b'.' if zeros => return text.get(..place).unwrap_or_default(),
            b'.' => {}
            _ => return text,
        }
    }
    text
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the very same numbers")]
mod tests {
    use super::*;
    use keyferry_gotemplate::{IntKind, Limits, Meter};

    fn int(value: &Value) -> i64 {
        to_int64(&Call::new(&Meter::new(Limits::default(), &|| false)), value).unwrap()
    }

    fn float(value: &Value) -> f64 {
        to_float64(&Call::new(&Meter::new(Limits::default(), &|| false)), value).unwrap()
    }

    #[test]
    fn text_is_an_integer_literal() {
        let cases: [(&str, i64); 16] = [
            ("12", 12),
            ("-12", -12),
            ("+1", 1),
            ("010", 8),
            ("08", 0),
            ("0x1F", 31),
            ("0b11", 3),
            ("1_000", 1000),
            ("5.00", 5),
            ("5.", 0),
            ("5.0.", 5),
            (".0", 0),
            ("5.5", 0),
            (" 5", 0),
            ("", 0),
            ("9223372036854775808", 0),
        ];
        for (text, number) in cases {
            assert_eq!(int(&text.into()), number, "{text}");
        }
    }

    #[test]
    fn numbers_are_cut_as_go_cuts_them() {
        assert_eq!(int(&Value::from(-1.9)), -1);
        assert_eq!(int(&Value::from(1e19)), i64::MIN);
        assert_eq!(int(&Value::from(f64::NAN)), i64::MIN);
        assert_eq!(int(&Value::Uint(u64::MAX, UintKind::Uint64)), -1);
        assert_eq!(int(&Value::Uint(5, UintKind::Uintptr)), 0);
        assert_eq!(int(&Value::Bool(true)), 1);
        assert_eq!(int(&Value::Nil), 0);
    }

    #[test]
    fn text_is_a_float_and_what_is_none_is_zero() {
        assert_eq!(float(&"1e3".into()), 1000.0);
        assert_eq!(float(&"-0x1p-2".into()), -0.25);
        assert_eq!(float(&"1e999".into()), 0.0);
        assert_eq!(float(&"1.5 ".into()), 0.0);
        assert_eq!(float(&Value::Int(i64::MAX, IntKind::Int64)), 9_223_372_036_854_775_807.0);
        assert_eq!(float(&Value::Nil), 0.0);
    }

    #[test]
    fn long_text_costs_steps() {
        let limits = Limits { steps: 100, ..Limits::default() };
        let meter = Meter::new(limits, &|| false);
        let zeros = Value::from("0".repeat(10_000));
        assert!(to_int64(&Call::new(&meter), &zeros).is_err());
        assert!(to_float64(&Call::new(&Meter::new(limits, &|| false)), &zeros).is_err());
    }
}
