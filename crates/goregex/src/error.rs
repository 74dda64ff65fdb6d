//! Why there is no expression, or no output.

use std::fmt;

/// What is wrong with an expression; [`ErrorKind::as_str`] has Go's words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `[a-\d]`, `[z-a]`, an unknown class.
    CharRange,
    /// An escape that means nothing, `\C` among them.
    Escape,
    /// A group's name that is none.
    NamedCapture,
    /// `(?` with something Go does not know.
    PerlOp,
    /// `a**`.
    RepeatOp,
    /// A count over 1000, also by nesting, or `{2,1}`.
    RepeatSize,
    /// The expression is not UTF-8.
    Utf8,
    /// A `[` without its `]`.
    MissingBracket,
    /// A `(` without its `)`.
    MissingParen,
    /// A repetition of nothing.
    MissingRepeatArgument,
    /// `\` at the end.
    TrailingBackslash,
    /// A `)` without its `(`.
    UnexpectedParen,
    /// Nested deeper than 1000.
    NestingDepth,
}

impl ErrorKind {
    /// Go's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CharRange => "invalid character class range",
            Self::Escape => "invalid escape sequence",
            Self::NamedCapture => "invalid named capture",
            Self::PerlOp => "invalid or unsupported Perl syntax",
            Self::RepeatOp => "invalid nested repetition operator",
            Self::RepeatSize => "invalid repeat count",
            Self::Utf8 => "invalid UTF-8",
            Self::MissingBracket => "missing closing ]",
            Self::MissingParen => "missing closing )",
            Self::MissingRepeatArgument => "missing argument to repetition operator",
            Self::TrailingBackslash => "trailing backslash at end of expression",
            Self::UnexpectedParen => "unexpected )",
            Self::NestingDepth => "expression nests too deeply",
        }
    }
}

/// A bound that was met, see [`Limits`](crate::Limits), with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of the expression.
    Pattern(usize),
    /// Ranges in classes.
    Ranges(usize),
    /// Bytes of the compiled program, after what its groups take.
    Program(usize),
    /// Bytes of output, as the caller said.
    Output(usize),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(limit) => write!(f, "expression over the limit of {limit} bytes"),
            Self::Ranges(limit) => write!(f, "character classes over the limit of {limit} ranges"),
            Self::Program(limit) => write!(f, "compiled expression over the limit of {limit} bytes"),
            Self::Output(limit) => write!(f, "output over the limit of {limit} bytes"),
        }
    }
}

/// An expression that Go refuses too, or that is over a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Go's error.
    Syntax {
        /// What is wrong.
        kind: ErrorKind,
        /// The part of the expression that Go shows, which need not be UTF-8.
        expression: Vec<u8>,
    },
    /// Ours.
    Limit(Limit),
}

impl Error {
    pub(crate) fn syntax(kind: ErrorKind, expression: &[u8]) -> Self {
        Self::Syntax { kind, expression: expression.to_vec() }
    }

    /// The text with the bytes that Go gives; `Display` has U+FFFD for those that are not UTF-8.
    pub fn message(&self) -> Vec<u8> {
        match self {
            Self::Syntax { kind, expression } => {
                [b"error parsing regexp: ", kind.as_str().as_bytes(), b": `", expression, b"`"].concat()
            }
            Self::Limit(limit) => limit.to_string().into_bytes(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.message()))
    }
}

impl std::error::Error for Error {}
