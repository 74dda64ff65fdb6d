//! Percent signs and the two digits after them.

use super::parse::Wrong;

/// The part of a URL that text is in, on which depends what may stand there as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    User,
    Host,
    /// What follows a `%` in the host, for an address of IPv6.
    Zone,
    Path,
    Fragment,
}

/// Whether the byte must be escaped.
pub(super) fn is_special(byte: u8, part: Part) -> bool {
    let plain = match part {
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"".as_slice(),
        Part::Path => b"$&+,/:;=@",
        Part::User => b"$&+,;=",
        Part::Fragment => b"$&+,/:;=?@!()*",
    };
    !(byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || plain.contains(&byte))
}

pub(super) fn escape(text: &[u8], part: Part) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if is_special(*byte, part) {
            out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
        } else {
            out.push(*byte);
        }
    }
    out
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' + (value - 10) }
}

pub(super) fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, Wrong> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [first, after @ ..] = rest {
        let (byte, width) = match first {
            b'%' => (escaped(after, part)?, 3),
            _ if is_wrong(*first, part) => return Err(Wrong::HostCharacter),
            _ => (*first, 1),
        };
        out.push(byte);
        rest = rest.get(width..).unwrap_or_default();
    }
    Ok(out)
}

fn is_wrong(byte: u8, part: Part) -> bool {
    matches!(part, Part::Host | Part::Zone) && byte.is_ascii() && is_special(byte, part)
}

/// The byte of two digits. In a host only bytes beyond ASCII may be escaped, in a zone what may also stand there as it
/// is, and spaces; `%25` in both.
fn escaped(digits: &[u8], part: Part) -> Result<u8, Wrong> {
    let [high, low, ..] = digits else { return Err(Wrong::Escape) };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(Wrong::Escape) };
    let byte = high << 4 | low;
    match part {
        Part::Host if byte.is_ascii() && byte != b'%' => Err(Wrong::Escape),
        Part::Zone if !matches!(byte, b'%' | b' ') && is_special(byte, Part::Host) => Err(Wrong::Escape),
        _ => Ok(byte),
    }
}
