//! Finds every `ENC[...]` handle of a configuration: YAML of any number of documents, JSON, and either of them inside a string.
//!
//! It reads the parser's events and builds no document, so an alias is never expanded: a handle is found where it is written.
//! Of values that are no handles nothing is kept. What counts as a handle is Datadog's rule: see [`handle_of`].
//!
//! Everything is bounded: [`MAX_BYTES`], [`MAX_DEPTH`], [`MAX_EVENTS`], [`MAX_HANDLES`].

mod files;
mod place;
mod value;
mod walk;

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;

use std::fmt;

pub use files::{MAX_FILES, Unread, files_beneath, read};
pub use place::{Format, Place, Step};
pub use value::{Mistake, handle_of, has_template_variable};

/// Bytes of one text.
pub const MAX_BYTES: usize = 4 << 20;
/// Mappings and sequences inside each other: so many as blocks, and so many within brackets; counted anew inside a string.
pub const MAX_DEPTH: usize = 64;
/// Scalars, mappings and sequences of one text, those of documents inside its strings included.
pub const MAX_EVENTS: usize = 1_000_000;
/// Handles of one text, and as many warnings.
pub const MAX_HANDLES: usize = 10_000;
/// Documents inside strings of documents.
pub const MAX_EMBEDDED: usize = 4;

/// What a text holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Every handle, in the order of the text; one that is written twice is there twice.
    pub handles: Vec<Found>,
    /// What looks like a handle that will not be resolved.
    pub warnings: Vec<Warning>,
    /// Why a document, or the rest of the text, was not read; the handles of the others are there.
    pub errors: Vec<Error>,
}

/// One handle and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What stands between `ENC[` and `]`, unchanged.
    pub handle: String,
    /// Where in the document.
    pub place: Place,
    /// The line of the text, from 1; inside a quoted string that holds a document, the line where the string begins.
    pub line: usize,
}

impl Found {
    /// Whether the handle is the same wherever the configuration is used: it holds no `%%variable%%` of Autodiscovery.
    pub fn is_static(&self) -> bool {
        !has_template_variable(&self.handle)
    }
}

/// A value, or a key, that looks like a handle and is not resolved by an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Why not.
    pub mistake: Mistake,
    /// Where in the document.
    pub place: Place,
    /// The line of the text, from 1.
    pub line: usize,
}

/// Why a text, or a part of it, was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// The line of the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It has more than [`MAX_BYTES`].
    TooLong,
    /// It is neither YAML nor JSON.
    Syntax,
    /// It is a template: `{{` begins a line or a value.
    Template,
    /// It has more than [`MAX_DEPTH`] levels.
    TooDeep,
    /// It has more than [`MAX_EVENTS`] nodes.
    TooManyNodes,
    /// It has more than [`MAX_HANDLES`] handles or warnings, or their places take more than [`MAX_BYTES`].
    TooManyHandles,
}

impl Fault {
    /// What to do about it, as a sentence without its full stop.
    pub fn cure(self) -> &'static str {
        match self {
            Self::TooLong | Self::TooManyNodes | Self::TooManyHandles => "divide it into several files",
            Self::Syntax => "mend it there; an unquoted ENC[...] must not stand inside { } or [ ]",
            Self::Template => "render it first, for example with `helm template`",
            Self::TooDeep => "give the part that holds the handles a file of its own",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(formatter, "the text is longer than {MAX_BYTES} bytes"),
            Self::Syntax => formatter.write_str("the text is neither YAML nor JSON here"),
            Self::Template => formatter.write_str("the text is a template, not YAML"),
            Self::TooDeep => write!(formatter, "more than {MAX_DEPTH} levels are nested here"),
            Self::TooManyNodes => write!(formatter, "the text has more than {MAX_EVENTS} nodes"),
            Self::TooManyHandles => {
                write!(formatter, "the text has more than {MAX_HANDLES} handles, or their paths are too long")
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}: {}", self.line, self.fault, self.fault.cure())
    }
}

/// Finds the handles of a text. A broken document costs the others nothing.
pub fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    if text.len() > MAX_BYTES {
        scan.errors.push(Error { line: 1, fault: Fault::TooLong });
    } else {
        walk::text(text, &mut scan);
    }
    scan
}
