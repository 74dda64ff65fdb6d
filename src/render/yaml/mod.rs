//! YAML as a tree that keeps what a rewrite must not change: the order of keys, and whether a scalar was plain.
//!
//! Helm and kubectl read YAML 1.1, where a plain `yes` is true and a quoted one is a word. What is written back here is
//! plain where it was plain and quoted where it was a string, so that it means the same to every reader. A tree may hold
//! what a user has typed into a file, so it has no `Debug`.

mod edit;
mod read;
mod write;

pub(super) use read::{Chunk, chunks, read};
pub(super) use write::write;

use serde_json::Value;

/// A value and the line (counted from 1) in which it begins.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it stands; 0 for what was made here.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, number, switch or nothing.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// Keys and values in their order.
    Map(Vec<(Scalar, Node)>),
}

/// A scalar's text and how it was written.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// Its text, without quotes or escapes.
    pub text: String,
    /// Whether it had no quotes, so that `5` is a number; anything else is a string.
    pub plain: bool,
}

impl Scalar {
    /// A string.
    pub(super) fn string(text: impl Into<String>) -> Self {
        Self { text: text.into(), plain: false }
    }

    /// Whether it is YAML's null.
    fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}

impl Node {
    /// A node that was made here.
    pub(super) fn new(kind: Kind) -> Self {
        Self { line: 0, kind }
    }

    /// The value of `key`, where this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text == key).map(|(_, value)| value)
    }

    /// The value at the end of `path`.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of the scalar at the end of `path`; none for null.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.text()
    }

    /// The text of a scalar that is not null.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) if !scalar.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    /// Whether it is a plain `true`.
    pub(super) fn is_true(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(scalar) if scalar.text.eq_ignore_ascii_case("true"))
    }

    /// The items of a list; none for anything else.
    pub(super) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map; none for anything else.
    pub(super) fn entries(&self) -> &[(Scalar, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is a map.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Whether it is nothing: null, or a map or list without entries.
    pub(super) fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.is_null(),
            Kind::List(items) => items.is_empty(),
            Kind::Map(entries) => entries.is_empty(),
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self::new(match value {
            Value::String(text) => Kind::Scalar(Scalar::string(text)),
            Value::Array(items) => Kind::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => {
                Kind::Map(map.into_iter().map(|(key, value)| (Scalar::string(key), Self::from(value))).collect())
            }
            plain => Kind::Scalar(Scalar { text: plain.to_string(), plain: true }),
        })
    }
}

/// The tree as JSON, its plain numbers and switches as such.
pub(super) fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::List(items) => items.iter().map(value).collect(),
        Kind::Map(entries) => entries.iter().map(|(key, item)| (key.text.clone(), value(item))).collect(),
        Kind::Scalar(scalar) if scalar.is_null() => Value::Null,
        Kind::Scalar(scalar) if scalar.plain => {
            let parsed = serde_json::from_str(&scalar.text).ok().filter(|value: &Value| !value.is_string());
            parsed.unwrap_or_else(|| scalar.text.as_str().into())
        }
        Kind::Scalar(scalar) => scalar.text.as_str().into(),
    }
}
