//! Numbers and their arithmetic: of integers, which wrap, of floats, and of decimal fractions.

mod decimal;
mod ranges;
mod round;

use crate::arguments::{Outcome, exactly, text, unexpected};
use crate::cast::{BYTES_OF_A_STEP, to_float64, to_int64};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};

pub(crate) fn family(shared: &Shared) -> Family {
    let mut family = vec![
        ("atoi", Function::new(&[Type::String], atoi).named("func(string) int")),
        ("int", Function::new(&[Type::Any], int).named("func(interface {}) int")),
        ("int64", Function::new(&[Type::Any], int64).named("func(interface {}) int64")),
        ("float64", Function::new(&[Type::Any], float64).named("func(interface {}) float64")),
        ("toDecimal", Function::new(&[Type::Any], to_decimal).named("func(interface {}) int64")),
        ("add1", Function::new(&[Type::Any], add1).named("func(interface {}) int64")),
        ("add", Function::variadic(&[Type::Any], add).named("func(...interface {}) int64")),
        ("sub", Function::new(TWO, sub).named("func(interface {}, interface {}) int64")),
        ("div", Function::new(TWO, div).named("func(interface {}, interface {}) int64")),
        ("mod", Function::new(TWO, modulo).named("func(interface {}, interface {}) int64")),
        ("mul", Function::variadic(TWO, mul).named(INTEGERS)),
        ("biggest", Function::variadic(TWO, max).named(INTEGERS)),
        ("max", Function::variadic(TWO, max).named(INTEGERS)),
        ("min", Function::variadic(TWO, min).named(INTEGERS)),
        ("maxf", Function::variadic(TWO, maxf).named(FLOATS)),
        ("minf", Function::variadic(TWO, minf).named(FLOATS)),
    ];
    for part in [decimal::family, ranges::family, round::family] {
        family.extend(part(shared));
    }
    family
}

const TWO: &[Type] = &[Type::Any, Type::Any];
const INTEGERS: &str = "func(interface {}, ...interface {}) int64";
const FLOATS: &str = "func(interface {}, ...interface {}) float64";

fn one(arguments: &[Value]) -> Result<&Value, FuncError> {
    arguments.first().ok_or_else(|| unexpected("number"))
}

/// The only two arguments.
fn two(call: &Call<'_>, arguments: &[Value]) -> Result<(i64, i64), FuncError> {
    let [a, b] = exactly(arguments)?;
    Ok((to_int64(call, a)?, to_int64(call, b)?))
}

type Convert<N> = fn(&Call<'_>, &Value) -> Result<N, FuncError>;

/// A first number and those that follow it.
fn fold<N>(call: &Call<'_>, values: &[Value], convert: Convert<N>, join: fn(N, N) -> N) -> Result<N, FuncError> {
    let [first, others @ ..] = values else { return Err(unexpected("number")) };
    call.meter().step(values.len())?;
    others.iter().try_fold(convert(call, first)?, |joined, other| Ok(join(joined, convert(call, other)?)))
}

fn atoi(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::int(match parse(call, text(one(arguments)?)?, 10)? {
        Parsed::Number(number) | Parsed::OutOfRange(number) => number,
        Parsed::NoNumber => 0,
    }))
}

fn int(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::int(to_int64(call, one(arguments)?)?))
}

fn int64(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    Ok(to_int64(call, one(arguments)?)?.into())
}

fn float64(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    Ok(to_float64(call, one(arguments)?)?.into())
}

/// From octal digits, as the modes of files are written.
fn to_decimal(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let text = call.sprint(arguments)?;
    Ok(Value::from(match parse(call, &text, 8)? {
        Parsed::Number(number) => number,
        Parsed::OutOfRange(_) | Parsed::NoNumber => 0,
    }))
}

fn add1(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    Ok(to_int64(call, one(arguments)?)?.wrapping_add(1).into())
}

fn add(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    if values.is_empty() { Ok(Value::from(0_i64)) } else { integers(call, values, i64::wrapping_add) }
}

fn integers(call: &Call<'_>, values: &[Value], join: fn(i64, i64) -> i64) -> Outcome {
    Ok(fold(call, values, to_int64, join)?.into())
}

fn sub(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let (a, b) = two(call, arguments)?;
    Ok(a.wrapping_sub(b).into())
}

fn div(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    match two(call, arguments)? {
        (_, 0) => Err(DIVISION_BY_ZERO.into()),
        (a, b) => Ok(a.wrapping_div(b).into()),
    }
}

fn modulo(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    match two(call, arguments)? {
        (_, 0) => Err(DIVISION_BY_ZERO.into()),
        (a, b) => Ok(a.wrapping_rem(b).into()),
    }
}

const DIVISION_BY_ZERO: &str = "division by zero";

fn mul(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    integers(call, values, i64::wrapping_mul)
}

fn max(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    integers(call, values, i64::max)
}

fn min(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    integers(call, values, i64::min)
}

fn maxf(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    Ok(fold(call, values, to_float64, larger)?.into())
}

fn minf(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    Ok(fold(call, values, to_float64, |a, b| -larger(-a, -b))?.into())
}

/// Go's `math.Max`: infinity before NaN, NaN before numbers, and 0 before -0.
#[expect(clippy::float_cmp, reason = "as Go's ==")]
fn larger(a: f64, b: f64) -> f64 {
    match (a, b) {
        _ if a == f64::INFINITY || b == f64::INFINITY => f64::INFINITY,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        _ if a == b && a.is_sign_negative() => b,
        _ if a < b => b,
        _ => a,
    }
}

/// What Go's `strconv.ParseInt` finds in a text.
enum Parsed {
    Number(i64),
    /// The nearest that there is.
    OutOfRange(i64),
    NoNumber,
}

fn parse(call: &Call<'_>, text: &[u8], radix: u32) -> Result<Parsed, FuncError> {
    call.meter().step(text.len() / BYTES_OF_A_STEP)?;
    let (negative, digits) = match text {
        [sign @ (b'-' | b'+'), digits @ ..] => (*sign == b'-', digits),
        digits => (false, digits),
    };
    let out_of_range = Parsed::OutOfRange(if negative { i64::MIN } else { i64::MAX });
    let mut magnitude = 0_u64;
    for &digit in digits {
        let Some(digit) = char::from(digit).to_digit(radix) else { return Ok(Parsed::NoNumber) };
        let next = magnitude.checked_mul(radix.into()).and_then(|number| number.checked_add(digit.into()));
        // What follows is not looked at any more, be it digits or not.
        let Some(next) = next else { return Ok(out_of_range) };
        magnitude = next;
    }
    let signed = if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() };
    Ok(match signed {
        _ if digits.is_empty() => Parsed::NoNumber,
        Some(number) => Parsed::Number(number),
        None => out_of_range,
    })
}
