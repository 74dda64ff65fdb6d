//! Rounding.

use crate::arguments::{Outcome, exactly, int, unexpected};
use crate::cast::to_float64;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(super) fn family(_: &Shared) -> Family {
    vec![
        ("ceil", Function::new(&[Type::Any], ceil).named("func(interface {}) float64")),
        ("floor", Function::new(&[Type::Any], floor).named("func(interface {}) float64")),
        ("round", Function::variadic(ROUND, round).named("func(interface {}, int, ...float64) float64")),
    ]
}

const ROUND: &[Type] = &[Type::Any, Type::INT, Type::FLOAT64];

fn ceil(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [number] = exactly(arguments)?;
    Ok(to_float64(call, number)?.ceil().into())
}

fn floor(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [number] = exactly(arguments)?;
    Ok(to_float64(call, number)?.floor().into())
}

/// Up from a fraction of one half, or of the third argument, on; a negative number's fraction is negative.
fn round(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [number, places, on @ ..] = arguments else { return Err(unexpected("number")) };
    let on = on.first().map_or(Ok(0.5), |on| to_float64(call, on))?;
    let power = power_of_ten(int(places)?);
    let digits = power * to_float64(call, number)?;
    let rounded = if digits.fract() >= on { digits.ceil() } else { digits.floor() };
    Ok((rounded / power).into())
}

/// Go's `math.Pow(10, exponent)`, by squaring as Go does: for many exponents that is not the nearest number.
fn power_of_ten(exponent: i64) -> f64 {
    // All beyond are infinite or zero.
    let mut bits = exponent.unsigned_abs().min(400);
    // Ten is 0.625 * 2^4. Fractions are kept apart from powers of two.
    let (mut fraction, mut shift) = (1.0, 0_i32);
    let (mut square, mut square_shift) = (0.625, 4_i32);
    while bits != 0 {
        if bits & 1 == 1 {
            fraction *= square;
            shift += square_shift;
        }
        square *= square;
        square_shift *= 2;
        if square < 0.5 {
            square *= 2.0;
            square_shift -= 1;
        }
        bits >>= 1;
    }
    if exponent < 0 { scaled(1.0 / fraction, -shift) } else { scaled(fraction, shift) }
}

/// `number * 2^exponent`. Of the two steps only the second can round.
fn scaled(number: f64, exponent: i32) -> f64 {
    number * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2)
}
