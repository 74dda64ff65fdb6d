//! `@pretty` and `@ugly`: a document with other white space.

use crate::meter::Meter;
use crate::scan::{at, cut, string_end};
use crate::text::{inside, unescape, unescape_strict};
use crate::value::{Entries, parse};
use crate::{Error, number, valid};
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
    printer.value(0, 0, Form::Tall)?;
    if !printer.out.is_empty() {
        printer.out.push(b'\n');
    }
    Ok(printer.out)
}

/// How an array is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A line for each item.
    Tall,
    /// All on one line. It is given up at an object, or with more bytes of output than these.
    Flat(usize),
}

/// Reads as Go's printer does, also what is no JSON: a word is taken for granted by its first letter, and a value for
/// where the next byte is that can begin one.
struct Printer<'a> {
    json: &'a [u8],
    options: &'a Options,
    meter: &'a Meter,
    out: Vec<u8>,
    /// Where columns are counted from: the index of the last line feed, or the one behind it.
    line: usize,
}

/// The index behind what was printed. Nothing if it was to be flat and cannot.
type Printed = Result<Option<usize>, Error>;

/// The place of a member's key in the document, and of the whole member in the output.
struct Pair {
    key: (usize, usize),
    text: (usize, usize),
}

impl Printer<'_> {
    /// Prints the next value at or after `from`.
    fn value(&mut self, from: usize, level: usize, form: Form) -> Printed {
        let Some(start) = self.skip(from, begins)? else { return Ok(Some(self.json.len())) };
        match at(self.json, start) {
            b'[' => self.array(start, level, form),
            b'{' if form == Form::Tall => self.meter.deeper(|| self.object(start, level)).map(Some),
            b'{' => Ok(None),
            _ => self.scalar(start).map(Some),
        }
    }

    fn scalar(&mut self, from: usize) -> Result<usize, Error> {
        let word: &[u8] = match (at(self.json, from), self.json.get(from + 1)) {
            (b'"', _) => return self.copy(from, string_end(self.json, from + 1).unwrap_or(self.json.len())),
            (b't', _) => b"true",
            (b'f', _) => b"false",
            (b'n', None | Some(b'u')) => b"null",
            _ => return self.copy(from, self.number_end(from)),
        };
        self.out.extend_from_slice(word);
        Ok(from + word.len())
    }

    /// A colon ends a number too, here and nowhere else.
    fn number_end(&self, from: usize) -> usize {
        let rest = cut(self.json, from + 1, self.json.len());
        let end = rest.iter().position(|&byte| byte <= b' ' || b",:]}".contains(&byte));
        end.map_or(self.json.len(), |length| from + 1 + length)
    }

    fn copy(&mut self, from: usize, to: usize) -> Result<usize, Error> {
        self.meter.spend(to - from)?;
        self.out.extend_from_slice(cut(self.json, from, to));
        Ok(to)
    }

    /// The next byte that is such a one.
    fn skip(&self, from: usize, until: impl Fn(u8) -> bool) -> Result<Option<usize>, Error> {
        let rest = self.json.get(from..).unwrap_or_default();
        let length = rest.iter().position(|&byte| until(byte));
        self.meter.spend(length.unwrap_or(rest.len()))?;
        Ok(length.map(|length| from + length))
    }

    fn array(&mut self, from: usize, level: usize, form: Form) -> Printed {
        if form == Form::Tall
            && let Some(end) = self.one_line(from)?
        {
            return Ok(Some(end));
        }
        self.meter.deeper(|| self.items(from + 1, level, form))
    }

    /// Prints the array on the current line if it has no object in it and fits.
    fn one_line(&mut self, from: usize) -> Printed {
        let before = self.out.len();
        let used = i64::try_from(before - self.line.min(before)).unwrap_or(i64::MAX);
        let room = self.options.width.saturating_sub(used);
        if self.options.width <= 0 || room <= 3 {
            return Ok(None);
        }
        let most = before.saturating_add(usize::try_from(room).unwrap_or(usize::MAX));
        let end = self.array(from, 0, Form::Flat(most))?.filter(|_| self.out.len() <= most);
        if end.is_none() {
            self.out.truncate(before);
        }
        Ok(end)
    }

    fn items(&mut self, from: usize, level: usize, form: Form) -> Printed {
        self.out.push(b'[');
        let (mut index, mut count) = (from, 0_usize);
        while let Some(start) = self.skip(index, |byte| byte > b' ')? {
            if at(self.json, start) == b']' {
                self.close(b']', count, level, form)?;
                return Ok(Some(start + 1));
            }
            if matches!(form, Form::Flat(most) if self.out.len() > most) {
                return Ok(None);
            }
            if count > 0 {
                self.out.extend_from_slice(if self.options.width == -1 { b"," } else { b", " });
            }
            self.new_line(level + 1, form)?;
            let Some(end) = self.value(start, level + 1, form)? else { return Ok(None) };
            (index, count) = (end, count + 1);
        }
        Ok(Some(self.json.len()))
    }

    fn object(&mut self, from: usize, level: usize) -> Result<usize, Error> {
        self.out.push(b'{');
        let (mut index, mut pairs) = (from + 1, Vec::new());
        while let Some(start) = self.skip(index, |byte| matches!(byte, b'"' | b'}'))? {
            if at(self.json, start) == b'}' {
                self.sort(&mut pairs);
                self.close(b'}', pairs.len(), level, Form::Tall)?;
                return Ok(start + 1);
            }
            if !pairs.is_empty() {
                self.out.push(b',');
            }
            let text = self.new_line(level + 1, Form::Tall)?;
            let key = self.copy(start, string_end(self.json, start + 1).unwrap_or(self.json.len()))?;
            self.out.extend_from_slice(b": ");
            index = self.value(key, level + 1, Form::Tall)?.unwrap_or(self.json.len());
            pairs.push(Pair { key: (start, key), text: (text, self.out.len()) });
        }
        Ok(self.json.len())
    }

    /// Begins a line and indents it, in place of a space if there is one; returns where it begins.
    fn new_line(&mut self, level: usize, form: Form) -> Result<usize, Error> {
        if form != Form::Tall {
            return Ok(self.out.len());
        }
        self.line = self.out.len();
        match self.out.last_mut() {
            Some(last @ b' ') => *last = b'\n',
            _ => self.out.push(b'\n'),
        }
        let start = self.out.len();
        self.indent(level)?;
        Ok(start)
    }

    fn close(&mut self, bracket: u8, count: usize, level: usize, form: Form) -> Result<(), Error> {
        if count > 0 {
            self.new_line(level, form)?;
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

/// Whether Go's printer takes the byte for the first of a value.
fn begins(byte: u8) -> bool {
    matches!(byte, b'"' | b'{' | b'[' | b'0'..=b'9' | b'-' | b'+' | b'i' | b'I' | b'N' | b't' | b'f' | b'n')
}

/// By kind (null, false, numbers, strings, true, the others), then by what it is.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let by_content = match (rank(left), rank(right)) {
        (2, 2) => (number::parse(left) + 0.0).total_cmp(&(number::parse(right) + 0.0)),
        (3, 3) => decoded(left).cmp(&decoded(right)),
        _ => left.cmp(right),
    };
    rank(left).cmp(&rank(right)).then(by_content)
}

/// A string as it is sorted. With an escape it must be JSON, and without one it need not.
fn decoded(string: &[u8]) -> Cow<'_, [u8]> {
    let text = cut(string, 1, string.len());
    match text.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        Some(end) if at(text, end) == b'"' => Cow::Borrowed(cut(text, 0, end)),
        Some(_) if valid(string).is_ok() => unescape_strict(inside(string)),
        _ => Cow::Borrowed(b""),
    }
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
