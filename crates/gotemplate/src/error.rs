//! What can go wrong, in Go's words. No value of the data is in them, since it may be a secret; a function's own message
//! is what the function makes it.

use std::fmt;

/// Which limit was met, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Budget {
    /// [`Limits::source`](crate::Limits::source), in bytes.
    Source(usize),
    /// [`Limits::nesting`](crate::Limits::nesting).
    Nesting(usize),
    /// [`Limits::nodes`](crate::Limits::nodes).
    Nodes(usize),
    /// [`Limits::output`](crate::Limits::output), in bytes.
    Output(usize),
    /// [`Limits::memory`](crate::Limits::memory), in bytes.
    Memory(usize),
    /// [`Limits::steps`](crate::Limits::steps).
    Steps(usize),
    /// [`Limits::calls`](crate::Limits::calls).
    Calls(usize),
    /// [`Limits::depth`](crate::Limits::depth).
    Depth(usize),
    /// [`Limits::work`](crate::Limits::work), in milliseconds.
    Work(usize),
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(limit) => write!(f, "over budget: the source is longer than {limit} bytes"),
            Self::Nesting(limit) => write!(f, "over budget: nested deeper than {limit}"),
            Self::Nodes(limit) => write!(f, "over budget: more than {limit} nodes in the source"),
            Self::Output(limit) => write!(f, "over budget: the output is longer than {limit} bytes"),
            Self::Memory(limit) => write!(f, "over budget: more than {limit} bytes of intermediate results"),
            Self::Steps(limit) => write!(f, "over budget: more than {limit} steps"),
            Self::Calls(limit) => write!(f, "over budget: exceeded maximum template depth ({limit})"),
            Self::Depth(limit) => write!(f, "over budget: a value is nested deeper than {limit}"),
            Self::Work(limit) => write!(f, "over budget: costly functions would take more than {limit} ms"),
        }
    }
}

/// Why an execution ends early, apart from the template's own mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A limit was met.
    Budget(Budget),
    /// The caller's interrupt said so.
    Interrupted,
}

/// What a function answers when it cannot give a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FuncError {
    /// The function's own error. The execution ends with `error calling NAME: ` before it.
    Message(String),
    /// The execution must end.
    Stop(Stop),
}

impl From<String> for FuncError {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for FuncError {
    fn from(message: &str) -> Self {
        Self::Message(message.into())
    }
}

impl From<Stop> for FuncError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl fmt::Display for FuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Stop(Stop::Budget(budget)) => budget.fmt(f),
            Self::Stop(Stop::Interrupted) => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for FuncError {}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source is no template.
    Parse,
    /// The template could not be executed with this data.
    Execute,
    /// A limit was met.
    Budget(Budget),
    /// The caller's interrupt said so.
    Interrupted,
}

/// A template that could not be parsed or executed. [`Display`](fmt::Display) writes it as Go does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) kind: ErrorKind,
    /// The name given to the source, which is what places count in.
    pub(crate) source: String,
    /// The `define` that was executed.
    pub(crate) executing: Option<String>,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) context: String,
    pub(crate) cause: String,
}

impl Error {
    pub(crate) fn new(details: Details) -> Self {
        Self(Box::new(details))
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name that the source was parsed with.
    pub fn source_name(&self) -> &str {
        &self.0.source
    }

    /// The template that was executed: the source's name, or that of a `define`. Nothing if it was not parsed yet.
    pub fn template(&self) -> Option<&str> {
        self.0.executing.as_deref()
    }

    /// The line, from 1. Nothing if the source as a whole is wrong.
    pub fn line(&self) -> Option<usize> {
        self.0.line
    }

    /// The bytes before it in its line. Nothing for what the parser finds: like Go's, it knows lines only.
    pub fn column(&self) -> Option<usize> {
        self.0.column
    }

    /// The part of an action that failed, as Go would write it.
    pub fn context(&self) -> &str {
        &self.0.context
    }

    /// The message without the place.
    pub fn cause(&self) -> &str {
        &self.0.cause
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { source, executing, line, column, context, cause, .. } = &*self.0;
        write!(f, "template: {source}:")?;
        for number in [line, column].into_iter().flatten() {
            write!(f, "{number}:")?;
        }
        if let Some(executing) = executing.as_ref().filter(|_| column.is_some()) {
            write!(f, " executing {} at <{context}>:", crate::quote::quoted(executing.as_bytes()))?;
        }
        write!(f, " {cause}")
    }
}

impl std::error::Error for Error {}
