//! Booleans, integers and strings.

use super::printer::Printer;
use crate::Value;
use crate::error::Stop;
use crate::quote::{can_backquote, quote, quote_character};
use crate::unicode::{character, characters, is_print, push};

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn digit(number: u64, upper: bool) -> u8 {
    let digits = if upper { UPPER } else { LOWER };
    usize::try_from(number & 15).ok().and_then(|index| digits.get(index).copied()).unwrap_or(b'0')
}

impl Printer<'_> {
    pub(super) fn bool(&mut self, truth: bool, value: &Value, verb: char) -> Result<(), Stop> {
        match verb {
            't' | 'v' => self.pad(if truth { b"true" } else { b"false" }),
            _ => self.bad_verb(verb, Some(value))?,
        }
        Ok(())
    }

    /// `number` holds the bits of a signed one if `signed`.
    pub(super) fn integer(&mut self, number: u64, signed: bool, value: &Value, verb: char) -> Result<(), Stop> {
        match verb {
            'v' if self.flags.sharp_v && !signed => self.with_0x(number, true),
            'v' | 'd' => self.number(number, 10, signed, verb, false),
            'b' => self.number(number, 2, signed, verb, false),
            'o' | 'O' => self.number(number, 8, signed, verb, false),
            'x' | 'X' => self.number(number, 16, signed, verb, verb == 'X'),
            'c' => self.pad(character(number).encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let mut quoted = Vec::new();
                quote_character(&mut quoted, character(number), self.flags.plus);
                self.pad(&quoted);
            }
            'U' => self.code_point(number),
            _ => self.bad_verb(verb, Some(value))?,
        }
        Ok(())
    }

    /// Hexadecimal, with or without the prefix, whatever the flag says.
    pub(super) fn with_0x(&mut self, number: u64, prefix: bool) {
        let sharp = std::mem::replace(&mut self.flags.sharp, prefix);
        self.number(number, 16, false, 'v', false);
        self.flags.sharp = sharp;
    }

    pub(super) fn number(&mut self, number: u64, base: u64, signed: bool, verb: char, upper: bool) {
        let negative = signed && number.cast_signed() < 0;
        let magnitude = if negative { number.wrapping_neg() } else { number };
        let flags = self.flags;
        // A precision of zero prints nothing for zero.
        if flags.precision == Some(0) && magnitude == 0 {
            let zero = std::mem::take(&mut self.flags.zero);
            self.padding(flags.width.unwrap_or(0));
            self.flags.zero = zero;
            return;
        }
        let padded = flags.width.filter(|_| flags.zero && !flags.minus);
        let sign = usize::from(negative || flags.plus || flags.space);
        let least = flags.precision.or(padded.map(|width| width.saturating_sub(sign))).unwrap_or(0);
        let mut reversed = digits_reversed(magnitude, base, least, upper);
        if flags.sharp {
            match base {
                2 => reversed.extend_from_slice(b"b0"),
                8 if reversed.last() != Some(&b'0') => reversed.push(b'0'),
                16 => reversed.extend_from_slice(if upper { b"X0" } else { b"x0" }),
                _ => {}
            }
        }
        if verb == 'O' {
            reversed.extend_from_slice(b"o0");
        }
        match (negative, flags.plus, flags.space) {
            (true, ..) => reversed.push(b'-'),
            (_, true, _) => reversed.push(b'+'),
            (_, _, true) => reversed.push(b' '),
            _ => {}
        }
        reversed.reverse();
        self.pad_with_spaces(&reversed);
    }

    /// `U+0078`, or with the flag `U+0078 'x'`.
    fn code_point(&mut self, number: u64) {
        let least = self.flags.precision.unwrap_or(0).max(4);
        let mut text = digits_reversed(number, 16, least, true);
        text.extend_from_slice(b"+U");
        text.reverse();
        let shown = u32::try_from(number).ok().and_then(char::from_u32);
        if let Some(shown) = shown.filter(|&shown| self.flags.sharp && is_print(shown)) {
            text.extend_from_slice(b" '");
            push(&mut text, shown);
            text.push(b'\'');
        }
        self.pad_with_spaces(&text);
    }

    pub(super) fn text(&mut self, text: &[u8], value: &Value, verb: char) -> Result<(), Stop> {
        self.reserve(text.len())?;
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text)?,
            'v' | 's' => self.string(text),
            'x' | 'X' => self.hexadecimal(text, verb == 'X')?,
            'q' => self.quoted(text)?,
            _ => self.bad_verb(verb, Some(value))?,
        }
        Ok(())
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else { return text };
        let length = characters(text).take(precision).map(|(_, bytes)| bytes.len()).sum();
        text.get(..length).unwrap_or(text)
    }

    pub(super) fn string(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        self.pad(text);
    }

    pub(super) fn quoted(&mut self, text: &[u8]) -> Result<(), Stop> {
        let text = self.truncated(text);
        self.reserve(text.len().saturating_mul(4))?;
        let mut quoted = Vec::new();
        if self.flags.sharp && can_backquote(text) {
            quoted.push(b'`');
            quoted.extend_from_slice(text);
            quoted.push(b'`');
        } else {
            quote(&mut quoted, text, self.flags.plus);
        }
        self.pad(&quoted);
        Ok(())
    }

    /// The bytes in hexadecimal, perhaps apart from each other.
    pub(super) fn hexadecimal(&mut self, text: &[u8], upper: bool) -> Result<(), Stop> {
        let flags = self.flags;
        let text = text.get(..flags.precision.unwrap_or(text.len())).unwrap_or(text);
        self.reserve(text.len().saturating_mul(5))?;
        let mut out = Vec::new();
        let prefix: &[u8] = match (flags.sharp, upper) {
            (false, _) => b"",
            (true, false) => b"0x",
            (true, true) => b"0X",
        };
        for (index, &byte) in text.iter().enumerate() {
            if flags.space && index > 0 {
                out.push(b' ');
            }
            if flags.space || index == 0 {
                out.extend_from_slice(prefix);
            }
            out.extend_from_slice(&[digit(u64::from(byte) >> 4, upper), digit(byte.into(), upper)]);
        }
        self.pad(&out);
        Ok(())
    }
}

/// The digits of a number from the last to the first, at least `least` of them.
fn digits_reversed(mut number: u64, base: u64, least: usize, upper: bool) -> Vec<u8> {
    let mut reversed = Vec::new();
    loop {
        reversed.push(digit(number % base, upper));
        number /= base;
        if number == 0 {
            break;
        }
    }
    if reversed.len() < least {
        reversed.resize(least, b'0');
    }
    reversed
}
