//! The directives of a format string, and which argument each is about.

use super::printer::Printer;
use crate::Value;
use crate::error::Stop;
use crate::unicode::{decode, push};

/// The largest width, precision or argument number that Go takes.
const MOST: i64 = 1_000_000;

pub(super) struct Arguments<'a> {
    format: &'a [u8],
    values: &'a [Value],
    at: usize,
    next: usize,
    reordered: bool,
    good: bool,
    after_index: bool,
    /// Where the next closing bracket is, as far as it was looked for.
    close: usize,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(format: &'a [u8], values: &'a [Value]) -> Self {
        Self { format, values, at: 0, next: 0, reordered: false, good: true, after_index: false, close: 0 }
    }

    /// What is left at the end; nothing to complain about if arguments were chosen by number.
    pub(super) fn extra(&self) -> Option<&'a [Value]> {
        if self.reordered { None } else { self.values.get(self.next..).filter(|extra| !extra.is_empty()) }
    }

    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Prints the text up to a directive and the directive; says whether there may be more.
    pub(super) fn directive(&mut self, printer: &mut Printer<'_>) -> Result<bool, Stop> {
        let rest = self.format.get(self.at..).unwrap_or_default();
        let text = rest.iter().position(|&byte| byte == b'%').unwrap_or(rest.len());
        printer.write(rest.get(..text).unwrap_or_default())?;
        self.at += text;
        if !self.eat(b'%') {
            return Ok(false);
        }
        printer.step()?;
        printer.clear_flags();
        self.good = true;
        self.flags(printer);
        if let (Some(verb @ b'a'..=b'z'), true) = (self.byte(), self.next < self.values.len()) {
            self.at += 1;
            self.print(printer, char::from(verb))?;
            return Ok(true);
        }
        self.index();
        self.width(printer);
        self.precision(printer);
        if !self.after_index {
            self.index();
        }
        let (verb, size) = decode(self.format.get(self.at..).unwrap_or_default());
        if size == 0 {
            printer.out.extend_from_slice(b"%!(NOVERB)");
            return Ok(false);
        }
        self.at += size;
        self.verb(printer, verb)?;
        Ok(true)
    }

    fn flags(&mut self, printer: &mut Printer<'_>) {
        while let Some(byte) = self.byte() {
            match byte {
                b'#' => printer.flags.sharp = true,
                b'0' => printer.flags.zero = true,
                b'+' => printer.flags.plus = true,
                b'-' => printer.flags.minus = true,
                b' ' => printer.flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn verb(&mut self, printer: &mut Printer<'_>, verb: char) -> Result<(), Stop> {
        let complaint = match verb {
            '%' => {
                printer.out.push(b'%');
                return Ok(());
            }
            _ if !self.good => "(BADINDEX)",
            _ if self.next >= self.values.len() => "(MISSING)",
            _ => return self.print(printer, verb),
        };
        printer.out.extend_from_slice(b"%!");
        push(&mut printer.out, verb);
        printer.out.extend_from_slice(complaint.as_bytes());
        Ok(())
    }

    fn print(&mut self, printer: &mut Printer<'_>, verb: char) -> Result<(), Stop> {
        if matches!(verb, 'v' | 'w') {
            printer.flags.go_syntax();
        }
        let value = self.values.get(self.next).unwrap_or(&Value::Nil);
        self.next += 1;
        printer.argument(value, verb)
    }

    /// A number in brackets chooses the next argument.
    fn index(&mut self) {
        self.after_index = self.byte() == Some(b'[') && self.chosen();
    }

    fn chosen(&mut self) -> bool {
        self.reordered = true;
        let rest = self.format.get(self.at..).unwrap_or_default();
        let Some(close) = self.closing(rest).filter(|_| rest.len() >= 3) else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let number = whole_number(rest.get(1..close).unwrap_or_default());
        self.at += close + 1;
        let index = number.and_then(|number| number.checked_sub(1)).filter(|&index| index < self.values.len());
        self.good &= index.is_some();
        self.next = index.unwrap_or(self.next);
        number.is_some()
    }

    /// How far the next closing bracket is. None is looked for twice.
    fn closing(&mut self, rest: &[u8]) -> Option<usize> {
        if self.close < self.at {
            let found = rest.iter().position(|&byte| byte == b']');
            self.close = found.map_or(usize::MAX, |offset| self.at + offset);
        }
        (self.close < usize::MAX).then(|| self.close - self.at)
    }

    fn width(&mut self, printer: &mut Printer<'_>) {
        if self.eat(b'*') {
            let width = self.integer();
            if width.is_none() {
                printer.out.extend_from_slice(b"%!(BADWIDTH)");
            }
            if width.is_some_and(|width| width < 0) {
                printer.flags.minus = true;
                printer.flags.zero = false;
            }
            printer.flags.width = width.and_then(|width| usize::try_from(width.abs()).ok());
            self.after_index = false;
            return;
        }
        printer.flags.width = self.number();
        if self.after_index && printer.flags.width.is_some() {
            self.good = false;
        }
    }

    fn precision(&mut self, printer: &mut Printer<'_>) {
        // A point at the very end is a verb.
        if self.at + 1 >= self.format.len() || !self.eat(b'.') {
            return;
        }
        if self.after_index {
            self.good = false;
        }
        self.index();
        if self.eat(b'*') {
            printer.flags.precision = self.integer().and_then(|precision| usize::try_from(precision).ok());
            if printer.flags.precision.is_none() {
                printer.out.extend_from_slice(b"%!(BADPREC)");
            }
            self.after_index = false;
            return;
        }
        printer.flags.precision = Some(self.number().unwrap_or(0));
    }

    /// The next argument as a width or precision.
    fn integer(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        value.as_integer().filter(|number| (-MOST..=MOST).contains(number))
    }

    /// Digits here. One that is too large ends the format, as it does in Go.
    fn number(&mut self) -> Option<usize> {
        let rest = self.format.get(self.at..).unwrap_or_default();
        let (number, length) = leading_number(rest).unwrap_or((None, rest.len()));
        self.at += length;
        number
    }
}

/// The digits at the beginning, if there are any, and how many; nothing if they are too large.
fn leading_number(text: &[u8]) -> Option<(Option<usize>, usize)> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let (mut number, mut length) = (0_usize, 0);
    for digit in digits {
        if number > 1_000_000 {
            return None;
        }
        number = number * 10 + usize::from(digit - b'0');
        length += 1;
    }
    Some(((length > 0).then_some(number), length))
}

fn whole_number(text: &[u8]) -> Option<usize> {
    leading_number(text).filter(|&(_, length)| length == text.len()).and_then(|(number, _)| number)
}
