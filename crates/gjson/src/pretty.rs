//! `@pretty` and `@ugly`: a document with other white space.

use crate::meter::Meter;
use crate::scan::{Token, at, block_end, cut, string_end, token};
use crate::text::{inside, unescape, unescape_strict};
use crate::value::{Entries, parse};
use crate::{Error, number};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The argument of `@pretty`.
pub(crate) struct Options {
    /// An array without objects that fits into this many columns stays on one line; 0 and less: never.
    width: i64,
    prefix: Vec<u8>,
    indent: Vec<u8>,
    sort: bool,
}

impl Options {
    pub(crate) fn read(argument: &[u8]) -> Self {
        let mut options = Self { width: 80, prefix: Vec::new(), indent: b"  ".to_vec(), sort: false };
        let argument = parse(Cow::Borrowed(argument));
        for (key, value) in Entries::of(&argument.raw) {
            match &*unescape(inside(key)) {
                b"sortKeys" => options.sort = value.as_bool(),
                b"indent" => options.indent = blanks(&value.as_bytes()),
                b"prefix" => options.prefix = blanks(&value.as_bytes()),
                b"width" => options.width = integer(&value.as_bytes()),
                _ => {}
            }
        }
        options
    }
}

/// Only white space may be added, so that the result stays JSON.
fn blanks(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| b" \t\n\r".contains(byte)).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a width of more than 2^63 columns is cut, as in Go")]
fn integer(text: &[u8]) -> i64 {
    if text == b"true" { 1 } else { number::parse(text) as i64 }
}

pub(crate) fn ugly(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut index = 0;
    while let Some(&byte) = json.get(index) {
        let end = if byte == b'"' { string_end(json, index + 1).unwrap_or(json.len()) } else { index + 1 };
        if byte > b' ' {
            out.extend_from_slice(cut(json, index, end));
        }
        index = end;
    }
    out
}

pub(crate) fn pretty(json: &[u8], options: &Options, meter: &Meter) -> Result<Vec<u8>, Error> {
    let mut printer = Printer { json, options, meter, out: options.prefix.clone(), line: 0 };
    printer.value(0, 0)?;
    if !printer.out.is_empty() {
        printer.out.push(b'\n');
    }
    Ok(printer.out)
}

struct Printer<'a> {
    json: &'a [u8],
    options: &'a Options,
    meter: &'a Meter,
    out: Vec<u8>,
    /// Where the current line starts: the index of its line feed.
    line: usize,
}

/// The place of a member's key in the document, and of the whole member in the output.
struct Pair {
    key: (usize, usize),
    text: (usize, usize),
}

