//! What is wrong with an input, and what a person should know of the output.

use std::fmt;

/// Why nothing is rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {cause}; {cure}")]
pub struct Problem {
    /// The file and the line, or the flag.
    pub place: String,
    /// What is wrong.
    pub cause: String,
    /// What to do about it.
    pub cure: String,
}

impl Problem {
    /// Puts the three parts together.
    pub fn new(place: impl Into<String>, cause: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { place: place.into(), cause: cause.into(), cure: cure.into() }
    }
}

/// How much a note weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The output is right; this is worth knowing.
    Note,
    /// Something of the input is not covered by the output, or should not be there.
    Warning,
}

/// A line for standard error. It names files, places and handles, never another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whether `--strict` fails for it.
    pub weight: Weight,
    /// The words.
    pub text: String,
}

impl Note {
    /// Something worth knowing.
    pub fn hint(text: impl Into<String>) -> Self {
        Self { weight: Weight::Note, text: text.into() }
    }

    /// Something to mend.
    pub fn warning(text: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, text: text.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.weight {
            Weight::Note => "note",
            Weight::Warning => "warning",
        };
        write!(to, "{word}: {}", self.text)
    }
}
