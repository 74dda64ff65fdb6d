//! Numbers as Go reads and prints them.

use std::borrow::Cow;

/// Go's `strconv.ParseFloat` with its error ignored: 0 for what is no number, infinite for what is too large.
///
/// It also reads `1_000`, which a query may have. Hexadecimal floats, which Go would read, are no numbers here.
pub(crate) fn parse(text: &[u8]) -> f64 {
    let signed_nan = matches!(text, [b'+' | b'-', b'n' | b'N', ..]);
    let text = std::str::from_utf8(text).unwrap_or_default();
    if signed_nan {
        0.0
    } else if text.contains('_') {
        if underscores_separate(text) { text.replace('_', "").parse().unwrap_or(0.0) } else { 0.0 }
    } else {
        text.parse().unwrap_or(0.0)
    }
}

/// Whether each underscore has a digit on both sides.
fn underscores_separate(text: &str) -> bool {
    let mut pieces = text.split('_').peekable();
    let mut starts_well = true;
    while let Some(piece) = pieces.next() {
        let ends_well = pieces.peek().is_none() || piece.ends_with(|last: char| last.is_ascii_digit());
        if !starts_well || !ends_well {
            return false;
        }
        starts_well = pieces.peek().is_some_and(|next| next.starts_with(|first: char| first.is_ascii_digit()));
    }
    true
}

/// A number's raw text if it is an integer, else all its digits without an exponent.
pub(crate) fn print(raw: &[u8]) -> Cow<'_, [u8]> {
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    if digits.iter().all(u8::is_ascii_digit) && !raw.is_empty() {
        return Cow::Borrowed(raw);
    }
    let number = parse(raw);
    let printed = match number {
        f64::INFINITY => "+Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        _ => format!("{number}"),
    };
    Cow::Owned(printed.into_bytes())
}

/// Digits to a number that wraps, as gjson's indexes do; nothing if there is another byte, or none.
pub(crate) fn index(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, digit| {
        digit.is_ascii_digit().then(|| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_their_text_and_others_lose_their_exponent() {
        for (raw, printed) in [("007", "007"), ("-0", "-0"), ("1.50", "1.5"), ("1e3", "1000"), ("-1e999", "-Inf")] {
            assert_eq!(print(raw.as_bytes()), printed.as_bytes(), "{raw}");
        }
    }
}
