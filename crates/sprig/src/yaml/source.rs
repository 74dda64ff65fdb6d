//! The text that is scanned, and the place in it.

use std::cell::Cell;

/// A place, in characters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Characters that can be looked at and taken.
pub(super) struct Source {
    text: String,
    at: usize,
    pub(super) mark: Mark,
    failure: Option<&'static str>,
    hit: Cell<bool>,
}

/// How many bytes Go reads at once. What is wrong with any of them shows when the first is needed.
const CHUNK: usize = 512;

const CONTROL: &str = "control characters are not allowed";

impl Source {
    /// UTF-8, or UTF-16 if it begins with that mark.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let (text, failure) = match bytes {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            _ => utf8(bytes),
        };
        Self { text, at: 0, mark: Mark::default(), failure, hit: Cell::new(false) }
    }

    /// What is wrong with the text, once that has been looked at.
    pub(super) fn failure(&self) -> Option<&'static str> {
        self.failure.filter(|_| self.hit.get())
    }

    /// The byte at some distance; zero after the end.
    pub(super) fn byte(&self, distance: usize) -> u8 {
        let byte = self.text.as_bytes().get(self.at + distance).copied();
        byte.unwrap_or_else(|| {
            self.hit.set(true);
            0
        })
    }

    pub(super) fn is_end(&self, distance: usize) -> bool {
        self.byte(distance) == 0
    }

    pub(super) fn is_blank(&self, distance: usize) -> bool {
        matches!(self.byte(distance), b' ' | b'\t')
    }

    /// The ends of lines of YAML 1.1.
    pub(super) fn is_break(&self, distance: usize) -> bool {
        match self.byte(distance) {
            b'\r' | b'\n' => true,
            0xc2 => self.byte(distance + 1) == 0x85,
            0xe2 => self.byte(distance + 1) == 0x80 && matches!(self.byte(distance + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub(super) fn is_break_or_end(&self, distance: usize) -> bool {
        self.is_end(distance) || self.is_break(distance)
    }

    pub(super) fn is_white_or_end(&self, distance: usize) -> bool {
        self.is_blank(distance) || self.is_break_or_end(distance)
    }

    /// `---` or `...` with nothing after it, at the start of a line.
    pub(super) fn is_indicator(&self, sign: u8) -> bool {
        self.mark.column == 0 && (0..3).all(|distance| self.byte(distance) == sign) && self.is_white_or_end(3)
    }

    pub(super) fn is_boundary(&self) -> bool {
        self.is_indicator(b'-') || self.is_indicator(b'.')
    }

    fn width(&self) -> usize {
        match self.byte(0) {
            0 => 0,
            1..0x80 => 1,
            0x80..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        }
    }

    /// Passes characters of one line.
    pub(super) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.at += self.width();
            self.mark.index += 1;
            self.mark.column += 1;
        }
    }

    /// Takes a character of a line.
    pub(super) fn take(&mut self, into: &mut Vec<u8>) {
        let width = self.width();
        into.extend_from_slice(self.text.as_bytes().get(self.at..self.at + width).unwrap_or_default());
        self.skip(1);
    }

    /// Takes the end of a line, which is a line feed or one of Unicode's own.
    pub(super) fn take_break(&mut self, into: &mut Vec<u8>) {
        if !self.is_break(0) {
            return;
        }
        let pair = self.byte(0) == b'\r' && self.byte(1) == b'\n';
        if self.byte(0) == 0xe2 {
            self.take(into);
        } else {
            into.push(b'\n');
            self.skip(if pair { 2 } else { 1 });
        }
        self.mark.column = 0;
        self.mark.line += 1;
    }

    pub(super) fn skip_break(&mut self) {
        self.take_break(&mut Vec::new());
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip(1);
        }
    }

    pub(super) fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            while !self.is_break_or_end(0) {
                self.skip(1);
            }
        }
    }
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// The text up to the chunk in which something is wrong, and what that is.
fn utf8(bytes: &[u8]) -> (String, Option<&'static str>) {
    let marked = bytes.starts_with(b"\xef\xbb\xbf");
    let good = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let control = good.find(|character| !is_allowed(character));
    let wrong = control.or_else(|| (good.len() < bytes.len()).then_some(good.len()));
    let failure = wrong.map(|at| if control.is_some() { CONTROL } else { reason(bytes.get(at..).unwrap_or_default()) });
    let text = good.get(..wrong.map_or(good.len(), |wrong| chunk_of(good, wrong))).unwrap_or_default();
    let text = if marked { text.strip_prefix('\u{feff}').unwrap_or_default() } else { text };
    (text.to_owned(), failure)
}

/// Where the chunk begins that has this place in it.
fn chunk_of(text: &str, place: usize) -> usize {
    let mut start = 0;
    loop {
        let next = (start..=start + CHUNK).rev().find(|end| text.is_char_boundary(*end) || *end > text.len());
        match next {
            Some(next) if next <= place && next > start => start = next,
            _ => return start,
        }
    }
}

/// Why these bytes do not begin with a character.
fn reason(bytes: &[u8]) -> &'static str {
    let [first, rest @ ..] = bytes else { return "" };
    let (width, bits, least) = match first {
        0xc0..0xe0 => (2, first & 0x1f, 0x80),
        0xe0..0xf0 => (3, first & 0xf, 0x800),
        0xf0..0xf8 => (4, first & 7, 0x1_0000),
        _ => return "invalid leading UTF-8 octet",
    };
    let Some(rest) = rest.get(..width - 1) else { return "incomplete UTF-8 octet sequence" };
    if rest.iter().any(|byte| byte & 0xc0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    let value = rest.iter().fold(u32::from(bits), |value, byte| value << 6 | u32::from(byte & 0x3f));
    if value < least { "invalid length of a UTF-8 sequence" } else { "invalid Unicode character" }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Option<&'static str>) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let (mut text, mut passed) = (String::new(), 0);
    for character in char::decode_utf16(units.iter().copied()) {
        let problem = match character {
            Ok(character) if is_allowed(character) => {
                passed += character.len_utf16();
                text.push(character);
                continue;
            }
            Ok(_) => CONTROL,
            Err(error) if error.unpaired_surrogate() >= 0xdc00 => "unexpected low surrogate area",
            Err(_) if passed + 1 == units.len() => "incomplete UTF-16 surrogate pair",
            Err(_) => "expected low surrogate area",
        };
        return (String::new(), Some(problem));
    }
    if rest.is_empty() { (text, None) } else { (String::new(), Some("incomplete UTF-16 character")) }
}
