//! Go's quoted strings and characters, both ways.

use crate::unicode::{characters, decode, is_print, push};

/// `text` as a Go string literal. `ascii` escapes all that is not ASCII.
pub(crate) fn quote(out: &mut Vec<u8>, text: &[u8], ascii: bool) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    for (character, bytes) in characters(text) {
        match bytes {
            [byte] if character == char::REPLACEMENT_CHARACTER => out.extend(format!("\\x{byte:02x}").into_bytes()),
            _ => escape(out, character, '"', ascii),
        }
    }
    out.push(b'"');
}

/// `character` as a Go character literal.
pub(crate) fn quote_character(out: &mut Vec<u8>, character: char, ascii: bool) {
    out.push(b'\'');
    escape(out, character, '\'', ascii);
    out.push(b'\'');
}

/// As [`quote`], for an error's words: at most UTF-8, since what is not is escaped.
pub(crate) fn quoted(text: &[u8]) -> String {
    let mut out = Vec::new();
    quote(&mut out, text, false);
    String::from_utf8_lossy(&out).into_owned()
}

fn escape(out: &mut Vec<u8>, character: char, quote: char, ascii: bool) {
    if character == quote || character == '\\' {
        out.push(b'\\');
        return push(out, character);
    }
    if is_print(character) && (character.is_ascii() || !ascii) {
        return push(out, character);
    }
    let number = u32::from(character);
    let escaped = match character {
        '\x07' => "\\a".into(),
        '\x08' => "\\b".into(),
        '\x0c' => "\\f".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        '\x0b' => "\\v".into(),
        '\0'..=' ' | '\x7f' => format!("\\x{number:02x}"),
        '\u{80}'..='\u{ffff}' => format!("\\u{number:04x}"),
        _ => format!("\\U{number:08x}"),
    };
    out.extend_from_slice(escaped.as_bytes());
}

/// Whether `text` can stand between backquotes as it is, on one line.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    characters(text).all(|(character, bytes)| match character {
        '\u{feff}' | '`' | '\x7f' => false,
        '\t' => true,
        _ if bytes.len() > 1 => true,
        char::REPLACEMENT_CHARACTER => false,
        _ => character >= ' ',
    })
}

/// The bytes that a string literal stands for; nothing if it is none.
pub(crate) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = literal.split_first()?;
    let (&end, inside) = rest.split_last()?;
    match quote {
        _ if quote != end => None,
        b'`' => (!inside.contains(&b'`')).then(|| inside.iter().copied().filter(|&byte| byte != b'\r').collect()),
        b'"' => unescape_all(inside),
        _ => None,
    }
}

fn unescape_all(mut inside: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(inside.len());
    while let Some(&first) = inside.first() {
        if first == b'\n' {
            return None;
        }
        let (unescaped, tail) = unescape(inside, b'"')?;
        match unescaped {
            Unescaped::Byte(byte) => out.push(byte),
            Unescaped::Character(character) => push(&mut out, character),
        }
        inside = tail;
    }
    Some(out)
}

/// What one character or escape of a literal stands for.
#[derive(Clone, Copy)]
pub(crate) enum Unescaped {
    Byte(u8),
    Character(char),
}

impl Unescaped {
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Byte(byte) => byte.into(),
            Self::Character(character) => character.into(),
        }
    }
}

/// Takes one character or escape off a literal's inside; nothing if that is malformed.
pub(crate) fn unescape(text: &[u8], quote: u8) -> Option<(Unescaped, &[u8])> {
    let (&first, rest) = text.split_first()?;
    match first {
        _ if first == quote => None,
        0x80.. => {
            let (character, width) = decode(text);
            Some((Unescaped::Character(character), text.get(width..)?))
        }
        b'\\' => unescape_backslash(rest, quote),
        _ => Some((Unescaped::Byte(first), rest)),
    }
}

fn unescape_backslash(text: &[u8], quote: u8) -> Option<(Unescaped, &[u8])> {
    let (&letter, rest) = text.split_first()?;
    let byte = match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if letter == quote => letter,
        b'x' => {
            return digits(rest, 2, 16)
                .and_then(|(number, tail)| Some((Unescaped::Byte(u8::try_from(number).ok()?), tail)));
        }
        b'u' => return code_point(rest, 4),
        b'U' => return code_point(rest, 8),
        b'0'..=b'7' => {
            return digits(text, 3, 8)
                .and_then(|(number, tail)| Some((Unescaped::Byte(u8::try_from(number).ok()?), tail)));
        }
        _ => return None,
    };
    Some((Unescaped::Byte(byte), rest))
}

fn code_point(text: &[u8], length: usize) -> Option<(Unescaped, &[u8])> {
    let (number, tail) = digits(text, length, 16)?;
    Some((Unescaped::Character(char::from_u32(number)?), tail))
}

fn digits(text: &[u8], length: usize, base: u32) -> Option<(u32, &[u8])> {
    let (digits, tail) = text.split_at_checked(length)?;
    let number = digits
        .iter()
        .try_fold(0_u32, |number, &digit| number.checked_mul(base)?.checked_add(char::from(digit).to_digit(base)?))?;
    Some((number, tail))
}
