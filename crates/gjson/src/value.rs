//! One value of a document, and the three forms in which it is wanted.

use crate::scan::{Token, at, cut, token};
use crate::{number, text};
use std::borrow::Cow;
use std::fmt;

/// What a value is. Objects and arrays are one kind, as in gjson: their text says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `false`.
    False,
    /// A number of any size.
    Number,
    /// A string.
    String,
    /// `true`.
    True,
    /// An object or an array.
    Json,
}

/// A value that was found: its kind and its JSON text.
///
/// The text is borrowed from the document unless the path made it (`#`, queries for all, multipaths, modifiers). It may
/// be a secret: `Debug` shows its kind and length, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Value<'a> {
    pub(crate) kind: Kind,
    pub(crate) raw: Cow<'a, [u8]>,
}

impl<'a> Value<'a> {
    /// The kind, told from the first byte.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The JSON text, byte for byte as in the document.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The value that `json` begins with; nothing where there is none. The text is not validated.
    pub fn of(json: &'a [u8]) -> Option<Self> {
        Some(parse(Cow::Borrowed(json))).filter(Value::exists)
    }

    /// Go's `Result.String()`: strings decoded, integers as they stand, other numbers without exponent (`1.50` is
    /// `1.5`), `null` empty, objects and arrays raw.
    pub fn as_bytes(&self) -> Cow<'_, [u8]> {
        match self.kind {
            Kind::Null => Cow::Borrowed(b""),
            Kind::False => Cow::Borrowed(b"false"),
            Kind::True => Cow::Borrowed(b"true"),
            Kind::Number => number::print(&self.raw),
            Kind::String => text::unescape(text::inside(&self.raw)),
            Kind::Json => Cow::Borrowed(&self.raw),
        }
    }

    /// As [`Value::as_bytes`], for documents that are UTF-8; in others each broken sequence becomes U+FFFD here.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self.as_bytes() {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            },
        }
    }

    /// What `dataFrom.extract` makes of a member: strings decoded by `encoding/json`'s rules, `null` empty, and all
    /// else raw (`1.50` stays `1.50`).
    pub fn as_extracted(&self) -> Cow<'_, [u8]> {
        match self.kind {
            Kind::Null => Cow::Borrowed(b""),
            Kind::String => text::unescape_strict(text::inside(&self.raw)),
            _ => Cow::Borrowed(&self.raw),
        }
    }

    pub(crate) fn new(kind: Kind, raw: &'a [u8]) -> Self {
        Self { kind, raw: Cow::Borrowed(raw) }
    }

    pub(crate) fn made(raw: Vec<u8>) -> Self {
        Self { kind: Kind::Json, raw: Cow::Owned(raw) }
    }

    pub(crate) fn absent() -> Self {
        Self::new(Kind::Null, b"")
    }

    pub(crate) fn exists(&self) -> bool {
        self.kind != Kind::Null || !self.raw.is_empty()
    }

    pub(crate) fn is_array(&self) -> bool {
        self.kind == Kind::Json && self.raw.first() == Some(&b'[')
    }

    pub(crate) fn is_object(&self) -> bool {
        self.kind == Kind::Json && self.raw.first() == Some(&b'{')
    }

    pub(crate) fn into_owned<'b>(self) -> Value<'b> {
        Value { kind: self.kind, raw: Cow::Owned(self.raw.into_owned()) }
    }

    /// Go's `Result.Bool()`, which takes `"t"` and `"1"` and all numbers but zero for true.
    pub(crate) fn as_bool(&self) -> bool {
        match self.kind {
            Kind::True => true,
            Kind::Number => number::parse(&self.raw) != 0.0,
            Kind::String => parse_bool(&self.as_bytes()) == Some(true),
            _ => false,
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({:?}, {} bytes)", self.kind, self.raw.len())
    }
}

/// Go's `strconv.ParseBool` of the text in lower case.
pub(crate) fn parse_bool(text: &[u8]) -> Option<bool> {
    match text.to_ascii_lowercase().as_slice() {
        b"1" | b"t" | b"true" => Some(true),
        b"0" | b"f" | b"false" => Some(false),
        _ => None,
    }
}

/// The first value of a text. An object or array takes all that follows, blanks too, as in gjson.
pub(crate) fn parse(json: Cow<'_, [u8]>) -> Value<'_> {
    let Some(from) = json.iter().position(|&byte| byte > b' ') else {
        return Value::absent();
    };
    let (kind, to) = match token(&json, from) {
        Token::Open => (Kind::Json, json.len()),
        Token::Broken => (Kind::String, json.len()),
        Token::Scalar(kind, to) => (kind, to),
        Token::Nothing => return Value::absent(),
    };
    let raw = match json {
        Cow::Borrowed(json) => Cow::Borrowed(cut(json, from, to)),
        Cow::Owned(mut json) => {
            json.truncate(to);
            json.drain(..from.min(to));
            Cow::Owned(json)
        }
    };
    Value { kind, raw }
}

/// The next value at or after `from`, and where it ends. Punctuation before it is skipped.
pub(crate) fn next_value(json: &[u8], from: usize) -> Option<(usize, Value<'_>)> {
    let mut index = from;
    while index < json.len() {
        match token(json, index) {
            Token::Nothing => index += 1,
            Token::Broken => return None,
            Token::Open => {
                let end = crate::scan::block_end(json, index);
                return Some((end, Value::new(Kind::Json, cut(json, index, end))));
            }
            Token::Scalar(kind, end) => return Some((end, Value::new(kind, cut(json, index, end)))),
        }
    }
    None
}

/// The members of an object (with the keys' raw text) or the elements of an array (with no key).
pub(crate) struct Entries<'a> {
    json: &'a [u8],
    index: usize,
    object: bool,
}

impl<'a> Entries<'a> {
    /// Of anything else: nothing.
    pub(crate) fn of(raw: &'a [u8]) -> Self {
        let from = raw.iter().position(|&byte| byte > b' ').unwrap_or(raw.len());
        let object = at(raw, from) == b'{';
        let index = if object || at(raw, from) == b'[' { from + 1 } else { raw.len() };
        Self { json: raw, index, object }
    }

    fn key(&mut self) -> Option<&'a [u8]> {
        if !self.object {
            return Some(b"");
        }
        let from = self.index + self.json.get(self.index..)?.iter().position(|&byte| byte == b'"')?;
        self.index = crate::scan::string_end(self.json, from + 1)?;
        Some(cut(self.json, from, self.index))
    }

    /// As [`Iterator::next`], with the value's text for itself.
    pub(crate) fn next_raw(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let (key, value) = self.next()?;
        let end = self.index - 1;
        Some((key, cut(self.json, end - value.raw.len(), end)))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.json.len() {
            return None;
        }
        let key = self.key()?;
        let (end, value) = next_value(self.json, self.index)?;
        // gjson steps over one byte more, be it a comma or not.
        self.index = end + 1;
        Some((key, value))
    }
}
