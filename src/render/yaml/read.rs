//! Reads YAML into a tree: bounded, with aliases and merge keys put in.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Kind, Node, Scalar};

/// How many nodes one document may have, those that aliases repeat included.
pub(super) const MOST_NODES: usize = 200_000;
const DEEPEST: usize = 64;
const MERGE: &str = "<<";

/// Why a text is not read: the line, and what is wrong there. It quotes nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and its cure.
    pub cause: &'static str,
}

/// One document of a stream as it stands there: its text without the `---`, and the line it begins in.
pub(crate) struct Chunk<'a> {
    /// The line of its first character, counted from 1.
    pub line: usize,
    /// The text.
    pub text: &'a str,
}

/// Takes a stream apart at its `---` lines, so that what is wrong with one document harms no other.
pub(crate) fn chunks(stream: &str) -> Vec<Chunk<'_>> {
    let mut found = Vec::new();
    let (mut start, mut first, mut place) = (0, 1, 0);
    for (number, line) in stream.split_inclusive('\n').enumerate() {
        if is_separator(line) {
            found.push(Chunk { line: first, text: stream.get(start..place).unwrap_or_default() });
            (start, first) = (place + line.len(), number + 2);
        }
        place += line.len();
    }
    found.push(Chunk { line: first, text: stream.get(start..).unwrap_or_default() });
    found.retain(|chunk| chunk.text.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#')));
    found
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}

/// Reads one document whose first line is the line `first` of its file; none where there is only comment.
///
/// # Errors
/// What is no YAML, is too large or too deep, or has a tag or a key that is no scalar.
pub(crate) fn read(text: &str, first: usize) -> Result<Option<Node>, Unreadable> {
    let options = granit_parser::options! { flow_nesting_limit: DEEPEST, block_nesting_limit: DEEPEST };
    let mut tree = Tree::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| Unreadable {
            line: first + error.marker().line().saturating_sub(1),
            cause: "this is no YAML; `kubectl create --dry-run=client -f FILE` says more",
        })?;
        tree.line = first + span.start.line().saturating_sub(1);
        tree.take(event).map_err(|cause| Unreadable { line: tree.line, cause })?;
    }
    Ok(tree.root)
}

/// What is being put together.
#[derive(Default)]
struct Tree {
    line: usize,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

/// A list or map that has not ended.
struct Open {
    anchor: usize,
    node: Node,
    key: Option<Scalar>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !is_string(tag.as_deref())?;
                let kind = Kind::Scalar(Scalar { text: text.into_owned(), plain });
                self.put(anchor, Node { line: self.line, kind })
            }
            Event::SequenceStart(_, anchor, _) => self.start(anchor, Kind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.start(anchor, Kind::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or("an alias within what it names; write it out")?;
                self.count(size(&node))?;
                self.put(0, node)
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, anchor: usize, kind: Kind) -> Result<(), &'static str> {
        self.count(1)?;
        self.open.push(Open { anchor, node: Node { line: self.line, kind }, key: None });
        Ok(())
    }

    fn end(&mut self) -> Result<(), &'static str> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        if let Kind::Map(entries) = &mut open.node.kind {
            merge(entries);
        }
        self.put(open.anchor, open.node)
    }

    /// Puts a finished node where it belongs: a document, an item, a key or a key's value.
    fn put(&mut self, anchor: usize, node: Node) -> Result<(), &'static str> {
        self.count(1)?;
        if anchor > 0 {
            self.count(size(&node))?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        match (&mut open.node.kind, open.key.take()) {
            (Kind::List(items), _) => items.push(node),
            (Kind::Map(entries), Some(key)) => entries.push((key, node)),
            (Kind::Map(_), None) => open.key = Some(key(node)?),
            (Kind::Scalar(_), _) => {}
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize) -> Result<(), &'static str> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES { Err("the document is too large; give the files one by one") } else { Ok(()) }
    }
}

fn size(node: &Node) -> usize {
    let items = node.items().iter().map(size).sum::<usize>();
    1 + items + node.entries().iter().map(|(_, value)| 1 + size(value)).sum::<usize>()
}

fn key(node: Node) -> Result<Scalar, &'static str> {
    match node.kind {
        Kind::Scalar(scalar) => Ok(scalar),
        _ => Err("a key that is no word; write it as one"),
    }
}

/// Whether a tag makes a plain scalar a string.
fn is_string(tag: Option<&Tag>) -> Result<bool, &'static str> {
    match tag.map(|tag| tag.core_suffix().unwrap_or_default()) {
        None => Ok(false),
        Some("str") => Ok(true),
        Some(_) => Err("a tag that changes a value; write the value as it is"),
    }
}

/// Puts in what `<<` names; the map's own keys win, and of several sources the first.
fn merge(entries: &mut Vec<(Scalar, Node)>) {
    let is_merge = |(key, _): &(Scalar, Node)| key.plain && key.text == MERGE;
    if !entries.iter().any(is_merge) {
        return;
    }
    let (merged, own): (Vec<_>, Vec<_>) = std::mem::take(entries).into_iter().partition(is_merge);
    let mut known: BTreeSet<String> = own.iter().map(|(key, _)| key.text.clone()).collect();
    *entries = own;
    for (_, source) in &merged {
        let single = std::slice::from_ref(source);
        let sources = if source.is_map() { single } else { source.items() };
        for (key, value) in sources.iter().flat_map(Node::entries) {
            if known.insert(key.text.clone()) {
                entries.push((key.clone(), value.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        read(text, 1).map_err(|error| error.cause).unwrap().unwrap()
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let node = read("a:\n  b: x\n", 11).ok().flatten().unwrap();
        assert_eq!(node.at(&["a", "b"]).unwrap().line, 12);
    }

    #[test]
    fn aliases_and_merge_keys_are_put_in_and_own_keys_win() {
        let node = tree("base: &b {x: 1, y: 2}\nuser:\n  <<: *b\n  y: 3\n");
        assert_eq!(node.text_at(&["user", "x"]), Some("1"));
        assert_eq!(node.text_at(&["user", "y"]), Some("3"));
    }

    #[test]
    fn a_document_that_aliases_blow_up_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let list = vec![format!("*a{}", level - 1); 10].join(", ");
            text = format!("{text}a{level}: &a{level} [{list}]\n");
        }
        assert!(read(&text, 1).err().unwrap().cause.contains("too large"));
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        assert!(read(&"[".repeat(1000), 1).is_err());
    }

    #[test]
    fn a_stream_falls_into_its_documents_and_comments_are_none() {
        let parts = chunks("# head\n---\na: 1\n--- # two\nb: 2\n---\n# nothing\n");
        let parts: Vec<_> = parts.iter().map(|chunk| (chunk.line, chunk.text)).collect();
        assert_eq!(parts, [(3, "a: 1\n"), (5, "b: 2\n")]);
    }

    #[test]
    fn an_error_quotes_nothing_and_has_its_line() {
        let error = read("a: 1\nb: [hunter2\nc: 3\n", 1).err().unwrap();
        assert!(error.line >= 2 && !format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
