//! Floating-point and complex numbers, as `strconv` and `fmt` write them.

use super::printer::Printer;
use crate::Value;
use crate::error::Stop;
use crate::types::FloatKind;

/// No number has more digits behind its point; more that are asked for are zeros.
const MOST_DIGITS: usize = 1100;

/// `0.digits * 10^point`, without trailing zeros. Zero has no digits.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// The fewest digits that read back as the same number, and of those the nearest; of two that are as near the even
    /// one, where Rust's own are the larger.
    #[expect(clippy::cast_possible_truncation, reason = "a float32 is one that a float32 holds")]
    fn shortest(number: f64, kind: FloatKind) -> Self {
        let shortest = match kind {
            FloatKind::Float32 => format!("{:e}", number as f32),
            FloatKind::Float64 => format!("{number:e}"),
        };
        let digits = shortest.bytes().take_while(|&byte| byte != b'e').filter(u8::is_ascii_digit).count();
        let even = format!("{number:.*e}", digits.saturating_sub(1));
        let same = match kind {
            FloatKind::Float32 => even.parse() == Ok(number as f32),
            FloatKind::Float64 => even.parse() == Ok(number),
        };
        Self::read(if same { &even } else { &shortest })
    }

    /// `length` digits, rounded to even.
    fn rounded(number: f64, length: usize) -> Self {
        Self::read(&format!("{number:.*e}", length.saturating_sub(1).min(MOST_DIGITS)))
    }

    fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = if digits.is_empty() { 0 } else { exponent.parse().unwrap_or(0) + 1 };
        Self { digits, point }
    }

    fn digit(&self, index: usize) -> u8 {
        self.digits.get(index).copied().unwrap_or(b'0')
    }

    /// `1.5e+06`, with `precision` digits behind the point.
    fn scientific(&self, precision: usize, letter: char) -> Vec<u8> {
        let mut out = vec![self.digit(0)];
        if precision > 0 {
            out.push(b'.');
            out.extend((1..=precision).map(|index| self.digit(index)));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("{letter}{sign}{:02}", exponent.abs()).as_bytes());
        out
    }

    /// `1500000`, with `precision` digits behind the point.
    fn plain(&self, precision: usize) -> Vec<u8> {
        let whole = usize::try_from(self.point).unwrap_or(0);
        let leading = usize::try_from(-self.point).unwrap_or(0);
        let mut out: Vec<u8> = (0..whole).map(|index| self.digit(index)).collect();
        if out.is_empty() {
            out.push(b'0');
        }
        if precision > 0 {
            out.push(b'.');
            let fraction = |index: usize| index.checked_sub(leading).map_or(b'0', |index| self.digit(whole + index));
            out.extend((0..precision).map(fraction));
        }
        out
    }
}

/// Go's `strconv.FormatFloat` of a number that is not negative; no precision means the shortest.
fn format(number: f64, verb: char, precision: Option<usize>, kind: FloatKind) -> Vec<u8> {
    match verb {
        'e' | 'E' => {
            let precision = precision.unwrap_or(6);
            Decimal::rounded(number, precision + 1).scientific(precision, verb)
        }
        'f' => fixed(number, precision.unwrap_or(6)),
        'b' => binary(number, kind),
        'x' | 'X' => hexadecimal(number, verb, precision),
        _ => general(number, if verb == 'G' { 'E' } else { 'e' }, precision, kind),
    }
}

fn fixed(number: f64, precision: usize) -> Vec<u8> {
    let mut out = format!("{number:.*}", precision.min(MOST_DIGITS)).into_bytes();
    out.resize(out.len() + precision.saturating_sub(MOST_DIGITS), b'0');
    out
}

