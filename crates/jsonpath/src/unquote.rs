//! Go's strconv.Unquote.

use std::str::Chars;

/// What a text in quotes says; nothing for one that is not well made. Single quotes hold one character at most.
pub(crate) fn unquote(quoted: &str) -> Option<String> {
    let quote = quoted.chars().next()?;
    let inside = quoted.get(1..)?.strip_suffix(quote)?;
    if quote == '`' {
        return (!inside.contains('`')).then(|| inside.replace('\r', ""));
    }
    let (mut bytes, mut count, mut rest) = (Vec::with_capacity(inside.len()), 0, inside.chars());
    while let Some(character) = rest.next() {
        count += 1;
        match character {
            '\n' => return None,
            '\\' => escape(&mut rest, quote, &mut bytes)?,
            _ if character == quote => return None,
            _ => push(&mut bytes, character),
        }
    }
    if quote == '\'' && count > 1 {
        return None;
    }
    // A half of a character, which Go keeps, becomes what Go's JSON would make of it.
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn push(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escape(rest: &mut Chars<'_>, quote: char, bytes: &mut Vec<u8>) -> Option<()> {
    let character = rest.next()?;
    let byte = match character {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        '"' | '\'' if character == quote => u8::try_from(character).ok()?,
        'x' => u8::try_from(number(rest, 2, 16, 0)?).ok()?,
        '0'..='7' => u8::try_from(number(rest, 2, 8, character.to_digit(8)?)?).ok()?,
        'u' => return character_of(rest, 4, bytes),
        'U' => return character_of(rest, 8, bytes),
        _ => return None,
    };
    bytes.push(byte);
    Some(())
}

fn character_of(rest: &mut Chars<'_>, digits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    push(bytes, char::from_u32(number(rest, digits, 16, 0)?)?);
    Some(())
}

fn number(rest: &mut Chars<'_>, digits: usize, radix: u32, begin: u32) -> Option<u32> {
    (0..digits).try_fold(begin, |number, _| number.checked_mul(radix)?.checked_add(rest.next()?.to_digit(radix)?))
}
