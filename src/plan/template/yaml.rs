//! The YAML map of strings that a template of scope `KeysAndValues` makes, read as External Secrets Operator reads it.
//!
//! Bounded in nodes and depth, aliases included. What is wrong is said by line and in closed words: the text holds values.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use zeroize::Zeroizing;

use super::scalar::{Resolved, resolve};
use crate::sealed::Sealed;

/// The most nodes of a result, those that aliases repeat included.
const MOST_NODES: usize = 100_000;
const DEEPEST: usize = 64;

/// Why a result is no map of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// The line of the result, counted from 1; none where it is the whole.
    pub(super) line: Option<usize>,
    pub(super) cause: &'static str,
}

/// Reads the first document of a result; one that is empty has no keys.
pub(super) fn read(result: &Sealed) -> Result<BTreeMap<String, Sealed>, Unreadable> {
    let whole = |cause| Unreadable { line: None, cause };
    let text = std::str::from_utf8(result.expose()).map_err(|_| whole("is not UTF-8"))?;
    let root = tree(text)?;
    let mut found = BTreeMap::new();
    match root {
        None => {}
        Some(Node::Map(pairs)) => {
            let mut last = BTreeMap::new();
            put(pairs, &mut last).map_err(whole)?;
            for (key, value) in last {
                found.insert(key, text_of(value).map_err(whole)?);
            }
        }
        Some(Node::Scalar(scalar)) if scalar.resolved() == Resolved::Null => {}
        Some(_) => return Err(whole("is no map")),
    }
    Ok(found)
}

/// A part of the document. A map is keys and values in turn.
#[derive(Clone)]
enum Node {
    Scalar(Scalar),
    List(Vec<Self>),
    Map(Vec<Self>),
}

#[derive(Clone)]
struct Scalar {
    text: Zeroizing<String>,
    plain: bool,
}

impl Scalar {
    fn resolved(&self) -> Resolved {
        if self.plain { resolve(&self.text) } else { Resolved::Text(self.text.to_string()) }
    }

    fn merges(&self) -> bool {
        self.plain && *self.text == "<<"
    }
}

fn text_of(value: Node) -> Result<Sealed, &'static str> {
    match value {
        Node::Scalar(value) => Ok(Sealed::from(value.resolved().into_value())),
        _ => Err("has a value that is a list or a map, where a text must be"),
    }
}

/// Puts pairs in, in their order; what `<<` names comes in where it stands. Of several values of a key the last one counts
/// and no other is looked at.
fn put(pairs: Vec<Node>, found: &mut BTreeMap<String, Node>) -> Result<(), &'static str> {
    let mut pairs = pairs.into_iter();
    while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
        match (key, value) {
            (Node::Scalar(key), value) if key.merges() => merge(value, found)?,
            (Node::Scalar(key), value) => {
                found.insert(key.resolved().into_key().ok_or("has a key that is no word")?, value);
            }
            _ => return Err("has a key that is no word"),
        }
    }
    Ok(())
}

/// Of a list of maps the first one wins.
fn merge(source: Node, found: &mut BTreeMap<String, Node>) -> Result<(), &'static str> {
    match source {
        Node::Map(pairs) => put(pairs, found),
        Node::List(items) => items.into_iter().rev().try_for_each(|item| match item {
            Node::Map(pairs) => put(pairs, found),
            _ => Err("merges what is no map"),
        }),
        Node::Scalar(_) => Err("merges what is no map"),
    }
}

fn tree(text: &str) -> Result<Option<Node>, Unreadable> {
    let options = granit_parser::options! { flow_nesting_limit: DEEPEST, block_nesting_limit: DEEPEST };
    let mut tree = Tree::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) =
            event.map_err(|error| Unreadable { line: Some(error.marker().line()), cause: "is no YAML" })?;
        if matches!(event, Event::DocumentEnd { .. }) {
            break;
        }
        let fail = |cause| Unreadable { line: Some(span.start.line()), cause };
        if anchor_of(&event) > 0 && !has_plain_anchor(text, span.start.line()) {
            return Err(fail("has an anchor that is no word; put a text that begins with '&' in quotes"));
        }
        tree.take(event).map_err(fail)?;
    }
    Ok(tree.root)
}

fn anchor_of(event: &Event<'_>) -> usize {
    match event {
        Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
            *anchor
        }
        _ => 0,
    }
}

/// Whether the anchor of what begins in a line, or the line before it, is named by letters, digits, '-' and '_': others are
/// none to go-yaml, and a text that was to begin with `&` must not become nothing.
fn has_plain_anchor(text: &str, line: usize) -> bool {
    let lines = text.lines().skip(line.saturating_sub(2)).take(2);
    let mut after = lines.flat_map(|line| line.split('&').skip(1));
    after.all(|rest| rest.starts_with(|sign: char| sign.is_ascii_alphanumeric() || "-_".contains(sign)))
}

