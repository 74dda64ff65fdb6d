//! One level of a JSON object: each field's value as text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use sealed::Sealed;
use serde::Deserializer as _;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The most fields of a file.
const FIELDS: usize = 10_000;

/// Why a field of a file has no value. A parser's own words are left out: they quote what they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file is not one JSON object.
    NotAnObject,
    /// It has too many fields.
    TooMany,
    /// There is no such field.
    Missing,
    /// The field occurs more than once.
    Twice,
    /// Its value is `null`.
    Null,
    /// Its value is an object or an array.
    Nested,
    /// Its string has half of a surrogate pair, which is no text.
    NotText,
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => {
                to.write_str("the file is not one JSON object in UTF-8: without ';' the whole file is meant")
            }
            Self::TooMany => write!(to, "the JSON file has more than {FIELDS} fields"),
            Self::Missing => to.write_str("the JSON file has no such field at its first level"),
            Self::Twice => to.write_str("the JSON file has the field more than once: remove all but one"),
            Self::Null => to.write_str("the field of the JSON file is null: give it a value"),
            Self::Nested => to.write_str("the field of the JSON file is an object or an array: only one level is read"),
            Self::NotText => to.write_str("the field of the JSON file has half of a surrogate pair: it is no text"),
        }
    }
}

/// The fields of one file. Strings are unescaped, numbers and booleans are as they were written.
#[derive(Debug, Default, PartialEq)]
pub struct Fields(BTreeMap<String, Result<Sealed, Error>>);

impl Fields {
    /// Reads the first level. Deeper ones are skipped without recursion, so their depth costs nothing.
    ///
    /// # Errors
    /// It is not one JSON object, or has more than 10,000 fields.
    pub fn parse(bytes: &Sealed) -> Result<Self, Error> {
        let mut parser = serde_json::Deserializer::from_slice(bytes.expose());
        let fields = parser.deserialize_map(Object).map_err(|_| Error::NotAnObject)?;
        parser.end().map_err(|_| Error::NotAnObject)?;
        fields.ok_or(Error::TooMany)
    }

    /// The value of one field.
    pub fn get(&self, name: &str) -> Result<Sealed, Error> {
        self.0.get(name).cloned().unwrap_or(Err(Error::Missing))
    }
}

/// An object whose values are kept; none where there are too many.
struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Option<Fields>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            // As the file has it: a parser would unescape a string in a buffer that nobody zeroes.
            let raw: &RawValue = map.next_value()?;
            if fields.contains_key(&*name) {
                fields.insert(name.into_owned(), Err(Error::Twice));
            } else if fields.len() < FIELDS {
                fields.insert(name.into_owned(), text(raw.get()).map_err(A::Error::custom)?);
            } else {
                while map.next_entry::<Cow<'de, str>, &RawValue>()?.is_some() {}
                return Ok(None);
            }
        }
        Ok(Some(Fields(fields)))
    }
}

/// A value that was read as JSON before, as text.
fn text(raw: &str) -> Result<Result<Sealed, Error>, &'static str> {
    Ok(match raw.as_bytes().first().ok_or("a value")? {
        b'{' | b'[' => Err(Error::Nested),
        b'n' => Err(Error::Null),
        b'"' => unescaped(raw.get(1..raw.len() - 1).ok_or("a string")?),
        _ => Ok(Sealed::from(raw)),
    })
}

/// A string without its quotes. It is never longer than it was, so its buffer is never moved.
fn unescaped(escaped: &str) -> Result<Sealed, Error> {
    let mut text = Zeroizing::new(String::with_capacity(escaped.len()));
    let mut rest = escaped;
    while let Some((plain, after)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, after) = escape(after).ok_or(Error::NotText)?;
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Ok(Sealed::new(std::mem::take(&mut *text).into_bytes()))
}

/// What follows a backslash, and the rest.
fn escape(text: &str) -> Option<(char, &str)> {
    let mut rest = text.chars();
    let character = match rest.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return code_point(rest.as_str()),
        itself => itself,
    };
    Some((character, rest.as_str()))
}

/// The four digits of a `\u`, or twelve characters for a pair of surrogates.
fn code_point(text: &str) -> Option<(char, &str)> {
    let (first, rest) = unit(text)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, rest));
    }
    let (second, rest) = unit(rest.strip_prefix("\\u")?)?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, rest))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(json: &str, name: &str) -> Result<String, Error> {
        let value = Fields::parse(&Sealed::from(json))?.get(name)?;
        Ok(String::from_utf8(value.expose().to_vec()).unwrap())
    }

    #[test]
    fn strings_numbers_and_booleans_are_text_as_they_were_written() {
        let json = r#" {"s":"a b","n":1.50,"e":-1E3,"t":true,"f":false,"":"none"} "#;
        for (name, expected) in
            [("s", "a b"), ("n", "1.50"), ("e", "-1E3"), ("t", "true"), ("f", "false"), ("", "none")]
        {
            assert_eq!(field(json, name).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_string_is_unescaped_as_serde_json_does_it() {
        for string in
            [r#""""#, r#""\"\\\/\b\f\n\r\t""#, r#""\u00e9\u0000x""#, r#""\ud83d\ude00 \uD83D\uDE00""#, r#""é😀""#]
        {
            let expected: String = serde_json::from_str(string).unwrap();
            assert_eq!(field(&format!("{{\"k\":{string}}}"), "k"), Ok(expected), "{string}");
        }
        let every: String = (0..=0x1_ffff).filter_map(char::from_u32).collect();
        let json = serde_json::json!({ "k": every }).to_string();
        assert_eq!(field(&json, "k"), Ok(every));
    }

    #[test]
    fn half_of_a_surrogate_pair_spoils_its_own_field_only() {
        for half in [r"\ud83d", r"\ude00", r"\ud83dx", r"\ud83d\n", r"\ud83d\ud83d"] {
            let json = format!("{{\"bad\":\"{half}\",\"good\":\"1\"}}");
            assert!(matches!(field(&json, "bad"), Err(Error::NotText | Error::NotAnObject)), "{half}");
        }
    }

    #[test]
    fn what_is_no_text_says_what_it_is() {
        let json = r#"{"null":null,"object":{"a":1},"array":[1],"twice":1,"twice":2,"tw\u0069ce2":1,"twice2":1}"#;
        assert_eq!(field(json, "null"), Err(Error::Null));
        assert_eq!(field(json, "object"), Err(Error::Nested));
        assert_eq!(field(json, "array"), Err(Error::Nested));
        assert_eq!(field(json, "twice"), Err(Error::Twice));
        assert_eq!(field(json, "twice2"), Err(Error::Twice));
        assert_eq!(field(json, "object.a"), Err(Error::Missing));
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for json in ["", "[]", "\"a\"", "{", "{}{}", "{\"a\":1,}", "{a:1}", "null", "{\"a\":\"\u{1}\"}", "{\"a\":01}"] {
            assert_eq!(field(json, "a"), Err(Error::NotAnObject), "{json}");
        }
        assert_eq!(Fields::parse(&Sealed::new(b"{\"a\":\"\xff\"}".to_vec())), Err(Error::NotAnObject));
    }

    #[test]
    fn depth_and_count_are_bounded() {
        let deep = format!("{{\"deep\":{}{},\"a\":1}}", "[".repeat(400_000), "]".repeat(400_000));
        assert_eq!(field(&deep, "a").as_deref(), Ok("1"));
        let many: Vec<_> = (0..10_001).map(|n| format!("\"{n}\":1")).collect();
        assert_eq!(field(&format!("{{{}}}", many.join(",")), "1"), Err(Error::TooMany));
    }
}
