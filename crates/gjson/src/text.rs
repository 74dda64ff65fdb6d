//! Strings: from their JSON form to bytes and back. gjson and Go's `encoding/json` disagree about broken surrogate
//! pairs and invalid UTF-8; both are here, because Go's users meet both (a property, and `dataFrom.extract`).

use crate::scan::{at, cut};
use std::borrow::Cow;

/// What becomes of the unit after a high surrogate that is not its other half.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// gjson: swallowed, whatever it is.
    Greedy,
    /// `encoding/json`: kept, and read for itself.
    Strict,
}

/// The decoded bytes of a string's inside, a character or less at a time, without a buffer.
///
/// Ends early at a raw control character or a bad escape, as gjson does; JSON has neither.
pub(crate) struct Unescape<'a> {
    rest: &'a [u8],
    pairing: Pairing,
}

/// Up to four bytes.
pub(crate) struct Piece {
    bytes: [u8; 4],
    length: usize,
}

impl Piece {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(code: u32) -> Self {
        let mut bytes = [0; 4];
        let length = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }
}

impl Iterator for Unescape<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        match *self.rest.first()? {
            byte if byte < b' ' => None,
            b'\\' => self.escape(),
            byte => self.take(1, Piece::byte(byte)),
        }
    }
}

impl<'a> Unescape<'a> {
    pub(crate) fn new(inside: &'a [u8], pairing: Pairing) -> Self {
        Self { rest: inside, pairing }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the arms of `next` and `escape` end with it")]
    fn take(&mut self, length: usize, piece: Piece) -> Option<Piece> {
        self.rest = self.rest.get(length..).unwrap_or_default();
        Some(piece)
    }

    fn escape(&mut self) -> Option<Piece> {
        match *self.rest.get(1)? {
            byte @ (b'\\' | b'/' | b'"') => self.take(2, Piece::byte(byte)),
            b'b' => self.take(2, Piece::byte(8)),
            b'f' => self.take(2, Piece::byte(12)),
            b'n' => self.take(2, Piece::byte(b'\n')),
            b'r' => self.take(2, Piece::byte(b'\r')),
            b't' => self.take(2, Piece::byte(b'\t')),
            b'u' => self.unicode(),
            _ => None,
        }
    }

    fn unicode(&mut self) -> Option<Piece> {
        let first = unit(self.rest.get(2..6)?);
        let second = match self.rest.get(6..12) {
            Some([b'\\', b'u', digits @ ..]) if (0xD800..0xE000).contains(&first) => unit(digits),
            _ => return self.take(6, Piece::character(first)),
        };
        let pair = first < 0xDC00 && (0xDC00..0xE000).contains(&second);
        match self.pairing {
            _ if pair => self.take(12, Piece::character(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))),
            Pairing::Greedy => self.take(12, Piece::character(first)),
            Pairing::Strict => self.take(6, Piece::character(first)),
        }
    }
}

/// The number that four hexadecimal digits are; 0 for anything else.
fn unit(digits: &[u8]) -> u32 {
    digits.iter().try_fold(0, |sum, &digit| Some(sum * 16 + char::from(digit).to_digit(16)?)).unwrap_or(0)
}

/// Decodes as gjson does. One allocation at most, never grown: no copy of a secret stays behind.
pub(crate) fn unescape(inside: &[u8]) -> Cow<'_, [u8]> {
    if inside.contains(&b'\\') { Cow::Owned(decode(inside, Pairing::Greedy)) } else { Cow::Borrowed(inside) }
}

/// Whether the decoded form of `inside` is `wanted`.
pub(crate) fn unescapes_to(inside: &[u8], wanted: &[u8]) -> bool {
    // No escape is shorter than what it stands for.
    if inside.len() < wanted.len() {
        return false;
    }
    if !inside.contains(&b'\\') {
        return inside == wanted;
    }
    let rest = Unescape::new(inside, Pairing::Greedy).try_fold(wanted, |rest, piece| rest.strip_prefix(piece.bytes()));
    rest.is_some_and(<[u8]>::is_empty)
}

/// Decodes as `encoding/json` does: every byte that is not UTF-8 becomes U+FFFD.
pub(crate) fn unescape_strict(inside: &[u8]) -> Cow<'_, [u8]> {
    let bytes =
        if inside.contains(&b'\\') { Cow::Owned(decode(inside, Pairing::Strict)) } else { Cow::Borrowed(inside) };
    if std::str::from_utf8(&bytes).is_ok() { bytes } else { Cow::Owned(replace_invalid(&bytes)) }
}

fn decode(inside: &[u8], pairing: Pairing) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(inside.len());
    let mut rest = inside;
    loop {
        let plain = rest.iter().position(|&byte| byte < b' ' || byte == b'\\').unwrap_or(rest.len());
        decoded.extend_from_slice(cut(rest, 0, plain));
        let mut special = Unescape::new(cut(rest, plain, rest.len()), pairing);
        let Some(piece) = special.next() else { return decoded };
        decoded.extend_from_slice(piece.bytes());
        rest = special.rest;
    }
}

fn replace_invalid(bytes: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len().saturating_mul(3));
    for chunk in bytes.utf8_chunks() {
        replaced.extend_from_slice(chunk.valid().as_bytes());
        chunk.invalid().iter().for_each(|_| replaced.extend_from_slice("\u{FFFD}".as_bytes()));
    }
    replaced
}

/// Writes `text` as a JSON string, with what HTML may take amiss escaped, as Go does.
pub fn quote(out: &mut Vec<u8>, text: &[u8]) {
    quote_by(out, text, quote_character);
}

/// An object of texts as Go writes a map of strings that is not meant for HTML (`SetEscapeHTML(false)`), in one
/// allocation. The entries are written as they come; Go's are sorted by name.
pub fn object_of_texts<'a>(entries: impl IntoIterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    // No character is longer than six times what it stands for.
    let room = entries.clone().into_iter().map(|(name, text)| (name.len() + text.len()) * 6 + 6).sum::<usize>();
    let mut out = Vec::with_capacity(room + 2);
    out.push(b'{');
    for (index, (name, text)) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        quote_by(&mut out, name, quote_plainly);
        out.push(b':');
        quote_by(&mut out, text, quote_plainly);
    }
    out.push(b'}');
    out
}

fn quote_by(out: &mut Vec<u8>, text: &[u8], character: fn(&mut Vec<u8>, char)) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|one| character(out, one));
        chunk.invalid().iter().for_each(|_| out.extend_from_slice(b"\\ufffd"));
    }
    out.push(b'"');
}

fn quote_plainly(out: &mut Vec<u8>, character: char) {
    match character {
        '<' | '>' | '&' => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        _ => quote_character(out, character),
    }
}

fn quote_character(out: &mut Vec<u8>, character: char) {
    match character {
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\\' => out.extend_from_slice(b"\\\\"),
        '"' => out.extend_from_slice(b"\\\""),
        '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        }
        _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// The inside of a string with its quotes; a string without an end goes to the end of the text.
pub(crate) fn inside(raw: &[u8]) -> &[u8] {
    let closed = crate::scan::string_end(raw, 1) == Some(raw.len());
    let to = if closed { raw.len() - 1 } else { raw.len() };
    if at(raw, 0) == b'"' { cut(raw, 1, to) } else { raw }
}
