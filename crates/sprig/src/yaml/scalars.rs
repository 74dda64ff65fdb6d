//! Scalars: plain, quoted, and in blocks.

use super::scan::{Done, Scanner};
use super::token::{Kind, Token};
use keyferry_gotemplate::FuncError;

/// White space that belongs to a scalar only if more of it follows.
#[derive(Default)]
struct Pending {
    blanks: Vec<u8>,
    /// The first end of a line.
    line: Vec<u8>,
    /// Those after it.
    lines: Vec<u8>,
    /// Whether the line has ended.
    broken: bool,
}

impl Pending {
    fn is_empty(&self) -> bool {
        !self.broken && self.blanks.is_empty()
    }

    /// One end of a line is a space; of more the first one is dropped. Ends that are Unicode's own stay.
    fn fold(&mut self, value: &mut Vec<u8>) {
        if !self.broken {
            value.append(&mut self.blanks);
        } else if self.line.first() == Some(&b'\n') && self.lines.is_empty() {
            value.push(b' ');
        } else {
            if self.line.first() != Some(&b'\n') {
                value.append(&mut self.line);
            }
            value.append(&mut self.lines);
        }
        *self = Self::default();
    }
}

/// How the end of a block is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_, '_> {
    fn scalar(&self, value: Vec<u8>, plain: bool, line: usize) -> Result<Token, FuncError> {
        self.call.meter().allocate(value.len())?;
        Ok(Token { kind: Kind::Scalar { value, plain }, line })
    }

    pub(super) fn scan_plain(&mut self) -> Result<Token, FuncError> {
        let (mut value, mut pending) = (Vec::new(), Pending::default());
        let (line, indent) = (self.source.mark.line, self.indent + 1);
        while !self.source.is_boundary() && self.source.byte(0) != b'#' {
            while !self.source.is_white_or_end(0) && !self.ends_plain() {
                if !pending.is_empty() {
                    pending.fold(&mut value);
                }
                self.source.take(&mut value);
            }
            if !self.source.is_blank(0) && !self.source.is_break(0) {
                break;
            }
            self.white(&mut pending, Some(indent))?;
            if self.flow == 0 && isize::try_from(self.source.mark.column).unwrap_or(isize::MAX) < indent {
                break;
            }
        }
        if pending.broken {
            self.key_allowed = true;
        }
        self.scalar(value, true, line)
    }

    fn ends_plain(&self) -> bool {
        let byte = self.source.byte(0);
        (byte == b':' && self.source.is_white_or_end(1)) || (self.flow > 0 && b",?[]{}".contains(&byte))
    }

    /// White space between the words of a scalar. `indent` forbids tabs before that column.
    fn white(&mut self, pending: &mut Pending, indent: Option<isize>) -> Done {
        while self.source.is_blank(0) || self.source.is_break(0) {
            if self.source.is_break(0) {
                if pending.broken {
                    self.source.take_break(&mut pending.lines);
                } else {
                    pending.blanks.clear();
                    self.source.take_break(&mut pending.line);
                    pending.broken = true;
                }
            } else if pending.broken {
                let column = isize::try_from(self.source.mark.column).unwrap_or(isize::MAX);
                if self.source.byte(0) == b'\t' && indent.is_some_and(|indent| column < indent) {
                    return Err(self.fail("found a tab character that violates indentation"));
                }
                self.source.skip(1);
            } else {
                self.source.take(&mut pending.blanks);
            }
        }
        Ok(())
    }

    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<Token, FuncError> {
        let line = self.source.mark.line;
        let quote = if single { b'\'' } else { b'"' };
        let mut value = Vec::new();
        self.source.skip(1);
        loop {
            if self.source.is_boundary() {
                return Err(self.fail("found unexpected document indicator"));
            }
            if self.source.is_end(0) {
                return Err(self.fail("found unexpected end of stream"));
            }
            let mut pending = Pending { broken: self.quoted_word(single, &mut value)?, ..Pending::default() };
            if self.source.byte(0) == quote {
                break;
            }
            self.quoted_white(&mut pending, &mut value)?;
        }
        self.source.skip(1);
        self.scalar(value, false, line)
    }

    /// After an escaped end of a line there is nothing to fold but further ends.
    fn quoted_white(&mut self, pending: &mut Pending, value: &mut Vec<u8>) -> Done {
        let escaped = pending.broken;
        self.white(pending, None)?;
        if escaped {
            value.append(&mut pending.lines);
        } else {
            pending.fold(value);
        }
        Ok(())
    }

    /// Characters up to white space or the quote; says whether they end with an escaped end of the line.
    fn quoted_word(&mut self, single: bool, value: &mut Vec<u8>) -> Result<bool, FuncError> {
        while !self.source.is_white_or_end(0) {
            match (self.source.byte(0), self.source.byte(1)) {
                (b'\'', b'\'') if single => {
                    value.push(b'\'');
                    self.source.skip(2);
                }
                (b'\'', _) if single => return Ok(false),
                (b'"', _) if !single => return Ok(false),
                (b'\\', _) if !single && self.source.is_break(1) => {
                    self.source.skip(1);
                    self.source.skip_break();
                    return Ok(true);
                }
                (b'\\', code) if !single => self.escape(code, value)?,
                _ => self.source.take(value),
            }
        }
        Ok(false)
    }

    fn escape(&mut self, code: u8, value: &mut Vec<u8>) -> Done {
        let character = match code {
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\u{b}',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'e' => '\u{1b}',
            b' ' | b'"' | b'\'' | b'\\' => char::from(code),
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'x' => return self.coded(2, value),
            b'u' => return self.coded(4, value),
            b'U' => return self.coded(8, value),
            _ => return Err(self.fail("found unknown escape character")),
        };
        self.source.skip(2);
        value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn coded(&mut self, digits: usize, value: &mut Vec<u8>) -> Done {
        self.source.skip(2);
        let mut code: u32 = 0;
        for distance in 0..digits {
            let digit = char::from(self.source.byte(distance)).to_digit(16);
            code = code << 4 | digit.ok_or_else(|| self.fail("did not find expected hexdecimal number"))?;
        }
        let character = char::from_u32(code).ok_or_else(|| self.fail("found invalid Unicode character escape code"))?;
        value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        self.source.skip(digits);
        Ok(())
    }

    pub(super) fn scan_block(&mut self, literal: bool) -> Result<Token, FuncError> {
        let line = self.source.mark.line;
        self.source.skip(1);
        let (chomp, increment) = self.block_header()?;
        let mut indent = increment.map(|increment| self.indent.max(0) + increment);
        let (mut value, mut end, mut breaks) = (Vec::new(), Vec::new(), Vec::new());
        let mut column = self.block_breaks(&mut indent, &mut breaks)?;
        let mut indented = false;
        while self.column_is(column) && !self.source.is_end(0) {
            let blank = self.source.is_blank(0);
            if !literal && !indented && !blank && end.first() == Some(&b'\n') {
                if breaks.is_empty() {
                    value.push(b' ');
                }
                end.clear();
            }
            value.append(&mut end);
            value.append(&mut breaks);
            indented = blank;
            while !self.source.is_break_or_end(0) {
                self.source.take(&mut value);
            }
            self.source.take_break(&mut end);
            column = self.block_breaks(&mut indent, &mut breaks)?;
        }
        if chomp != Chomp::Strip {
            value.append(&mut end);
        }
        if chomp == Chomp::Keep {
            value.append(&mut breaks);
        }
        self.scalar(value, false, line)
    }

    fn column_is(&self, column: isize) -> bool {
        isize::try_from(self.source.mark.column) == Ok(column)
    }

    /// Chomping and indentation, in either order, and the rest of the line.
    fn block_header(&mut self) -> Result<(Chomp, Option<isize>), FuncError> {
        let mut chomp = self.chomping();
        let increment = self.increment()?;
        if chomp.is_none() && increment.is_some() {
            chomp = self.chomping();
        }
        self.source.skip_blanks();
        self.source.skip_comment();
        if !self.source.is_break_or_end(0) {
            return Err(self.fail("did not find expected comment or line break"));
        }
        self.source.skip_break();
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    fn chomping(&mut self) -> Option<Chomp> {
        let chomp = match self.source.byte(0) {
            b'+' => Chomp::Keep,
            b'-' => Chomp::Strip,
            _ => return None,
        };
        self.source.skip(1);
        Some(chomp)
    }

    fn increment(&mut self) -> Result<Option<isize>, FuncError> {
        let byte = self.source.byte(0);
        if !byte.is_ascii_digit() {
            return Ok(None);
        }
        if byte == b'0' {
            return Err(self.fail("found an indentation indicator equal to 0"));
        }
        self.source.skip(1);
        Ok(Some((byte - b'0').into()))
    }

    /// Empty lines and the indentation of the next one. If that is not known it is found here; gives its column.
    fn block_breaks(&mut self, indent: &mut Option<isize>, breaks: &mut Vec<u8>) -> Result<isize, FuncError> {
        let mut deepest = 0;
        loop {
            let short = |column: usize| indent.is_none_or(|indent| isize::try_from(column).is_ok_and(|at| at < indent));
            while short(self.source.mark.column) && self.source.byte(0) == b' ' {
                self.source.skip(1);
            }
            deepest = deepest.max(self.source.mark.column);
            if short(self.source.mark.column) && self.source.byte(0) == b'\t' {
                return Err(self.fail("found a tab character where an indentation space is expected"));
            }
            if !self.source.is_break(0) {
                break;
            }
            self.source.take_break(breaks);
        }
        let found = isize::try_from(deepest).unwrap_or(isize::MAX).max(self.indent + 1).max(1);
        Ok(*indent.get_or_insert(found))
    }
}
