//! From source to tokens, with the places where Go puts them.

mod token;

use crate::quote::quoted;
use crate::unicode::{decode, decode_last, is_alphanumeric, newlines};
use token::keyword;
pub(crate) use token::{Keyword, Kind, Token};

/// The state between two tokens.
pub(crate) struct Lexer<'s> {
    input: &'s [u8],
    left: &'s [u8],
    right: &'s [u8],
    at: usize,
    start: usize,
    at_end: bool,
    open_parens: usize,
    line: usize,
    start_line: usize,
    inside: bool,
    /// Whether `break` and `continue` are keywords, and not functions of the caller's.
    pub(crate) loop_words: (bool, bool),
}

const COMMENT: &[u8] = b"/*";
const COMMENT_END: &[u8] = b"*/";

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(offset) = text.get(from..)?.iter().position(|&byte| byte == first) {
        if text.get(from + offset..)?.starts_with(wanted) {
            return Some(from + offset);
        }
        from += offset + 1;
    }
    None
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(input: &'s [u8], left: &'s [u8], right: &'s [u8]) -> Self {
        Self {
            input,
            left,
            right,
            at: 0,
            start: 0,
            at_end: false,
            open_parens: 0,
            line: 1,
            start_line: 1,
            inside: false,
            loop_words: (true, true),
        }
    }

    fn rest(&self) -> &'s [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn pending(&self) -> &'s [u8] {
        self.input.get(self.start..self.at).unwrap_or_default()
    }

    fn next_char(&mut self) -> Option<char> {
        let (character, width) = decode(self.rest());
        if width == 0 {
            self.at_end = true;
            return None;
        }
        self.at += width;
        self.line += usize::from(character == '\n');
        Some(character)
    }

    fn back(&mut self) {
        if !self.at_end && self.at > 0 {
            let (character, width) = decode_last(self.input.get(..self.at).unwrap_or_default());
            self.at -= width;
            self.line -= usize::from(character == '\n');
        }
    }

    fn peek(&mut self) -> Option<char> {
        let next = self.next_char();
        self.back();
        next
    }

    fn take(&mut self, kind: Kind) -> Token<'s> {
        let token = Token { kind, at: self.start, text: self.pending(), line: self.start_line, message: None };
        self.start = self.at;
        self.start_line = self.line;
        token
    }

    fn skip(&mut self) {
        self.line += newlines(self.pending());
        self.start = self.at;
        self.start_line = self.line;
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| set.contains(byte));
        if found {
            self.at += 1;
        } else if self.rest().is_empty() {
            self.at_end = true;
        }
        found
    }

    /// An error ends the source, for what the parser may still ask for.
    fn fail(&mut self, message: impl Into<String>) -> Token<'s> {
        let token = Token {
            kind: Kind::Error,
            at: self.start,
            text: b"",
            line: self.start_line,
            message: Some(message.into()),
        };
        (self.start, self.at, self.input) = (0, 0, b"");
        token
    }

    pub(crate) fn next(&mut self) -> Token<'s> {
        if self.inside {
            return self.inside_action();
        }
        loop {
            if let Some(token) = self.text() {
                return token;
            }
        }
    }

    /// Text up to an action, or the action's beginning; nothing after a comment.
    fn text(&mut self) -> Option<Token<'s>> {
        let Some(offset) = find(self.rest(), self.left) else {
            self.at = self.input.len();
            if self.at > self.start {
                self.line += newlines(self.pending());
                return Some(self.take(Kind::Text));
            }
            return Some(self.take(Kind::End));
        };
        if offset > 0 {
            self.at += offset;
            let trim = if self.trims_left(self.at + self.left.len()) { trailing_space(self.pending()) } else { 0 };
            self.at -= trim;
            self.line += newlines(self.pending());
            let token = self.take(Kind::Text);
            self.at += trim;
            self.skip();
            if !token.text.is_empty() {
                return Some(token);
            }
        }
        self.left_delim()
    }

    /// Whether a marker to trim what is before follows at `at`.
    fn trims_left(&self, at: usize) -> bool {
        matches!(self.input.get(at..), Some([b'-', space, ..]) if is_space(*space))
    }

    fn left_delim(&mut self) -> Option<Token<'s>> {
        self.at += self.left.len();
        let marker = if self.trims_left(self.at) { 2 } else { 0 };
        if self.input.get(self.at + marker..).is_some_and(|rest| rest.starts_with(COMMENT)) {
            self.at += marker;
            self.skip();
            return self.comment();
        }
        let token = self.take(Kind::LeftDelim);
        self.inside = true;
        self.at += marker;
        self.skip();
        self.open_parens = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token<'s>> {
        self.at += COMMENT.len();
        let Some(offset) = find(self.rest(), COMMENT_END) else { return Some(self.fail("unclosed comment")) };
        self.at += offset + COMMENT_END.len();
        let Some(trim) = self.at_right_delim() else {
            return Some(self.fail("comment ends before closing delimiter"));
        };
        self.line += newlines(self.pending());
        self.take(Kind::Text);
        self.at += if trim { 2 } else { 0 } + self.right.len();
        if trim {
            self.at += leading_space(self.rest());
        }
        self.skip();
        None
    }

    /// Whether an action ends here, and if so whether it trims what follows.
    fn at_right_delim(&self) -> Option<bool> {
        match self.rest() {
            [space, b'-', rest @ ..] if is_space(*space) && rest.starts_with(self.right) => Some(true),
            rest if rest.starts_with(self.right) => Some(false),
            _ => None,
        }
    }

    fn right_delim(&mut self, trim: bool) -> Token<'s> {
        if trim {
            self.at += 2;
            self.skip();
        }
        self.at += self.right.len();
        let token = self.take(Kind::RightDelim);
        if trim {
            self.at += leading_space(self.rest());
            self.skip();
        }
        self.inside = false;
        token
    }

    fn inside_action(&mut self) -> Token<'s> {
        if let Some(trim) = self.at_right_delim() {
            return if self.open_parens == 0 { self.right_delim(trim) } else { self.fail("unclosed left paren") };
        }
        let Some(next) = self.next_char() else { return self.fail("unclosed action") };
        match next {
            ' ' | '\t' | '\r' | '\n' => {
                self.back();
                self.space()
            }
            '=' => self.take(Kind::Assign),
            ':' if self.next_char() == Some('=') => self.take(Kind::Declare),
            ':' => self.fail("expected :="),
            '|' => self.take(Kind::Pipe),
            '"' => self.quoted('"', "unterminated quoted string", Kind::String),
            '`' => self.raw_string(),
            '$' => self.field_or_variable(Kind::Variable),
            '\'' => self.quoted('\'', "unterminated character constant", Kind::CharConstant),
            '.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.field_or_variable(Kind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.back();
                self.number()
            }
            _ if is_alphanumeric(next) => {
                self.back();
                self.identifier()
            }
            '(' => {
                self.open_parens += 1;
                self.take(Kind::LeftParen)
            }
            ')' if self.open_parens == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.open_parens -= 1;
                self.take(Kind::RightParen)
            }
            ' '..='~' => self.take(Kind::Char),
            _ => self.fail(format!("unrecognized character in action: {}", shown(Some(next)))),
        }
    }

    fn space(&mut self) -> Token<'s> {
        let mut count = 0;
        while self.peek().is_some_and(|next| matches!(next, ' ' | '\t' | '\r' | '\n')) {
            self.next_char();
            count += 1;
        }
        // The last space may belong to a marker that trims.
        let marker = self.input.get(self.at.saturating_sub(1)..).unwrap_or_default();
        if matches!(marker, [_, b'-', rest @ ..] if rest.starts_with(self.right)) {
            self.back();
            if count == 1 {
                return self.right_delim(self.at_right_delim() == Some(true));
            }
        }
        self.take(Kind::Space)
    }

    fn identifier(&mut self) -> Token<'s> {
        let next = self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.fail(format!("bad character {}", shown(next)));
        }
        let kind = match self.pending() {
            b"true" | b"false" => Kind::Bool,
            b"break" if !self.loop_words.0 => Kind::Identifier,
            b"continue" if !self.loop_words.1 => Kind::Identifier,
            word => keyword(word).map_or(Kind::Identifier, Kind::Keyword),
        };
        self.take(kind)
    }

    /// Goes on to the first character that can be in no name, and gives it.
    fn skip_alphanumeric(&mut self) -> Option<char> {
        loop {
            let next = self.next_char();
            if !next.is_some_and(is_alphanumeric) {
                self.back();
                return next;
            }
        }
    }

    fn field_or_variable(&mut self, kind: Kind) -> Token<'s> {
        if self.at_terminator() {
            return self.take(if kind == Kind::Variable { kind } else { Kind::Keyword(Keyword::Dot) });
        }
        let next = self.skip_alphanumeric();
        if self.at_terminator() { self.take(kind) } else { self.fail(format!("bad character {}", shown(next))) }
    }

    /// Whether a name may end here.
    fn at_terminator(&mut self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(self.right),
        }
    }

    fn quoted(&mut self, quote: char, unterminated: &str, kind: Kind) -> Token<'s> {
        loop {
            match self.next_char() {
                Some('\\') if self.next_char().is_some_and(|next| next != '\n') => {}
                None | Some('\n' | '\\') => return self.fail(unterminated),
                Some(next) if next == quote => return self.take(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Token<'s> {
        loop {
            match self.next_char() {
                None => return self.fail("unterminated raw quoted string"),
                Some('`') => return self.take(Kind::RawString),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Token<'s> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.pending().ends_with(b"i") {
                return self.bad_number();
            }
            return self.take(Kind::Complex);
        }
        self.take(Kind::Number)
    }

    fn bad_number(&mut self) -> Token<'s> {
        self.fail(format!("bad number syntax: {}", quoted(self.pending())))
    }

    /// Not all that this takes is a number; the parser finds out.
    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        while self.accept(digits) {}
        if self.accept(b".") {
            while self.accept(digits) {}
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            while self.accept(b"0123456789_") {}
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next_char();
            return false;
        }
        true
    }
}

fn leading_space(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| is_space(byte)).count()
}

fn trailing_space(text: &[u8]) -> usize {
    text.iter().rev().take_while(|&&byte| is_space(byte)).count()
}

/// A character as Go's `%#U` writes it; no character is -1 there.
fn shown(character: Option<char>) -> String {
    let Some(character) = character else { return "U+FFFFFFFFFFFFFFFF".into() };
    let number = u32::from(character);
    if crate::unicode::is_print(character) {
        format!("U+{number:04X} '{character}'")
    } else {
        format!("U+{number:04X}")
    }
}
