//! Tokens to nodes, by the grammar of YAML 1.1. Only the first document counts.

use super::node::{Alias, Children, Node, Scalar};
use super::scan::Scanner;
use super::token::Kind;
use keyferry_gotemplate::FuncError;
use std::collections::HashMap;
use std::rc::Rc;

/// A grammar that is in the middle of a document.
pub(super) struct Composer<'c, 'a> {
    scanner: Scanner<'c, 'a>,
    anchors: HashMap<Vec<u8>, Rc<Node>>,
    /// Handles of tags and what they stand for.
    handles: Vec<(Vec<u8>, Vec<u8>)>,
}

type Composed = Result<Rc<Node>, FuncError>;

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Flow,
    Block,
    /// In a block mapping, where a sequence need not be indented.
    Mapping,
}

/// What stands before a node.
#[derive(Default)]
struct Properties {
    anchor: Option<Vec<u8>>,
    tag: Vec<u8>,
}

/// A document, which keeps the nodes that are referred to.
pub(super) struct Document {
    pub(super) root: Rc<Node>,
    _anchors: Vec<Rc<Node>>,
}

/// The first document of a stream; nothing if there is none.
pub(super) fn compose(scanner: Scanner<'_, '_>) -> Result<Option<Document>, FuncError> {
    let mut composer = Composer { scanner, anchors: HashMap::new(), handles: Vec::new() };
    composer.document()
}

impl Composer<'_, '_> {
    fn fail(&mut self, problem: &str) -> FuncError {
        let line = match self.scanner.peek() {
            Ok(token) => token.line,
            Err(error) => return error,
        };
        Self::fail_at(line, problem)
    }