/// What is being put together.
#[derive(Default)]
struct Tree {
    open: Vec<(usize, Node)>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !is_string(tag.as_deref())?;
                self.put(anchor, Node::Scalar(Scalar { text: Zeroizing::new(text.into_owned()), plain }))
            }
            Event::SequenceStart(_, anchor, _) => self.start(anchor, Node::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.start(anchor, Node::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((anchor, node)) => self.put(anchor, node),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or("has an alias within what it names")?;
                self.count(size(&node))?;
                self.put(0, node)
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, anchor: usize, node: Node) -> Result<(), &'static str> {
        self.count(1)?;
        self.open.push((anchor, node));
        Ok(())
    }

    fn put(&mut self, anchor: usize, node: Node) -> Result<(), &'static str> {
        self.count(1)?;
        if anchor > 0 {
            self.count(size(&node))?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some((_, Node::List(items) | Node::Map(items))) => items.push(node),
            _ => self.root = Some(node),
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize) -> Result<(), &'static str> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES { Err("is over budget: it has too many parts") } else { Ok(()) }
    }
}

fn size(node: &Node) -> usize {
    match node {
        Node::Scalar(scalar) => 1 + scalar.text.len() / 64,
        Node::List(items) | Node::Map(items) => 1 + items.iter().map(size).sum::<usize>(),
    }
}

/// Whether a tag makes a plain scalar a text; other tags of YAML's own may change a value and are refused.
fn is_string(tag: Option<&Tag>) -> Result<bool, &'static str> {
    match tag.map(|tag| tag.core_suffix()) {
        None => Ok(false),
        Some(Some("str") | None) => Ok(true),
        Some(Some(_)) => Err("has a tag that changes a value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(result: &str) -> Result<Vec<(String, String)>, Unreadable> {
        let text = |sealed: Sealed| String::from_utf8(sealed.expose().to_vec()).unwrap();
        Ok(read(&Sealed::from(result))?.into_iter().map(|(key, value)| (key, text(value))).collect())
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn scalars_become_texts_as_eso_makes_them() {
        let result = "a: 1\nb: yes\nc: \"yes\"\nd: ~\ne: |\n  two\n  lines\non: x\nf: !!str 010\n";
        let expected =
            [("a", "1"), ("b", "true"), ("c", "yes"), ("d", ""), ("e", "two\nlines\n"), ("f", "010"), ("true", "x")];
        assert_eq!(texts(result).unwrap(), pairs(&expected));
    }

    #[test]
    fn later_keys_win_and_merged_ones_come_in_where_they_stand() {
        assert_eq!(texts("a: 1\na: 2").unwrap(), pairs(&[("a", "2")]));
        assert_eq!(texts("a: 1\n<<: {a: 2, b: 3}\nb: 4").unwrap(), pairs(&[("a", "2"), ("b", "4")]));
        assert!(texts("a: &#34;1").is_err() && texts("a:\n  &é 1").is_err());
        assert_eq!(texts("a: [1]\na: 2").unwrap(), pairs(&[("a", "2")]));
        assert_eq!(texts("a: &x 1\nb: *x").unwrap(), pairs(&[("a", "1"), ("b", "1")]));
    }

    #[test]
    fn only_the_first_document_counts_and_none_is_an_empty_map() {
        assert_eq!(texts("a: 1\n---\nb: 2").unwrap(), pairs(&[("a", "1")]));
        for nothing in ["", "\n# comment\n", "null", "---\n"] {
            assert_eq!(texts(nothing), Ok(Vec::new()), "{nothing:?}");
        }
    }

    #[test]
    fn what_is_no_map_of_texts_is_refused_and_not_shown() {
        for result in ["hunter2", "- hunter2", "a: [hunter2]", "a: {b: hunter2}", "a: b: hunter2", "? [a]\n: hunter2"] {
            let error = texts(result).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        assert!(read(&Sealed::new(vec![b'a', b':', b' ', 0xff])).is_err());
    }

    #[test]
    fn a_document_that_aliases_blow_up_is_refused() {
        let mut text =
            format!("<<: &a0 {{{}}}\n", (0..10).map(|key| format!("k{key}: x")).collect::<Vec<_>>().join(", "));
        for level in 1..9 {
            let list = vec![format!("*a{}", level - 1); 10].join(", ");
            text = format!("{text}a{level}: &a{level} [{list}]\n");
        }
        assert!(texts(&text).unwrap_err().cause.contains("over budget"));
        assert!(texts(&"[".repeat(1000)).is_err());
    }
}
