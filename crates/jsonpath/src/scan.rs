//! Tokens as Go's text/scanner has them: names, numbers, texts, and all other characters for themselves.

/// A token; its text is [`Scanner::text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    End,
    Name,
    Number,
    /// In whatever quotes.
    Text,
    Sign(char),
}

/// Reads tokens; one can be put back.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    source: &'a str,
    from: usize,
    to: usize,
    last: Token,
    is_back: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self { source, from: 0, to: 0, last: Token::End, is_back: false }
    }

    /// The next token, or the one that was put back.
    pub(crate) fn next(&mut self) -> Token {
        if !std::mem::take(&mut self.is_back) {
            self.skip();
            self.from = self.to;
            self.last = self.read();
        }
        self.last
    }

    /// Puts the last token back.
    pub(crate) fn back(&mut self) {
        self.is_back = true;
    }

    /// The last token's text.
    pub(crate) fn text(&self) -> &'a str {
        self.source.get(self.from..self.to).unwrap_or_default()
    }

    /// The character behind the last token, blanks included.
    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the character behind the last token for a part of it.
    pub(crate) fn extend(&mut self) {
        self.take(1);
    }

    /// Where the last token begins, from 1, in characters.
    pub(crate) fn column(&self) -> usize {
        self.source.get(..self.from).unwrap_or_default().chars().count() + 1
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.to..).unwrap_or_default()
    }

    fn take(&mut self, characters: usize) {
        self.to += self.rest().chars().take(characters).map(char::len_utf8).sum::<usize>();
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.to += rest.find(|character| !wanted(character)).unwrap_or(rest.len());
    }

    /// Blanks and comments.
    fn skip(&mut self) {
        loop {
            let before = self.to;
            self.take_while(|character| matches!(character, ' ' | '\t' | '\n' | '\r'));
            if self.rest().starts_with("//") {
                self.take_while(|character| character != '\n');
            } else if self.rest().starts_with("/*") {
                let end = self.rest().get(2..).and_then(|rest| rest.find("*/"));
                self.to = end.map_or(self.source.len(), |end| self.to + end + 4);
            }
            if self.to == before {
                return;
            }
        }
    }

    fn read(&mut self) -> Token {
        let Some(first) = self.peek() else { return Token::End };
        let second = self.rest().chars().nth(1);
        match first {
            _ if first.is_alphabetic() || first == '_' => {
                self.take_while(|character| character.is_alphanumeric() || character == '_');
                Token::Name
            }
            _ if first.is_ascii_digit() || (first == '.' && second.is_some_and(|second| second.is_ascii_digit())) => {
                self.number();
                Token::Number
            }
            '"' | '\'' | '`' => {
                self.quoted(first);
                Token::Text
            }
            _ => {
                self.take(1);
                Token::Sign(first)
            }
        }
    }

    fn number(&mut self) {
        let digit = |character: char| character.is_ascii_digit() || character == '_';
        let prefixed = ["0x", "0X", "0o", "0O", "0b", "0B"].iter().any(|prefix| self.rest().starts_with(prefix));
        if prefixed {
            return self.take_while(|character| character.is_ascii_hexdigit() || "xXoO_.pP".contains(character));
        }
        self.take_while(digit);
        if self.peek() == Some('.') {
            self.take(1);
            self.take_while(digit);
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.take(1);
            if matches!(self.peek(), Some('+' | '-')) {
                self.take(1);
            }
            self.take_while(digit);
        }
    }

    /// To the closing quote; only backquotes go on over a line's end. One that is not closed is found when its text is
    /// taken.
    fn quoted(&mut self, quote: char) {
        self.take(1);
        while let Some(character) = self.peek() {
            let ends_early = character == '\n' && quote != '`';
            if ends_early {
                return;
            }
            self.take(if character == '\\' && quote != '`' { 2 } else { 1 });
            if character == quote {
                return;
            }
        }
    }
}
