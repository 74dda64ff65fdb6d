//! Whether a text is JSON, by the rules of Go's `encoding/json`: RFC 8259, except that bytes in strings need not be
//! UTF-8. It keeps one bit per level and calls itself nowhere, so no document can exhaust the stack.

use crate::Error;
use crate::scan::at;

/// Go's bound for nesting, and the highest that can be asked for.
pub const MAX_DEPTH: usize = 10_000;

const WORDS: usize = MAX_DEPTH.div_ceil(64) + 1;

/// Checks the whole text, with nesting up to [`MAX_DEPTH`].
pub fn valid(json: &[u8]) -> Result<(), Error> {
    valid_within(json, MAX_DEPTH)
}

/// As [`valid`], with a lower bound for nesting; a higher one than [`MAX_DEPTH`] is that.
pub fn valid_within(json: &[u8], depth: usize) -> Result<(), Error> {
    Checker { json, index: 0, limit: depth.min(MAX_DEPTH), depth: 0, objects: [0; WORDS] }.document()
}

struct Checker<'a> {
    json: &'a [u8],
    index: usize,
    limit: usize,
    depth: usize,
    /// One bit per level: set for an object, clear for an array.
    objects: [u64; WORDS],
}

impl Checker<'_> {
    fn document(mut self) -> Result<(), Error> {
        loop {
            // A value is due. One that opens a level makes another one due, or is closed at once.
            if self.value()? {
                continue;
            }
            if !self.behind_value()? {
                return self.end();
            }
        }
    }

    fn end(&self) -> Result<(), Error> {
        if self.index == self.json.len() { Ok(()) } else { self.fail() }
    }

    fn fail<T>(&self) -> Result<T, Error> {
        Err(Error::Syntax { offset: self.index.min(self.json.len()) })
    }

    fn peek(&self) -> u8 {
        at(self.json, self.index)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.index += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.peek() != byte || self.index >= self.json.len() {
            return self.fail();
        }
        self.index += 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Error> {
        word.iter().try_for_each(|&byte| self.expect(byte))
    }

    /// Reads a scalar, an empty container, or the start of one, which gives true.
    fn value(&mut self) -> Result<bool, Error> {
        self.blanks();
        match self.peek() {
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'"' => self.string().map(|()| false),
            b'-' | b'0'..=b'9' => self.number().map(|()| false),
            b't' => self.word(b"true").map(|()| false),
            b'f' => self.word(b"false").map(|()| false),
            b'n' => self.word(b"null").map(|()| false),
            _ => self.fail(),
        }
    }

    fn open(&mut self, object: bool) -> Result<bool, Error> {
        if self.depth >= self.limit {
            return Err(Error::TooDeep { limit: self.limit });
        }
        self.depth += 1;
        if let Some(word) = self.objects.get_mut(self.depth / 64) {
            let bit = 1 << (self.depth % 64);
            *word = if object { *word | bit } else { *word & !bit };
        }
        self.index += 1;
        self.blanks();
        if self.peek() == self.closer() {
            self.index += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if object {
            self.key()?;
        }
        Ok(true)
    }

    fn in_object(&self) -> bool {
        self.objects.get(self.depth / 64).is_some_and(|word| word >> (self.depth % 64) & 1 == 1)
    }

    fn closer(&self) -> u8 {
        if self.in_object() { b'}' } else { b']' }
    }

    /// Closes what ends here; true if another value is due, false if the outermost one is complete.
    fn behind_value(&mut self) -> Result<bool, Error> {
        loop {
            self.blanks();
            if self.depth == 0 {
                return Ok(false);
            }
            if self.peek() == self.closer() {
                self.index += 1;
                self.depth -= 1;
                continue;
            }
            self.expect(b',')?;
            if self.in_object() {
                self.key()?;
            }
            return Ok(true);
        }
    }

    fn key(&mut self) -> Result<(), Error> {
        self.blanks();
        self.string()?;
        self.blanks();
        self.expect(b':')
    }

    fn string(&mut self) -> Result<(), Error> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                b'"' => return self.expect(b'"'),
                b'\\' => self.escape()?,
                0..b' ' => return self.fail(),
                _ => self.index += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        self.index += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.index += 1;
                Ok(())
            }
            b'u' => {
                self.index += 1;
                (0..4).try_for_each(|_| if self.peek().is_ascii_hexdigit() { self.skip() } else { self.fail() })
            }
            _ => self.fail(),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the other branch of its callers fails")]
    fn skip(&mut self) -> Result<(), Error> {
        self.index += 1;
        Ok(())
    }

    fn number(&mut self) -> Result<(), Error> {
        if self.peek() == b'-' {
            self.index += 1;
        }
        if self.peek() == b'0' {
            self.index += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.index += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.index += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.index += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Error> {
        if !self.peek().is_ascii_digit() {
            return self.fail();
        }
        while self.peek().is_ascii_digit() {
            self.index += 1;
        }
        Ok(())
    }
}
