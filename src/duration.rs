//! Durations as Go writes them: `10s`, `1h30m`, `1.5h`, `0`.
//!
//! Flags and manifests of External Secrets Operator carry Go durations, so what Go's `time.ParseDuration` accepts is
//! accepted here, and nothing else. Knows nothing but `std`; anyone may use it.

use std::time::Duration;

/// Go counts in signed 64-bit nanoseconds.
const LIMIT: u64 = i64::MAX.unsigned_abs();

/// Why a text is not a duration that one can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// There is nothing to read, or no number where one is due.
    #[error("it is not a duration such as 10s, 5m or 1h30m")]
    Syntax,
    /// A number other than a lone `0` stands without its unit.
    #[error("a number needs a unit (ns, us, ms, s, m or h)")]
    MissingUnit,
    /// A unit that Go does not know, such as days.
    #[error("the units are ns, us, ms, s, m and h")]
    UnknownUnit,
    /// More than about 292 years.
    #[error("it is longer than 292 years")]
    Overflow,
    /// Well formed and below zero; External Secrets Operator treats such an interval as 0.
    #[error("it is negative")]
    Negative,
}

/// Reads a duration exactly as Go's `time.ParseDuration` does; a negative one is [`Invalid::Negative`].
pub fn parse(text: &str) -> Result<Duration, Invalid> {
    let (negative, unsigned) = sign(text);
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    let nanoseconds = sum(unsigned)?;
    match (negative, nanoseconds) {
        (_, 0) => Ok(Duration::ZERO),
        (true, _) => Err(Invalid::Negative),
        (false, _) if nanoseconds > LIMIT => Err(Invalid::Overflow),
        (false, _) => Ok(Duration::from_nanos(nanoseconds)),
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Adds up `1h`, `30m`, …; may answer one nanosecond above [`LIMIT`], which is the smallest negative value's size.
fn sum(mut text: &str) -> Result<u64, Invalid> {
    if text.is_empty() {
        return Err(Invalid::Syntax);
    }
    let mut total = 0_u64;
    while !text.is_empty() {
        let (term, rest) = term(text)?;
        total = total.checked_add(term).filter(|total| *total <= LIMIT + 1).ok_or(Invalid::Overflow)?;
        text = rest;
    }
    Ok(total)
}

/// Reads one number with its unit.
fn term(text: &str) -> Result<(u64, &str), Invalid> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(Invalid::Syntax);
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| Invalid::Overflow)? };
    let end = rest.find(|next: char| next == '.' || next.is_ascii_digit()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let unit = unit(name)?;
    let value = u64::checked_mul(whole, unit).and_then(|value| value.checked_add(part(fraction, unit)));
    value.filter(|value| *value <= LIMIT + 1).map(|value| (value, rest)).ok_or(Invalid::Overflow)
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|next: char| !next.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit(name: &str) -> Result<u64, Invalid> {
    match name {
        "" => Err(Invalid::MissingUnit),
        "ns" => Ok(1),
        "us" | "\u{b5}s" | "\u{3bc}s" => Ok(1_000),
        "ms" => Ok(1_000_000),
        "s" => Ok(1_000_000_000),
        "m" => Ok(60_000_000_000),
        "h" => Ok(3_600_000_000_000),
        _ => Err(Invalid::UnknownUnit),
    }
}

/// The nanoseconds in `0.<fraction>` units, computed in floating point because Go does.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go rounds the same way, and the result is below one unit"
)]
fn part(fraction: &str, unit: u64) -> u64 {
    let mut value = 0_u64;
    let mut scale = 1_f64;
    for digit in fraction.bytes() {
        let next = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0')));
        let Some(next) = next.filter(|next| *next <= LIMIT + 1) else { break };
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs and nanoseconds, as `time.ParseDuration` answers them.
    const READ: [(&str, u64); 25] = [
        ("0", 0),
        ("+0", 0),
        ("-0", 0),
        ("0s", 0),
        ("-0s", 0),
        ("5s", 5_000_000_000),
        ("+5s", 5_000_000_000),
        ("5.0s", 5_000_000_000),
        ("5.s", 5_000_000_000),
        (".5s", 500_000_000),
        ("1.004s", 1_004_000_000),
        ("100.00100s", 100_001_000_000),
        ("10ns", 10),
        ("11us", 11_000),
        ("12\u{b5}s", 12_000),
        ("12\u{3bc}s", 12_000),
        ("13ms", 13_000_000),
        ("1h30m", 5_400_000_000_000),
        ("30m1h", 5_400_000_000_000),
        ("39h9m14.425s", 140_954_425_000_000),
        ("0.3333333333333333333h", 1_200_000_000_000),
        ("0.830103483285477580700h", 2_988_372_539_827),
        ("0.100000000000000000000h", 360_000_000_000),
        ("52763797000ns", 52_763_797_000),
        ("9223372036854775807ns", 9_223_372_036_854_775_807),
    ];

    #[test]
    fn what_go_reads_is_read_to_the_nanosecond() {
        for (text, nanoseconds) in READ {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_by_kind() {
        let refused = [
            ("", Invalid::Syntax),
            ("-", Invalid::Syntax),
            ("+", Invalid::Syntax),
            (".", Invalid::Syntax),
            (".s", Invalid::Syntax),
            ("-.s", Invalid::Syntax),
            ("s", Invalid::Syntax),
            (" 5s", Invalid::Syntax),
            ("++5s", Invalid::Syntax),
            ("3", Invalid::MissingUnit),
            ("1h5", Invalid::MissingUnit),
            ("0.0", Invalid::MissingUnit),
            ("1d", Invalid::UnknownUnit),
            ("5S", Invalid::UnknownUnit),
            ("5s ", Invalid::UnknownUnit),
            ("1e3s", Invalid::UnknownUnit),
            ("9223372036854775808ns", Invalid::Overflow),
            ("9223372036854775.808us", Invalid::Overflow),
            ("3000000h", Invalid::Overflow),
            ("99999999999999999999s", Invalid::Overflow),
            ("-9223372036854775809ns", Invalid::Overflow),
        ];
        for (text, kind) in refused {
            assert_eq!(parse(text), Err(kind), "{text:?}");
        }
    }

    #[test]
    fn a_duration_below_zero_is_told_apart_from_nonsense() {
        for text in ["-1ns", "-1h30m", "-9223372036854775808ns"] {
            assert_eq!(parse(text), Err(Invalid::Negative), "{text}");
        }
    }
}
