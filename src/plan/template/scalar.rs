//! What a plain YAML scalar becomes where External Secrets Operator wants a string: YAML 1.1 as go-yaml 2 reads it, then
//! Go's text of the number or truth.

/// A scalar that is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved {
    Text(String),
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
}

/// Reads a plain scalar; one in quotes is its text.
pub(super) fn resolve(plain: &str) -> Resolved {
    if let Some(word) = word(plain) {
        return word;
    }
    let text = || Resolved::Text(plain.to_owned());
    match plain.as_bytes().first() {
        Some(b'.') => float(plain).map_or_else(text, Resolved::Float),
        Some(b'0'..=b'9' | b'+' | b'-') if !is_timestamp(plain) => number(plain).unwrap_or_else(text),
        _ => text(),
    }
}

fn word(plain: &str) -> Option<Resolved> {
    Some(match plain {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Resolved::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Resolved::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// Dates stay what they are, so that `2006-1-2` is not taken for a number; neither is anything else with four digits and
/// a dash.
fn is_timestamp(plain: &str) -> bool {
    plain.find(|sign: char| !sign.is_ascii_digit()) == Some(4) && plain.as_bytes().get(4) == Some(&b'-')
}

fn number(plain: &str) -> Option<Resolved> {
    let plain = plain.replace('_', "");
    if let Some(number) = integer(&plain) {
        return Some(number);
    }
    is_float(&plain).then(|| float(&plain)).flatten().map(Resolved::Float)
}

/// Go's `ParseInt` and `ParseUint` of base 0.
fn integer(plain: &str) -> Option<Resolved> {
    let (sign, digits) = match plain.as_bytes().first()? {
        b'-' => ("-", plain.get(1..)?),
        b'+' => ("+", plain.get(1..)?),
        _ => ("", plain),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match prefix.as_deref() {
        Some("0x") => (16, digits.get(2..)?),
        Some("0o") => (8, digits.get(2..)?),
        Some("0b") => (2, digits.get(2..)?),
        Some(_) if digits.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.chars().all(|digit| digit.is_digit(radix)) || digits.is_empty() {
        return None;
    }
    let signed = i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Resolved::Int);
    // ParseUint takes no sign.
    signed
        .or_else(|| sign.is_empty().then(|| u64::from_str_radix(digits, radix).ok()).flatten().map(Resolved::Unsigned))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(plain: &str) -> bool {
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let good = match mantissa.split_once('.') {
        None => !mantissa.is_empty() && digits(mantissa),
        Some(("", after)) => !after.is_empty() && digits(after),
        Some((before, after)) => digits(before) && digits(after),
    };
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    good && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// What is too large for Go is no number.
fn float(plain: &str) -> Option<f64> {
    let number = is_float(plain).then(|| plain.parse::<f64>().ok()).flatten();
    number.filter(|number| number.is_finite())
}

impl Resolved {
    /// The text of a value; nothing is the empty text.
    pub(super) fn into_value(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Null => String::new(),
            Self::Bool(truth) => truth.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Unsigned(number) => number.to_string(),
            Self::Float(number) => shortest(number),
        }
    }

    /// The text of a key, where it can be one.
    pub(super) fn into_key(self) -> Option<String> {
        match self {
            Self::Null | Self::Unsigned(_) => None,
            Self::Float(number) if number.is_nan() => Some(".nan".to_owned()),
            Self::Float(number) if number.is_infinite() => Some(if number > 0.0 { ".inf" } else { "-.inf" }.to_owned()),
            other => Some(other.into_value()),
        }
    }
}

/// Go's `FormatFloat(number, 'g', -1, 32)`.
#[expect(clippy::cast_possible_truncation, reason = "that is what 32 means")]
fn shortest(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_read_as_yaml_1_1_and_told_as_go_does() {
        let cases = [
            ("text", "text"),
            ("yes", "true"),
            ("off", "false"),
            ("~", ""),
            ("010", "8"),
            ("0x1F", "31"),
            ("1_000", "1000"),
            ("-0b11", "-3"),
            ("0", "0"),
            ("08", "8"),
            ("18446744073709551615", "18446744073709551615"),
            ("1234567.0", "1.234567e+06"),
            ("16777217.5", "1.6777218e+07"),
            ("0.00001", "1e-05"),
            ("1.10", "1.1"),
            (".5", "0.5"),
            (".inf", "+Inf"),
            ("1e999", "1e999"),
            ("2001-01-02", "2001-01-02"),
            ("1:20", "1:20"),
            ("-", "-"),
            ("1.2.3", "1.2.3"),
        ];
        for (plain, expected) in cases {
            assert_eq!(resolve(plain).into_value(), expected, "{plain}");
        }
    }

    #[test]
    fn keys_are_told_in_their_own_way_and_nothing_is_no_key() {
        assert_eq!(resolve("on").into_key().as_deref(), Some("true"));
        assert_eq!(resolve(".Inf").into_key().as_deref(), Some(".inf"));
        assert_eq!(resolve("null").into_key(), None);
    }
}
