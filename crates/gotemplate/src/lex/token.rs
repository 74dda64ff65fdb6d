//! Tokens, and how error messages show them.

use crate::quote::quoted;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    End,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Keyword(Keyword),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// One token. That of an error holds its message.
#[derive(Debug, Clone)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind,
    /// Bytes before it in the source.
    pub(crate) at: usize,
    pub(crate) text: &'s [u8],
    pub(crate) line: usize,
    pub(crate) message: Option<String>,
}

impl Token<'_> {
    /// The text of a name, which is always UTF-8.
    pub(crate) fn name(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }

    /// How error messages show it.
    pub(crate) fn describe(&self) -> String {
        match (&self.message, self.kind) {
            (Some(message), _) => message.clone(),
            (None, Kind::End) => "EOF".into(),
            (None, Kind::Keyword(_)) => format!("<{}>", self.name()),
            (None, _) if self.text.len() > 10 => {
                let head: usize = crate::unicode::characters(self.text).take(10).map(|(_, bytes)| bytes.len()).sum();
                format!("{}...", quoted(self.text.get(..head).unwrap_or_default()))
            }
            _ => quoted(self.text),
        }
    }
}

/// The keyword that a name is, if it is one.
pub(super) fn keyword(word: &[u8]) -> Option<Keyword> {
    Some(match word {
        b"block" => Keyword::Block,
        b"break" => Keyword::Break,
        b"continue" => Keyword::Continue,
        b"define" => Keyword::Define,
        b"else" => Keyword::Else,
        b"end" => Keyword::End,
        b"if" => Keyword::If,
        b"nil" => Keyword::Nil,
        b"range" => Keyword::Range,
        b"template" => Keyword::Template,
        b"with" => Keyword::With,
        _ => return None,
    })
}
