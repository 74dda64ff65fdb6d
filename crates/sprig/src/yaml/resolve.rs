//! What a scalar's text means.

use keyferry_gotemplate::FuncError;

/// The prefix of the tags that YAML itself has.
pub(super) const LONG: &[u8] = b"tag:yaml.org,2002:";

/// A scalar's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`.
    Uint(u64),
    Float(f64),
    Text(Vec<u8>),
    /// Text that looks like a date, and is text all the same.
    Date,
}

impl Plain {
    /// The short name of its tag.
    fn tag(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Uint(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Date => "timestamp",
        }
    }
}

/// The value of a scalar with a tag; empty is none. Tags that are not YAML's own are text.
pub(super) fn resolve(tag: &[u8], text: &[u8]) -> Result<Plain, FuncError> {
    let Some(wanted) = known(tag) else { return Ok(Plain::Text(text.to_vec())) };
    if wanted == "str" {
        return Ok(Plain::Text(text.to_vec()));
    }
    match guess(wanted, text) {
        value if wanted.is_empty() || value.tag() == wanted => Ok(value),
        #[expect(clippy::cast_precision_loss, reason = "as Go does it")]
        Plain::Int(number) if wanted == "float" => Ok(Plain::Float(number as f64)),
        value => {
            let (text, tag) = (String::from_utf8_lossy(text), value.tag());
            Err(FuncError::Message(format!("yaml: cannot decode !!{tag} `{text}` as a !!{wanted}")))
        }
    }
}

fn known(tag: &[u8]) -> Option<&'static str> {
    if tag.is_empty() {
        return Some("");
    }
    let name = tag.strip_prefix(LONG)?;
    ["str", "bool", "int", "float", "null", "timestamp"].into_iter().find(|known| known.as_bytes() == name)
}

/// Whether text would be taken for something else if it stood without quotes.
pub(super) fn is_text(text: &[u8]) -> bool {
    matches!(guess("", text), Plain::Text(_))
}

fn guess(wanted: &str, text: &[u8]) -> Plain {
    let other = || Plain::Text(text.to_vec());
    let Some(first) = text.first() else { return Plain::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text).unwrap_or_else(other),
        b'.' => word(text).or_else(|| dotted(text)).unwrap_or_else(other),
        b'+' | b'-' | b'0'..=b'9' => {
            let dated = matches!(wanted, "" | "timestamp") && is_date(text);
            word(text).or(dated.then_some(Plain::Date)).or_else(|| number(text)).unwrap_or_else(other)
        }
        _ => other(),
    }
}

fn word(text: &[u8]) -> Option<Plain> {
    Some(match text {
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"true" | b"True" | b"TRUE" | b"on" | b"On" | b"ON" => {
            Plain::Bool(true)
        }
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"false" | b"False" | b"FALSE" | b"off" | b"Off" | b"OFF" => {
            Plain::Bool(false)
        }
        b"~" | b"null" | b"Null" | b"NULL" => Plain::Null,
        b".nan" | b".NaN" | b".NAN" => Plain::Float(f64::NAN),
        b".inf" | b".Inf" | b".INF" | b"+.inf" | b"+.Inf" | b"+.INF" => Plain::Float(f64::INFINITY),
        b"-.inf" | b"-.Inf" | b"-.INF" => Plain::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// A number that begins with its point. Underscores may stand between digits.
fn dotted(text: &[u8]) -> Option<Plain> {
    let digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
    let placed = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    if (0..text.len()).any(|at| text.get(at) == Some(&b'_') && !placed(at)) {
        return None;
    }
    decimal(&without_underscores(text))
}

fn without_underscores(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte != b'_').collect()
}

fn number(text: &[u8]) -> Option<Plain> {
    let plain = without_underscores(text);
    integer(&plain).or_else(|| decimal(&plain)).or_else(|| binary(&plain))
}

/// As Go writes integers, with a prefix for other bases; a zero in front is octal.
fn integer(text: &[u8]) -> Option<Plain> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', b'o' | b'O', digits @ ..] => (8, digits),
        [b'0', b'b' | b'B', digits @ ..] => (2, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        _ => (10, digits),
    };
    let number = magnitude(digits, radix)?;
    let signed = if negative { 0_i64.checked_sub_unsigned(number) } else { i64::try_from(number).ok() };
    let unsigned = !matches!(text.first(), Some(b'-' | b'+'));
    signed.map(Plain::Int).or(unsigned.then_some(Plain::Uint(number)))
}

fn magnitude(digits: &[u8], radix: u32) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with(['+', '-']))?;
    u64::from_str_radix(digits, radix).ok()
}

/// What Go lets follow `0b`, which may be a sign.
fn binary(text: &[u8]) -> Option<Plain> {
    let (sign, digits) = match text {
        [b'0', b'b', digits @ ..] => ("", digits),
        [b'-', b'0', b'b', digits @ ..] => ("-", digits),
        _ => return None,
    };
    let digits = format!("{sign}{}", std::str::from_utf8(digits).ok()?);
    i64::from_str_radix(&digits, 2).ok().map(Plain::Int)
}

/// Digits with a point and an exponent; nothing if it is too large.
fn decimal(text: &[u8]) -> Option<Plain> {
    let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let split = |text: &[u8]| {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count, text.get(count..).unwrap_or_default().to_vec())
    };
    let (whole, rest) = split(unsigned);
    let (fraction, rest) = rest.strip_prefix(b".").map_or((0, rest.clone()), split);
    if whole + fraction == 0 {
        return None;
    }
    if let [b'e' | b'E', rest @ ..] = rest.as_slice() {
        let rest = rest.strip_prefix(b"-").or(rest.strip_prefix(b"+")).unwrap_or(rest);
        if rest.is_empty() || !rest.iter().all(u8::is_ascii_digit) {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    number.is_finite().then_some(Plain::Float(number))
}

const DATES: [&[u8]; 4] =
    [b"2006-1-2T15:4:5.999999999Z07:00", b"2006-1-2t15:4:5.999999999Z07:00", b"2006-1-2 15:4:5.999999999", b"2006-1-2"];

fn is_date(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits == 4 && text.get(4) == Some(&b'-') && DATES.iter().any(|layout| crate::dates::is_date(layout, text))
}
