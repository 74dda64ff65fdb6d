//! What is wrong with an object, in words for the person who can mend it.

/// A field, what is wrong with it, and what to do.
///
/// The three parts are stable text: names, numbers and closed words, never a value of a secret, a time or a request id,
/// so the same fault always reads the same and is written once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {cause}; {cure}")]
pub struct Problem {
    /// The path of the field, for example `spec.data[0].remoteRef.key`.
    pub field: String,
    /// What is wrong.
    pub cause: String,
    /// What to do about it.
    pub cure: String,
}

impl Problem {
    /// Puts the three parts together.
    pub fn new(field: impl Into<String>, cause: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { field: field.into(), cause: cause.into(), cure: cure.into() }
    }
}
