//! JSON as Go writes it anew: what `encoding/json` makes of a document that was decoded into maps.

use crate::scan::at;
use crate::value::{Entries, parse};
use crate::{Error, Kind, Value, text, valid_within};
use std::borrow::Cow;

/// The deepest nesting that is written; each level is a call.
const DEPTH: usize = 500;

/// What a number was decoded into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// `json.Number`: as it is written.
    Kept,
    /// `float64`: rounded, and written by Go's rules.
    Floats,
}

/// Writes a document anew: members sorted by their keys, of those with one key the last, no blanks, and in strings the
/// escapes that Go chooses (`<`, `>` and `&` among them).
///
/// # Errors
/// A text that is no JSON, or is nested deeper than 500.
pub fn marshal(json: &[u8], numbers: Numbers) -> Result<Vec<u8>, Error> {
    valid_within(json, DEPTH)?;
    let mut out = Vec::with_capacity(room(json));
    write(&mut out, &parse(Cow::Borrowed(json)), numbers);
    Ok(out)
}

/// What a Go program that decodes into `any` makes of a member as text: strings decoded, numbers as `float64` without an
/// exponent, `null` empty, objects and arrays written anew.
///
/// # Errors
/// As for [`marshal`].
pub fn text_of(member: &Value<'_>) -> Result<Vec<u8>, Error> {
    match (member.kind(), float(member)) {
        // Rust prints the shortest digits that read back, without an exponent: as Go's format 'f' does.
        (Kind::Number, Some(number)) => Ok(number.to_string().into_bytes()),
        (Kind::Json, _) => marshal(member.raw(), Numbers::Floats),
        _ => Ok(member.as_extracted().into_owned()),
    }
}

/// So many bytes that the text need not be moved: a copy that stays behind might be a secret.
fn room(json: &[u8]) -> usize {
    let longer = json.iter().filter(|byte| matches!(byte, b'<' | b'>' | b'&' | b'e' | b'E' | 0x80..)).count();
    json.len().saturating_add(longer.saturating_mul(20))
}

fn write(out: &mut Vec<u8>, value: &Value<'_>, numbers: Numbers) {
    match value.kind() {
        Kind::String => text::quote(out, &text::unescape_strict(text::inside(value.raw()))),
        Kind::Number if numbers == Numbers::Floats => write_float(out, value),
        Kind::Json if at(value.raw(), 0) == b'{' => write_object(out, value, numbers),
        Kind::Json => write_array(out, value, numbers),
        _ => out.extend_from_slice(value.raw()),
    }
}

fn write_object(out: &mut Vec<u8>, value: &Value<'_>, numbers: Numbers) {
    let decoded = |(key, member)| (text::unescape_strict(text::inside(key)), member);
    let mut members: Vec<_> = Entries::of(value.raw()).map(decoded).collect();
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    out.push(b'{');
    let mut rest = members.iter().peekable();
    let mut first = true;
    while let Some((key, member)) = rest.next() {
        if rest.peek().is_some_and(|(next, _)| next == key) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        text::quote(out, key);
        out.push(b':');
        write(out, member, numbers);
    }
    out.push(b'}');
}

fn write_array(out: &mut Vec<u8>, value: &Value<'_>, numbers: Numbers) {
    out.push(b'[');
    for (index, (_, element)) in Entries::of(value.raw()).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, &element, numbers);
    }
    out.push(b']');
}

fn float(value: &Value<'_>) -> Option<f64> {
    std::str::from_utf8(value.raw()).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// An exponent only for the very large and the very small, with its sign and without zeros before it.
fn write_float(out: &mut Vec<u8>, value: &Value<'_>) {
    let Some(number) = float(value) else { return out.extend_from_slice(value.raw()) };
    let size = number.abs();
    let text = if number != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        if text.contains("e-") { text } else { text.replace('e', "e+") }
    } else {
        number.to_string()
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str, numbers: Numbers) -> String {
        String::from_utf8(marshal(json.as_bytes(), numbers).unwrap()).unwrap()
    }

    #[test]
    fn members_are_sorted_and_the_last_of_one_key_counts() {
        let json = " { \"b\" : 1 , \"a\":[ 1, {\"d\":null,\"c\":true} ], \"b\":2, \"\":{} , \"\\u0061\":[]} ";
        assert_eq!(written(json, Numbers::Kept), r#"{"":{},"a":[],"b":2}"#);
        assert_eq!(written("[ 1 , {\"d\":null,\"c\":true} ]", Numbers::Kept), r#"[1,{"c":true,"d":null}]"#);
        assert_eq!(written("{}", Numbers::Kept), "{}");
        assert_eq!(written(" null ", Numbers::Kept), "null");
    }

    #[test]
    fn strings_have_gos_escapes() {
        let json = r#""<a>&\/\u0041\u00e9é\u2028\u0001\b\f\n\"\\\ud83d\udd11\ud83d""#;
        let wanted = "\"\\u003ca\\u003e\\u0026/Aéé\\u2028\\u0001\\b\\f\\n\\\"\\\\🔑\u{fffd}\"";
        assert_eq!(written(json, Numbers::Kept), wanted);
    }

    #[test]
    fn numbers_are_kept_or_floats() {
        for (json, float) in [
            ("1.0", "1"),
            ("-0", "-0"),
            ("12345678901234567890", "12345678901234567000"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("-1.5E+300", "-1.5e+300"),
            ("0.000001", "0.000001"),
            ("0.00000015", "1.5e-7"),
            ("0.0", "0"),
        ] {
            assert_eq!(written(json, Numbers::Kept), json);
            assert_eq!(written(&format!("[{json}]"), Numbers::Floats), format!("[{float}]"));
        }
    }

    #[test]
    fn a_members_text_has_no_exponent_and_no_quotes() {
        let text = |json: &str| {
            let document = format!("{{\"a\":{json}}}");
            let (_, member) = crate::members(&document).unwrap().next().unwrap();
            String::from_utf8(text_of(&member).unwrap()).unwrap()
        };
        for (json, wanted) in [
            ("\"a\\u0041\"", "aA"),
            ("1e21", "1000000000000000000000"),
            ("1.50", "1.5"),
            ("1e-7", "0.0000001"),
            ("true", "true"),
            ("null", ""),
            ("{ \"b\": 1.0, \"a\": [ ] }", "{\"a\":[],\"b\":1}"),
        ] {
            assert_eq!(text(json), wanted, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for json in ["", "{", "{\"a\"}", "[1,]", "x"] {
            assert!(marshal(json.as_bytes(), Numbers::Kept).is_err(), "{json}");
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(marshal(nested(DEPTH).as_bytes(), Numbers::Kept).is_ok());
        assert!(marshal(nested(DEPTH + 1).as_bytes(), Numbers::Kept).is_err());
    }
}
