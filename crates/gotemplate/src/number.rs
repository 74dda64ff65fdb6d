//! Numbers as `strconv` and template literals have them: an integer literal is every kind that can hold it.

use crate::quote::{quoted, unescape};

/// A literal, under each kind that can represent it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Number {
    /// A character in single quotes.
    pub(crate) fn character(text: &[u8]) -> Result<Self, String> {
        let (unescaped, tail) = unescape(text.get(1..).unwrap_or_default(), b'\'').ok_or("invalid syntax")?;
        if tail != b"'" {
            return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
        }
        let number = unescaped.number();
        Ok(Self { int: Some(number.into()), uint: Some(number.into()), float: Some(number.into()), complex: None })
    }

    /// A real and an imaginary part, `1+2i`.
    pub(crate) fn complex(text: &[u8]) -> Result<Self, String> {
        let (real, rest) = float_token(text);
        if !matches!(rest.first(), Some(b'+' | b'-')) {
            return Err("syntax error scanning complex number".into());
        }
        let (_, unsigned) = rest.split_at_checked(1).unwrap_or_default();
        let (digits, tail) = float_token(unsigned);
        if tail.first() != Some(&b'i') {
            return Err("syntax error scanning complex number".into());
        }
        let imaginary = rest.get(..1 + digits.len()).unwrap_or_default();
        Ok(Self::of_complex(scan_float(real)?, scan_float(imaginary)?))
    }

    /// Any other number: hexadecimal, octal, binary, decimal, with a point, an exponent or an `i`.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        if let Some(imaginary) = text.strip_suffix(b"i").and_then(|text| parse_float(text).ok()) {
            return Ok(Self::of_complex(0.0, imaginary));
        }
        let mut number = Self { uint: parse_uint(text), int: parse_int(text), ..Self::default() };
        if number.int == Some(0) {
            number.uint = Some(0);
        }
        match (number.int, number.uint) {
            (Some(int), _) => number.float = Some(as_float(int)),
            (None, Some(uint)) => number.float = Some(uint_as_float(uint)),
            (None, None) => {
                let float = parse_float(text).map_err(|_| format!("illegal number syntax: {}", quoted(text)))?;
                // Digits alone that are no integer are too large for one.
                if !text.iter().any(|byte| b".eEpP".contains(byte)) {
                    return Err(format!("integer overflow: {}", quoted(text)));
                }
                number.set_float(float);
            }
        }
        Ok(number)
    }

    fn of_complex(real: f64, imaginary: f64) -> Self {
        let mut number = Self { complex: Some((real, imaginary)), ..Self::default() };
        if imaginary == 0.0 {
            number.set_float(real);
        }
        number
    }

    fn set_float(&mut self, float: f64) {
        self.float = Some(float);
        self.int = float_as_int(float);
        self.uint = float_as_uint(float);
    }
}

#[expect(clippy::cast_precision_loss, reason = "Go rounds the same way")]
fn as_float(int: i64) -> f64 {
    int as f64
}

#[expect(clippy::cast_precision_loss, reason = "Go rounds the same way")]
fn uint_as_float(uint: u64) -> f64 {
    uint as f64
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn float_as_int(float: f64) -> Option<i64> {
    let fits = float.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float);
    fits.then_some(float as i64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn float_as_uint(float: f64) -> Option<u64> {
    let fits = float.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&float);
    fits.then_some(float as u64)
}

/// Go's `strconv.ParseInt(text, 0, 64)`: a prefix gives the base, underscores may separate digits. Nothing for what is no
/// integer or does not fit.
///
/// ```
/// use keyferry_gotemplate::parse_int;
/// assert_eq!(parse_int(b"-0x1F"), Some(-31));
/// assert_eq!(parse_int(b"017"), Some(15));
/// assert_eq!(parse_int(b"08"), None);
/// ```
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Go's `strconv.ParseUint(text, 0, 64)`.
fn parse_uint(text: &[u8]) -> Option<u64> {
    let (base, digits) = match text {
        [b'0', b'b' | b'B', digits @ ..] if !digits.is_empty() => (2, digits),
        [b'0', b'o' | b'O', digits @ ..] if !digits.is_empty() => (8, digits),
        [b'0', b'x' | b'X', digits @ ..] if !digits.is_empty() => (16, digits),
        [b'0', digits @ ..] => (8, digits),
        [] => return None,
        digits => (10, digits),
    };
    let mut number = 0_u64;
    for &digit in digits.iter().filter(|&&digit| digit != b'_') {
        number = number.checked_mul(base.into())?.checked_add(char::from(digit).to_digit(base)?.into())?;
    }
    (!digits.contains(&b'_') || underscores_separate_digits(text)).then_some(number)
}

/// Whether each underscore stands between digits, or between a prefix and a digit.
fn underscores_separate_digits(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    let (mut last, hexadecimal, digits) = match text {
        [b'0', letter, digits @ ..] if b"bBoOxX".contains(letter) => (b'0', matches!(letter, b'x' | b'X'), digits),
        _ => (b'^', false, text),
    };
    for &byte in digits {
        let digit = byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit();
        match (byte, last) {
            _ if digit => last = b'0',
            (b'_', b'0') => last = b'_',
            (b'_', _) | (_, b'_') => return false,
            _ => last = b'!',
        }
    }
    last != b'_'
}

/// Why a text is no floating-point number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatError {
    /// It is not written as one.
    Syntax,
    /// It is too large for one.
    Range,
}