impl Printer<'_> {
    /// Prints the next value at or after `from`; returns the index behind it.
    fn value(&mut self, from: usize, level: usize) -> Result<usize, Error> {
        let mut index = from;
        while index < self.json.len() {
            match token(self.json, index) {
                Token::Nothing => index += 1,
                Token::Open => return self.open(index, level),
                Token::Broken => return Ok(self.copy(index, self.json.len())),
                Token::Scalar(_, end) => return Ok(self.copy(index, end)),
            }
        }
        Ok(index)
    }

    fn copy(&mut self, from: usize, to: usize) -> usize {
        self.out.extend_from_slice(cut(self.json, from, to));
        to
    }

    fn open(&mut self, from: usize, level: usize) -> Result<usize, Error> {
        if at(self.json, from) == b'{' {
            return self.meter.deeper(|| self.object(from, level));
        }
        let end = block_end(self.json, from);
        if self.one_line(from, end)? {
            return Ok(end);
        }
        self.meter.deeper(|| self.array(from, level))
    }

    /// Prints the array on the current line if it has no object in it and fits.
    fn one_line(&mut self, from: usize, end: usize) -> Result<bool, Error> {
        let used = i64::try_from(self.out.len() - self.line.min(self.out.len())).unwrap_or(i64::MAX);
        let room = self.options.width.saturating_sub(used);
        if self.options.width <= 0 || room <= 3 {
            return Ok(false);
        }
        self.meter.spend(end - from)?;
        match flat(cut(self.json, from, end)) {
            Some(flat) if i64::try_from(flat.len()).is_ok_and(|length| length <= room) => {
                self.out.extend_from_slice(&flat);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn array(&mut self, from: usize, level: usize) -> Result<usize, Error> {
        self.out.push(b'[');
        let (mut index, mut count) = (from + 1, 0_usize);
        while let Some(start) = self.skip(index, |byte| byte > b' ' && byte != b',') {
            if at(self.json, start) == b']' {
                self.close(b']', count, level)?;
                return Ok(start + 1);
            }
            self.separate(count, level + 1)?;
            // Go counts columns from behind the line feed here, and from the line feed itself elsewhere.
            self.line += usize::from(count > 0 && self.options.width != -1);
            index = self.value(start, level + 1)?;
            count += 1;
        }
        Ok(self.json.len())
    }

    fn object(&mut self, from: usize, level: usize) -> Result<usize, Error> {
        self.out.push(b'{');
        let (mut index, mut pairs) = (from + 1, Vec::new());
        while let Some(start) = self.skip(index, |byte| matches!(byte, b'"' | b'}')) {
            if at(self.json, start) == b'}' {
                self.sort(&mut pairs);
                self.close(b'}', pairs.len(), level)?;
                return Ok(start + 1);
            }
            let text = self.separate(pairs.len(), level + 1)?;
            let key = string_end(self.json, start + 1).unwrap_or(self.json.len());
            self.copy(start, key);
            self.out.extend_from_slice(b": ");
            index = self.value(key, level + 1)?;
            pairs.push(Pair { key: (start, key), text: (text, self.out.len()) });
        }
        Ok(self.json.len())
    }

    fn skip(&self, from: usize, until: impl Fn(u8) -> bool) -> Option<usize> {
        self.json.get(from..)?.iter().position(|&byte| until(byte)).map(|length| from + length)
    }

    /// Ends the line before an item, and indents; returns where the indented line starts.
    fn separate(&mut self, count: usize, level: usize) -> Result<usize, Error> {
        if count > 0 {
            self.out.push(b',');
        }
        self.line = self.out.len();
        self.out.push(b'\n');
        self.indent(level)?;
        Ok(self.line + 1)
    }

    fn close(&mut self, bracket: u8, count: usize, level: usize) -> Result<(), Error> {
        if count > 0 {
            self.line = self.out.len();
            self.out.push(b'\n');
            self.indent(level)?;
        }
        self.out.push(bracket);
        Ok(())
    }

    fn indent(&mut self, level: usize) -> Result<(), Error> {
        self.meter.spend(self.options.prefix.len() + level * self.options.indent.len())?;
        self.out.extend_from_slice(&self.options.prefix);
        (0..level).for_each(|_| self.out.extend_from_slice(&self.options.indent));
        Ok(())
    }

    /// Puts the members of the object that was just printed in order.
    fn sort(&mut self, pairs: &mut [Pair]) {
        let (Some(first), true) = (pairs.first().map(|pair| pair.text.0), self.options.sort) else { return };
        pairs.sort_by(|left, right| self.order(left, right));
        let texts: Vec<&[u8]> = pairs.iter().map(|pair| cut(&self.out, pair.text.0, pair.text.1)).collect();
        let sorted = texts.join(b",\n".as_slice());
        self.out.truncate(first);
        self.out.extend_from_slice(&sorted);
    }

    fn order(&self, left: &Pair, right: &Pair) -> Ordering {
        let key = |pair: &Pair| cut(self.json, pair.key.0, pair.key.1);
        compare(key(left), key(right)).then_with(|| compare(self.printed(left), self.printed(right)))
    }

    /// A member's value as it was printed.
    fn printed(&self, pair: &Pair) -> &[u8] {
        let text = cut(&self.out, pair.text.0, pair.text.1).trim_ascii();
        text.get(pair.key.1 - pair.key.0 + 1..).unwrap_or(text).trim_ascii()
    }
}

/// An array without line feeds; nothing if there is an object in it.
fn flat(array: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(array.len());
    let mut index = 0;
    while let Some(&byte) = array.get(index) {
        let end = if byte == b'"' { string_end(array, index + 1).unwrap_or(array.len()) } else { index + 1 };
        match byte {
            b'{' => return None,
            b',' => out.extend_from_slice(b", "),
            _ if byte > b' ' => out.extend_from_slice(cut(array, index, end)),
            _ => {}
        }
        index = end;
    }
    Some(out)
}

/// By kind (null, false, numbers, strings, true, the others), then by what it is.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let by_content = match (rank(left), rank(right)) {
        (2, 2) => (number::parse(left) + 0.0).total_cmp(&(number::parse(right) + 0.0)),
        (3, 3) => unescape_strict(inside(left)).cmp(&unescape_strict(inside(right))),
        _ => left.cmp(right),
    };
    rank(left).cmp(&rank(right)).then(by_content)
}

fn rank(value: &[u8]) -> u8 {
    match at(value, 0) {
        0 | b'n' => 0,
        b'f' => 1,
        b'"' => 3,
        b't' => 4,
        b'[' | b'{' => 5,
        _ => 2,
    }
}
