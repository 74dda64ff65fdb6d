//! What can go wrong. No byte of a document, which is a secret, is in an error.

use std::fmt;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The path is none; `column` counts characters from 1.
    Syntax {
        /// Where that shows.
        column: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// The path has more bytes than this.
    TooLong {
        /// The longest path, in bytes.
        limit: usize,
    },
    /// Path or document are nested deeper than this.
    TooDeep {
        /// The deepest nesting.
        limit: usize,
    },
    /// The document is not JSON.
    NotJson,
    /// The document has nothing at the path.
    Missing,
    /// The path leads to something that it cannot be used on.
    Unfit(&'static str),
    /// The path costs too much on this document.
    TooMuchWork,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { column, expected } => write!(f, "column {column}: expected {expected}"),
            Self::TooLong { limit } => write!(f, "the path is longer than {limit} bytes"),
            Self::TooDeep { limit } => write!(f, "nested deeper than {limit}"),
            Self::NotJson => f.write_str("the document is not JSON"),
            Self::Missing => f.write_str("the document has nothing at this path"),
            Self::Unfit(why) => f.write_str(why),
            Self::TooMuchWork => f.write_str("the path takes too much work on this document"),
        }
    }
}

impl std::error::Error for Error {}
