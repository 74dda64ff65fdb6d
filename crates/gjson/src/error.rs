//! What can go wrong. An error holds numbers only, so that no byte of a document (which is a secret) can be in one.

use std::fmt;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON; `offset` is the byte at which that shows (the length, if the text ends too early).
    Syntax {
        /// Bytes before the first one that cannot stand there.
        offset: usize,
    },
    /// The document is JSON, but no object, so it has no members.
    NotAnObject,
    /// The path has more bytes than [`Limits::path`](crate::Limits::path).
    PathTooLong {
        /// The longest path that is taken, in bytes.
        limit: usize,
    },
    /// The path, or a document that is taken apart by depth, is nested deeper than the limit.
    TooDeep {
        /// The deepest nesting that is followed.
        limit: usize,
    },
    /// The path costs more than [`Limits::work`](crate::Limits::work) on this document.
    TooMuchWork,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { offset } => write!(f, "not JSON at byte {offset}"),
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::PathTooLong { limit } => write!(f, "the path is longer than {limit} bytes"),
            Self::TooDeep { limit } => write!(f, "nested deeper than {limit}"),
            Self::TooMuchWork => f.write_str("the path takes too much work on this document"),
        }
    }
}

impl std::error::Error for Error {}
