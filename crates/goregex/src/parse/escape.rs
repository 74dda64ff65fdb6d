//! Escapes of single characters.

use super::{Error, ErrorKind, next, up_to};
use crate::class::LAST;

/// A character and what comes after it; or, if there is none, what comes after where that was seen.
type Read<'t> = Result<Result<(u32, &'t [u8]), &'t [u8]>, Error>;

/// The character that the escape at the beginning of `text` stands for, and what comes after it.
pub(super) fn character(text: &[u8]) -> Result<(u32, &[u8]), Error> {
    let after = text.get(1..).unwrap_or_default();
    if after.is_empty() {
        return Err(Error::syntax(ErrorKind::TrailingBackslash, b""));
    }
    read(after)?.map_err(|rest| Error::syntax(ErrorKind::Escape, up_to(text, rest)))
}

fn read(text: &[u8]) -> Read<'_> {
    let (first, rest) = next(text)?;
    Ok(match u8::try_from(first).unwrap_or(u8::MAX) {
        b'1'..=b'7' if !starts_octal(rest) => Err(rest),
        digit @ b'0'..=b'7' => Ok(octal(digit, rest)),
        b'x' if !rest.is_empty() => return hexadecimal(rest),
        b'a' => Ok((0x7, rest)),
        b'f' => Ok((0xc, rest)),
        b'n' => Ok((0xa, rest)),
        b'r' => Ok((0xd, rest)),
        b't' => Ok((0x9, rest)),
        b'v' => Ok((0xb, rest)),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok((first, rest)),
        _ => Err(rest),
    })
}

fn starts_octal(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'0'..=b'7'))
}

/// Up to three digits, the first of which is read.
fn octal(first: u8, text: &[u8]) -> (u32, &[u8]) {
    let count = text.iter().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let (digits, rest) = text.split_at_checked(count).unwrap_or((b"", text));
    let add = |number, digit: &u8| number * 8 + u32::from(digit - b'0');
    (digits.iter().fold(u32::from(first - b'0'), add), rest)
}

fn hexadecimal(text: &[u8]) -> Read<'_> {
    let (first, rest) = next(text)?;
    if first == u32::from(b'{') {
        return braced(rest);
    }
    let (second, rest) = next(rest)?;
    Ok(match (digit(first), digit(second)) {
        (Some(high), Some(low)) => Ok((high * 16 + low, rest)),
        _ => Err(rest),
    })
}

fn braced(mut rest: &[u8]) -> Read<'_> {
    let (mut number, mut digits) = (0, 0);
    while !rest.is_empty() {
        let (character, after) = next(rest)?;
        rest = after;
        if character == u32::from(b'}') {
            return Ok(if digits > 0 { Ok((number, rest)) } else { Err(rest) });
        }
        number = match digit(character) {
            Some(value) if number * 16 + value <= LAST => number * 16 + value,
            _ => return Ok(Err(rest)),
        };
        digits += 1;
    }
    Ok(Err(rest))
}

fn digit(character: u32) -> Option<u32> {
    char::from_u32(character)?.to_digit(16)
}