/// Go's `strconv.ParseFloat(text, 64)`: decimal or hexadecimal, `inf` and `nan` too.
///
/// ```
/// use keyferry_gotemplate::{FloatError, parse_float};
/// assert_eq!(parse_float(b"-0x1p-2"), Ok(-0.25));
/// assert_eq!(parse_float(b"+Inf"), Ok(f64::INFINITY));
/// assert_eq!(parse_float(b"+nan"), Err(FloatError::Syntax));
/// assert_eq!(parse_float(b"1e999"), Err(FloatError::Range));
/// ```
pub fn parse_float(text: &[u8]) -> Result<f64, FloatError> {
    if text.contains(&b'_') && !underscores_separate_digits(text) {
        return Err(FloatError::Syntax);
    }
    let digits: String = text.iter().filter(|&&byte| byte != b'_').map(|&byte| char::from(byte)).collect();
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    if let Some(hexadecimal) = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        let float = parse_hexadecimal(hexadecimal)?;
        return Ok(if digits.starts_with('-') { -float } else { float });
    }
    let named = unsigned.starts_with(|first: char| first.is_ascii_alphabetic());
    let float: f64 = digits.parse().map_err(|_| FloatError::Syntax)?;
    if float.is_nan() && unsigned.len() < digits.len() {
        return Err(FloatError::Syntax);
    }
    if float.is_infinite() && !named { Err(FloatError::Range) } else { Ok(float) }
}

/// What follows `0x`: digits, perhaps a point, and an exponent of two, which must be there.
fn parse_hexadecimal(text: &str) -> Result<f64, FloatError> {
    let (mantissa, exponent) = text.split_once(['p', 'P']).ok_or(FloatError::Syntax)?;
    let exponent = parse_exponent(exponent)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 {
        return Err(FloatError::Syntax);
    }
    let (mut bits, mut shift) = (0_u128, 0_i64);
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = digit.to_digit(16).ok_or(FloatError::Syntax)?;
        if bits >> 120 == 0 {
            bits = bits << 4 | u128::from(digit);
        } else {
            shift += 4;
            // What is beyond the precision only breaks ties.
            bits |= u128::from(digit != 0);
        }
    }
    let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX / 8);
    scale(bits, exponent + shift - 4 * fraction)
}

/// Large exponents are cut: they mean zero or infinity anyhow.
fn parse_exponent(text: &str) -> Result<i64, FloatError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FloatError::Syntax);
    }
    let magnitude =
        digits.bytes().fold(0_i64, |sum, digit| if sum < 10_000 { sum * 10 + i64::from(digit - b'0') } else { sum });
    Ok(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// `bits * 2^exponent`, rounded to even once.
fn scale(mut bits: u128, mut exponent: i64) -> Result<f64, FloatError> {
    if bits == 0 {
        return Ok(0.0);
    }
    // 55 bits: 53 of the mantissa and two to round by; fewer where the result is subnormal.
    let length = 128 - i64::from(bits.leading_zeros());
    let drop = (length - 55).max(-1076 - exponent);
    if drop > 0 {
        let lost = if drop >= 128 { bits } else { bits & ((1 << drop) - 1) };
        bits = if drop >= 128 { 0 } else { bits >> drop } | u128::from(lost != 0);
        exponent += drop;
    }
    let (kept, round) = (bits >> 2, bits & 3);
    // With 55 bits or at the subnormal edge the last two round; shorter ones are exact as they are.
    let exact = length < 55 && drop <= 0;
    let (mantissa, exponent) = match round {
        _ if exact => (bits, exponent),
        0 | 1 => (kept, exponent + 2),
        2 => (kept + (kept & 1), exponent + 2),
        _ => (kept + 1, exponent + 2),
    };
    let float = power_of_two(mantissa, exponent);
    if float.is_infinite() { Err(FloatError::Range) } else { Ok(float) }
}

/// Exact, since the mantissa has at most 54 bits and was rounded to where it ends.
#[expect(clippy::cast_precision_loss, reason = "at most 54 bits, the lowest of which is then zero")]
fn power_of_two(mantissa: u128, exponent: i64) -> f64 {
    let mut float = mantissa as f64;
    let mut exponent = exponent;
    while exponent != 0 && float != 0.0 && float.is_finite() {
        let step = exponent.clamp(-1000, 1000);
        // A subnormal result must be reached in one exact step, so the last step is the small one.
        let step = if exponent < -1000 { exponent.max(-1000) } else { step };
        float *= 2_f64.powi(i32::try_from(step).unwrap_or(0));
        exponent -= step;
    }
    float
}

/// The head of `text` that `fmt.Scan` takes for a floating-point number, and the rest.
fn float_token(text: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    let accept = |end: &mut usize, set: &[u8]| {
        let found = text.get(*end).is_some_and(|byte| set.contains(byte));
        *end += usize::from(found);
        found
    };
    accept(&mut end, b"+-");
    // As if an `inf` began here: `fmt.Scan` takes the letter, and misses it afterwards.
    accept(&mut end, b"iI");
    let (mut digits, mut exponent): (&[u8], &[u8]) = (b"0123456789_", b"eEpP");
    if accept(&mut end, b"0") && accept(&mut end, b"xX") {
        (digits, exponent) = (b"0123456789aAbBcCdDeEfF_", b"pP");
    }
    while accept(&mut end, digits) {}
    if accept(&mut end, b".") {
        while accept(&mut end, digits) {}
    }
    if accept(&mut end, exponent) {
        accept(&mut end, b"+-");
        while accept(&mut end, b"0123456789_") {}
    }
    text.split_at_checked(end).unwrap_or((text, b""))
}

fn scan_float(text: &[u8]) -> Result<f64, String> {
    parse_float(text).map_err(|error| {
        let cause = if error == FloatError::Range { "value out of range" } else { "invalid syntax" };
        format!("strconv.ParseFloat: parsing {}: {cause}", quoted(text))
    })
}