/// The shorter of the two, with an exponent where it is small or not less than the precision.
fn general(number: f64, letter: char, precision: Option<usize>, kind: FloatKind) -> Vec<u8> {
    let decimal = match precision {
        None => Decimal::shortest(number, kind),
        Some(precision) => Decimal::rounded(number, precision.max(1)),
    };
    let count = decimal.digits.len();
    let whole = usize::try_from(decimal.point).unwrap_or(0);
    let precision = precision.map(|precision| precision.max(1));
    let limit = match precision {
        None => 6,
        Some(precision) if precision > count && count >= whole => count,
        Some(precision) => precision,
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || usize::try_from(exponent).is_ok_and(|exponent| exponent >= limit) {
        let digits = precision.unwrap_or(count).min(count);
        return decimal.scientific(digits.saturating_sub(1), letter);
    }
    let digits = i64::try_from(count).unwrap_or(i64::MAX) - i64::from(decimal.point);
    decimal.plain(usize::try_from(digits).unwrap_or(0))
}

/// Mantissa, exponent of its lowest bit, and how many bits it has behind its first.
fn parts(number: f64, kind: FloatKind) -> (u64, i32, u32) {
    let (bits, width, exponents) = match kind {
        #[expect(clippy::cast_possible_truncation, reason = "it is one that a float32 holds")]
        FloatKind::Float32 => (u64::from((number as f32).to_bits()), 23, 8),
        FloatKind::Float64 => (number.to_bits(), 52, 11),
    };
    let biased = i32::try_from(bits >> width & ((1 << exponents) - 1)).unwrap_or(0);
    let fraction = bits & ((1 << width) - 1);
    let middle = (1 << (exponents - 1)) - 1;
    let lowest = |biased: i32| biased - middle - i32::try_from(width).unwrap_or(0);
    if biased == 0 { (fraction, lowest(1), width) } else { (fraction | 1 << width, lowest(biased), width) }
}

fn binary(number: f64, kind: FloatKind) -> Vec<u8> {
    let (mantissa, exponent, _) = parts(number, kind);
    format!("{mantissa}p{exponent:+}").into_bytes()
}

/// `0x1.8p+01`: one digit before the point, and two or more of the exponent.
fn hexadecimal(number: f64, verb: char, precision: Option<usize>) -> Vec<u8> {
    let (mut mantissa, lowest, width) = parts(number, FloatKind::Float64);
    let mut exponent = if mantissa == 0 { 0 } else { lowest + i32::try_from(width).unwrap_or(0) };
    // The first bit goes to 1 << 60.
    mantissa <<= 60 - width;
    while mantissa != 0 && mantissa & 1 << 60 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|&precision| precision < 15) {
        let shift = u32::try_from(precision).unwrap_or(0) * 4;
        let extra = mantissa << shift & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        mantissa += u64::from(extra | mantissa & 1 > 1 << 59);
        mantissa <<= 60 - shift;
        if mantissa & 1 << 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => digits.truncate(digits.trim_end_matches('0').len()),
        Some(precision) if precision <= digits.len() => digits.truncate(precision),
        Some(precision) => digits.extend(std::iter::repeat_n('0', precision - digits.len())),
    }
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{}{point}{digits}p{sign}{:02}", mantissa >> 60 & 1, exponent.abs());
    if verb == 'X' { text.to_ascii_uppercase().into_bytes() } else { text.into_bytes() }
}

impl Printer<'_> {
    pub(super) fn float(&mut self, number: f64, kind: FloatKind, value: &Value, verb: char) -> Result<(), Stop> {
        match verb {
            'v' => self.real(number, kind, 'g'),
            'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'e' | 'E' => self.real(number, kind, verb),
            'F' => self.real(number, kind, 'f'),
            _ => self.bad_verb(verb, Some(value))?,
        }
        Ok(())
    }

    pub(super) fn complex(
        &mut self,
        (real, imaginary): (f64, f64),
        kind: FloatKind,
        value: &Value,
        verb: char,
    ) -> Result<(), Stop> {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(verb, Some(value));
        }
        self.out.push(b'(');
        self.float(real, kind, value, verb)?;
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float(imaginary, kind, value, verb)?;
        self.out.extend_from_slice(b"i)");
        self.flags.plus = plus;
        Ok(())
    }

    fn real(&mut self, number: f64, kind: FloatKind, verb: char) {
        let flags = self.flags;
        let negative = number.is_sign_negative() && !number.is_nan();
        let sign = match (negative, flags.space && !flags.plus) {
            (true, _) => b'-',
            (false, true) => b' ',
            (false, false) => b'+',
        };
        if !number.is_finite() {
            return self.not_finite(number, sign);
        }
        let mut digits = format(number.abs(), verb, flags.precision, kind);
        if flags.sharp && verb != 'b' {
            digits = with_point(&digits, verb, flags.precision);
        }
        if !flags.plus && sign == b'+' {
            return self.pad(&digits);
        }
        // Zeros go between the sign and the number.
        let padding = flags.width.filter(|_| flags.zero && !flags.minus).unwrap_or(0);
        if padding > digits.len() + 1 {
            self.out.push(sign);
            self.padding(padding - digits.len() - 1);
            self.out.extend_from_slice(&digits);
            return;
        }
        digits.insert(0, sign);
        self.pad(&digits);
    }

    fn not_finite(&mut self, number: f64, sign: u8) {
        let mut text = if number.is_nan() { b"NaN".to_vec() } else { b"Inf".to_vec() };
        let signed =
            if number.is_nan() { self.flags.space || self.flags.plus } else { sign != b'+' || self.flags.plus };
        // Go writes a positive infinity's sign always.
        if signed || number.is_infinite() {
            text.insert(0, sign);
        }
        self.pad_with_spaces(&text);
    }
}

/// The flag `#`: always a point, and the zeros that `%g` leaves out.
fn with_point(number: &[u8], verb: char, precision: Option<usize>) -> Vec<u8> {
    let mut missing = match verb {
        'g' | 'G' | 'x' => i64::try_from(precision.unwrap_or(6)).unwrap_or(0),
        _ => 0,
    };
    let marks: &[u8] = if matches!(verb, 'x' | 'X') { b"pP" } else { b"eEpP" };
    let end = number.iter().position(|byte| marks.contains(byte)).unwrap_or(number.len());
    let (mantissa, tail) = number.split_at_checked(end).unwrap_or((number, b""));
    let (mut point, mut significant) = (false, false);
    for &byte in mantissa {
        point |= byte == b'.';
        significant |= !matches!(byte, b'.' | b'0');
        missing -= i64::from(significant && byte != b'.');
    }
    let mut out = mantissa.to_vec();
    if !point {
        missing -= i64::from(mantissa == b"0");
        out.push(b'.');
    }
    out.extend(std::iter::repeat_n(b'0', usize::try_from(missing).unwrap_or(0)));
    out.extend_from_slice(tail);
    out
}