    /// Go counts these lines from 0, and leaves out the first.
    fn fail_at(line: usize, problem: &str) -> FuncError {
        FuncError::Message(match line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {line}: {problem}"),
        })
    }

    fn kind(&mut self) -> Result<&Kind, FuncError> {
        Ok(&self.scanner.peek()?.kind)
    }

    fn is(&mut self, kind: &Kind) -> Result<bool, FuncError> {
        Ok(self.kind()? == kind)
    }

    fn is_one_of(&mut self, kinds: &[Kind]) -> Result<bool, FuncError> {
        let kind = self.kind()?;
        Ok(kinds.contains(kind))
    }

    /// Takes the next token if it is of this kind.
    fn takes(&mut self, kind: &Kind) -> Result<bool, FuncError> {
        let found = self.is(kind)?;
        if found {
            self.scanner.pop();
        }
        Ok(found)
    }

    fn document(&mut self) -> Result<Option<Document>, FuncError> {
        self.takes(&Kind::StreamStart)?;
        if self.is(&Kind::StreamEnd)? {
            return Ok(None);
        }
        let root = if self.is_document_start()? { self.explicit()? } else { self.implicit()? };
        // What comes after the document must at least be a token.
        self.kind()?;
        Ok(Some(Document { root, _anchors: self.anchors.drain().map(|(_, node)| node).collect() }))
    }

    fn is_document_start(&mut self) -> Result<bool, FuncError> {
        Ok(matches!(self.kind()?, Kind::Version(..) | Kind::TagDirective { .. } | Kind::DocumentStart))
    }

    fn implicit(&mut self) -> Composed {
        self.directives()?;
        self.node(Place::Block)
    }

    fn explicit(&mut self) -> Composed {
        self.directives()?;
        if !self.takes(&Kind::DocumentStart)? {
            return Err(self.fail("did not find expected <document start>"));
        }
        let empty = self.is_document_start()? || self.is_one_of(&[Kind::DocumentEnd, Kind::StreamEnd])?;
        if empty { self.empty() } else { self.node(Place::Block) }
    }

    fn directives(&mut self) -> Result<(), FuncError> {
        let mut versioned = false;
        loop {
            match self.kind()? {
                Kind::Version(..) if versioned => return Err(self.fail("found duplicate %YAML directive")),
                Kind::Version(1, 1) => versioned = true,
                Kind::Version(..) => return Err(self.fail("found incompatible YAML document")),
                Kind::TagDirective { handle, prefix } => {
                    let pair = (handle.clone(), prefix.clone());
                    if self.handles.iter().any(|(handle, _)| *handle == pair.0) {
                        return Err(self.fail("found duplicate %TAG directive"));
                    }
                    self.scanner.call.meter().step(self.handles.len())?;
                    self.handles.push(pair);
                }
                _ => break,
            }
            self.scanner.pop();
        }
        self.handles.push((b"!".to_vec(), b"!".to_vec()));
        self.handles.push((b"!!".to_vec(), super::resolve::LONG.to_vec()));
        Ok(())
    }

    /// What stands where nothing does.
    fn empty(&mut self) -> Composed {
        self.make(Node::Scalar(Scalar { value: Vec::new(), tag: Vec::new(), implicit: true }), None)
    }

    /// A node, which its anchor refers to from here on.
    fn make(&mut self, node: Node, anchor: Option<Vec<u8>>) -> Composed {
        self.scanner.call.meter().step(1)?;
        self.scanner.call.meter().allocate(size_of::<Node>() + 3 * size_of::<usize>())?;
        let node = Rc::new(node);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn node(&mut self, place: Place) -> Composed {
        if let Kind::Alias(name) = self.kind()? {
            let name = name.clone();
            self.scanner.pop();
            return self.alias(name);
        }
        let properties = self.properties()?;
        let tagged = !properties.tag.is_empty();
        match self.kind()? {
            Kind::BlockEntry if place == Place::Mapping => self.collection(properties, Self::indentless),
            Kind::Scalar { .. } => self.scalar(properties),
            Kind::FlowSequenceStart => self.collection(properties, Self::flow_sequence),
            Kind::FlowMappingStart => self.collection(properties, Self::flow_mapping),
            Kind::BlockSequenceStart if place != Place::Flow => self.collection(properties, Self::block_sequence),
            Kind::BlockMappingStart if place != Place::Flow => self.collection(properties, Self::block_mapping),
            _ if tagged || properties.anchor.is_some() => {
                let Properties { anchor, tag } = properties;
                self.make(Node::Scalar(Scalar { value: Vec::new(), tag, implicit: !tagged }), anchor)
            }
            _ => Err(self.fail("did not find expected node content")),
        }
    }

    fn alias(&mut self, name: Vec<u8>) -> Composed {
        let Some(of) = self.anchors.get(&name).map(Rc::downgrade) else {
            let name = String::from_utf8_lossy(&name).into_owned();
            return Err(FuncError::Message(format!("yaml: unknown anchor '{name}' referenced")));
        };
        self.make(Node::Alias(Alias { name, of }), None)
    }

    /// An anchor and a tag, in either order.
    fn properties(&mut self) -> Result<Properties, FuncError> {
        let mut properties = Properties { anchor: self.anchor()?, ..Properties::default() };
        if let Kind::Tag { handle, suffix } = self.kind()? {
            let (handle, suffix) = (handle.clone(), suffix.clone());
            let line = self.scanner.pop().map_or(0, |token| token.line);
            if properties.anchor.is_none() {
                properties.anchor = self.anchor()?;
            }
            self.kind()?;
            properties.tag = self.tag(&handle, suffix, line)?;
        }
        Ok(properties)
    }

    fn anchor(&mut self) -> Result<Option<Vec<u8>>, FuncError> {
        let Kind::Anchor(name) = self.kind()? else { return Ok(None) };
        let name = name.clone();
        self.scanner.pop();
        self.kind()?;
        Ok(Some(name))
    }

    fn tag(&self, handle: &[u8], suffix: Vec<u8>, line: usize) -> Result<Vec<u8>, FuncError> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        self.scanner.call.meter().step(self.handles.len())?;
        let found = self.handles.iter().find(|(name, _)| name == handle);
        let tag = found.map(|(_, prefix)| [prefix.as_slice(), &suffix].concat()).unwrap_or_default();
        self.scanner.call.meter().allocate(tag.len())?;
        if tag.is_empty() { Err(Self::fail_at(line, "found undefined tag handle")) } else { Ok(tag) }
    }

    fn scalar(&mut self, properties: Properties) -> Composed {
        let token = self.scanner.pop();
        let Some(Kind::Scalar { value, plain }) = token.map(|token| token.kind) else { return self.empty() };
        let Properties { anchor, tag } = properties;
        let implicit = (tag.is_empty() && plain) || tag == b"!";
        self.make(Node::Scalar(Scalar { value, tag, implicit }), anchor)
    }

    /// A node with others in it. Its anchor can be referred to within.
    fn collection(
        &mut self,
        properties: Properties,
        fill: fn(&mut Self, &mut Filling<'_>) -> Result<(), FuncError>,
    ) -> Composed {
        let mapping = matches!(self.kind()?, Kind::FlowMappingStart | Kind::BlockMappingStart);
        let children = Children::default();
        let node = if mapping { Node::Mapping(children) } else { Node::Sequence(children) };
        let node = self.make(node, properties.anchor)?;
        let call = self.scanner.call;
        call.meter().deeper(|| fill(self, &mut Filling(&node)))?;
        Ok(node)
    }

    fn block_sequence(&mut self, filling: &mut Filling<'_>) -> Result<(), FuncError> {
        self.scanner.pop();
        while self.takes(&Kind::BlockEntry)? {
            let empty = self.is_one_of(&[Kind::BlockEntry, Kind::BlockEnd])?;
            filling.push(if empty { self.empty()? } else { self.node(Place::Block)? });
        }
        self.end(&Kind::BlockEnd, "did not find expected '-' indicator")
    }

    fn indentless(&mut self, filling: &mut Filling<'_>) -> Result<(), FuncError> {
        while self.takes(&Kind::BlockEntry)? {
            let empty = self.is_one_of(&[Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd])?;
            filling.push(if empty { self.empty()? } else { self.node(Place::Block)? });
        }
        Ok(())
    }

    fn block_mapping(&mut self, filling: &mut Filling<'_>) -> Result<(), FuncError> {
        self.scanner.pop();
        while self.takes(&Kind::Key)? {
            let key = self.in_mapping()?;
            filling.push(key);
            let value = if self.takes(&Kind::Value)? { self.in_mapping()? } else { self.empty()? };
            filling.push(value);
        }
        self.end(&Kind::BlockEnd, "did not find expected key")
    }

    /// A key or value of a block mapping.
    fn in_mapping(&mut self) -> Composed {
        let empty = self.is_one_of(&[Kind::Key, Kind::Value, Kind::BlockEnd])?;
        if empty { self.empty() } else { self.node(Place::Mapping) }
    }

    fn end(&mut self, kind: &Kind, problem: &str) -> Result<(), FuncError> {
        if self.takes(kind)? { Ok(()) } else { Err(self.fail(problem)) }
    }

    fn flow_sequence(&mut self, filling: &mut Filling<'_>) -> Result<(), FuncError> {
        self.scanner.pop();
        let mut first = true;
        while !self.is(&Kind::FlowSequenceEnd)? {
            if !first && !self.takes(&Kind::FlowEntry)? {
                return Err(self.fail("did not find expected ',' or ']'"));
            }
            first = false;
            if self.takes(&Kind::Key)? {
                filling.push(self.pair()?);
            } else if !self.is(&Kind::FlowSequenceEnd)? {
                filling.push(self.node(Place::Flow)?);
            }
        }
        self.scanner.pop();
        Ok(())
    }

    /// A mapping of one key, without braces.
    fn pair(&mut self) -> Composed {
        let node = self.make(Node::Mapping(Children::default()), None)?;
        let call = self.scanner.call;
        call.meter().deeper(|| self.fill_pair(&mut Filling(&node)))?;
        Ok(node)
    }

    fn fill_pair(&mut self, filling: &mut Filling<'_>) -> Result<(), FuncError> {
        if self.is_one_of(&[Kind::Value, Kind::FlowEntry, Kind::FlowSequenceEnd])? {
            // Go takes the token away, whatever it is.
            self.scanner.pop();
            filling.push(self.empty()?);
        } else {
            filling.push(self.node(Place::Flow)?);
        }
        let value = self.takes(&Kind::Value)? && !self.is_one_of(&[Kind::FlowEntry, Kind::FlowSequenceEnd])?;
        filling.push(if value { self.node(Place::Flow)? } else { self.empty()? });
        Ok(())
    }

    fn flow_mapping(&mut self, filling: &mut Filling<'_>) -> Result<(), FuncError> {
        self.scanner.pop();
        let mut first = true;
        while !self.is(&Kind::FlowMappingEnd)? {
            if !first && !self.takes(&Kind::FlowEntry)? {
                return Err(self.fail("did not find expected ',' or '}'"));
            }
            first = false;
            if self.takes(&Kind::Key)? {
                let empty = self.is_one_of(&[Kind::Value, Kind::FlowEntry, Kind::FlowMappingEnd])?;
                filling.push(if empty { self.empty()? } else { self.node(Place::Flow)? });
                let value = self.takes(&Kind::Value)? && !self.is_one_of(&[Kind::FlowEntry, Kind::FlowMappingEnd])?;
                filling.push(if value { self.node(Place::Flow)? } else { self.empty()? });
            } else if !self.is(&Kind::FlowMappingEnd)? {
                filling.push(self.node(Place::Flow)?);
                filling.push(self.empty()?);
            }
        }
        self.scanner.pop();
        Ok(())
    }
}

/// A sequence or mapping whose nodes are being read.
struct Filling<'n>(&'n Rc<Node>);

impl Filling<'_> {
    fn push(&mut self, child: Rc<Node>) {
        if let Node::Sequence(children) | Node::Mapping(children) = &**self.0 {
            children.borrow_mut().push(child);
        }
    }
}
