//! Arithmetic of floats as the decimal fractions that they are written as, so that 0.1 and 0.2 are 0.3. What
//! [decimal](https://github.com/shopspring/decimal) does.

use crate::arguments::{Outcome, unexpected};
use crate::cast::to_float64;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use num_bigint::{BigInt, Sign};

pub(super) fn family(_: &Shared) -> Family {
    vec![
        ("add1f", Function::new(&[Type::Any], add1f).named("func(interface {}) float64")),
        ("addf", Function::variadic(&[Type::Any], addf).named("func(...interface {}) float64")),
        ("subf", Function::variadic(TWO, subf).named(FLOATS)),
        ("mulf", Function::variadic(TWO, mulf).named(FLOATS)),
        ("divf", Function::variadic(TWO, divf).named(FLOATS)),
    ]
}

const TWO: &[Type] = &[Type::Any, Type::Any];
const FLOATS: &str = "func(interface {}, ...interface {}) float64";

/// `digits * 10^exponent`.
struct Decimal {
    digits: BigInt,
    exponent: i64,
}

/// Places after the point of a quotient.
const PLACES: i64 = 16;

/// How many products of two machine words take about the time of a step.
const PRODUCTS_OF_A_STEP: u64 = 16;

impl Decimal {
    /// The shortest fraction that is this float and no other, as Go prints it.
    fn of(call: &Call<'_>, value: &Value) -> Result<Self, FuncError> {
        let float = to_float64(call, value)?;
        if !float.is_finite() {
            return Err("infinity and NaN are no decimal fractions".into());
        }
        let text = String::from_utf8(call.sprint(&[float.into()])?).map_err(|_| unexpected("float"))?;
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits: BigInt = format!("{whole}{fraction}").parse().map_err(|_| unexpected("float"))?;
        let exponent: i64 = exponent.parse().map_err(|_| unexpected("float"))?;
        Ok(Self { digits, exponent: exponent - i64::try_from(fraction.len()).unwrap_or(0) })
    }

    /// The nearest float.
    fn float(&self, call: &Call<'_>) -> Outcome {
        charge(call, self.digits.bits(), self.digits.bits())?;
        let float: f64 = format!("{}e{}", self.digits, self.exponent).parse().map_err(|_| unexpected("float"))?;
        Ok(float.into())
    }

    /// The same with a lower exponent.
    fn lowered(&self, call: &Call<'_>, exponent: i64) -> Result<BigInt, FuncError> {
        shifted(call, &self.digits, self.exponent - exponent)
    }

    fn add(&self, call: &Call<'_>, other: &Self) -> Result<Self, FuncError> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.lowered(call, exponent)? + other.lowered(call, exponent)?, exponent })
    }

    fn sub(&self, call: &Call<'_>, other: &Self) -> Result<Self, FuncError> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.lowered(call, exponent)? - other.lowered(call, exponent)?, exponent })
    }

    fn mul(&self, call: &Call<'_>, other: &Self) -> Result<Self, FuncError> {
        charge(call, self.digits.bits(), other.digits.bits())?;
        Ok(Self { digits: &self.digits * &other.digits, exponent: self.exponent + other.exponent })
    }

    /// Rounded to [`PLACES`], one half away from zero.
    fn div(&self, call: &Call<'_>, other: &Self) -> Result<Self, FuncError> {
        if other.digits.sign() == Sign::NoSign {
            return Err("division by zero".into());
        }
        let shift = self.exponent - other.exponent + PLACES;
        let numerator = shifted(call, &self.digits, shift.max(0))?;
        let denominator = shifted(call, &other.digits, (-shift).max(0))?;
        charge(call, numerator.bits(), denominator.bits())?;
        let quotient = &numerator / &denominator;
        let rest = numerator - &quotient * &denominator;
        let up = (rest * 2_u8).magnitude() >= denominator.magnitude();
        let away = if self.digits.sign() == other.digits.sign() { 1 } else { -1 };
        Ok(Self { digits: if up { quotient + away } else { quotient }, exponent: -PLACES })
    }
}

/// `digits * 10^places`.
fn shifted(call: &Call<'_>, digits: &BigInt, places: i64) -> Result<BigInt, FuncError> {
    let places = u32::try_from(places).map_err(|_| unexpected("exponent"))?;
    let bits = u64::from(places).saturating_mul(4);
    charge(call, bits, bits.saturating_add(digits.bits()))?;
    Ok(digits * BigInt::from(10_u8).pow(places))
}

/// Takes what a product of numbers of so many bits costs.
fn charge(call: &Call<'_>, a: u64, b: u64) -> Result<(), FuncError> {
    let products = (a / 64 + 1).saturating_mul(b / 64 + 1);
    call.meter().step(1 + usize::try_from(products / PRODUCTS_OF_A_STEP).unwrap_or(usize::MAX))?;
    Ok(call.meter().allocate(usize::try_from((a + b) / 8).unwrap_or(usize::MAX))?)
}

type Step = fn(&Decimal, &Call<'_>, &Decimal) -> Result<Decimal, FuncError>;

fn fold(call: &Call<'_>, first: Decimal, others: &[Value], step: Step) -> Outcome {
    let mut result = first;
    for other in others {
        result = step(&result, call, &Decimal::of(call, other)?)?;
    }
    result.float(call)
}

/// A first number and those that follow it.
fn each(call: &Call<'_>, arguments: &[Value], step: Step) -> Outcome {
    let [first, others @ ..] = arguments else { return Err(unexpected("number")) };
    fold(call, Decimal::of(call, first)?, others, step)
}

fn add1f(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    fold(call, Decimal { digits: 1.into(), exponent: 0 }, arguments, Decimal::add)
}

fn addf(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    fold(call, Decimal { digits: 0.into(), exponent: 0 }, values, Decimal::add)
}

fn subf(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    each(call, arguments, Decimal::sub)
}

fn mulf(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    each(call, arguments, Decimal::mul)
}

fn divf(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    each(call, arguments, Decimal::div)
}
