//! Nodes to values, as Go's `interface {}` would hold them.

use super::compose::Document;
use super::node::{Alias, Node, Scalar};
use super::resolve::{LONG, Plain, resolve};
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::Engine as _;
use keyferry_gotemplate::{Call, FuncError};
use std::collections::HashMap;
use std::rc::Rc;

/// A value of a document.
#[derive(Debug, Clone)]
pub(super) enum Data {
    Plain(Plain),
    List(Vec<Data>),
    Map(Entries),
}

/// A map in the order of its first keys; a key that comes again has the new value.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries {
    pub(super) list: Vec<(Plain, Data)>,
    places: HashMap<Vec<u8>, usize>,
}

impl Entries {
    fn set(&mut self, key: Plain, value: Data) {
        let place = match &key {
            // It is equal to nothing, so that there may be many.
            Plain::Float(number) if number.is_nan() => None,
            _ => Some(*self.places.entry(identity(&key)).or_insert(self.list.len())),
        };
        match place.and_then(|place| self.list.get_mut(place)) {
            Some(entry) => entry.1 = value,
            None => self.list.push((key, value)),
        }
    }
}

/// What tells keys apart: a number is not its text.
fn identity(key: &Plain) -> Vec<u8> {
    match key {
        Plain::Null | Plain::Date => vec![0],
        Plain::Bool(truth) => vec![1, u8::from(*truth)],
        Plain::Int(number) => [&[2][..], &number.to_be_bytes()].concat(),
        Plain::Uint(number) => [&[3][..], &number.to_be_bytes()].concat(),
        Plain::Float(number) => [&[4][..], &(number + 0.0).to_bits().to_be_bytes()].concat(),
        Plain::Text(text) => [&[5][..], text].concat(),
    }
}

/// The value of a document. Go refuses one that is mostly made of aliases.
pub(super) fn decode(call: &Call<'_>, document: &Document) -> Result<Data, FuncError> {
    Decoder { call, open: Vec::new(), count: 1, aliased: 0 }.node(&document.root)
}

struct Decoder<'c, 'a> {
    call: &'c Call<'a>,
    /// The aliases that are being followed.
    open: Vec<*const Alias>,
    /// With the document itself.
    count: u32,
    aliased: u32,
}

/// Up to this many nodes 99 of 100 may come from aliases.
const MANY: f64 = 400_000.0;

/// From this many nodes on 10 of 100 may.
const MOST: f64 = 4_000_000.0;

fn allowed_share(count: f64) -> f64 {
    0.99 - 0.89 * ((count - MANY) / (MOST - MANY)).clamp(0.0, 1.0)
}

impl Decoder<'_, '_> {
    fn enter(&mut self) -> Result<(), FuncError> {
        self.call.meter().step(1)?;
        self.call.meter().allocate(size_of::<Data>())?;
        self.count += 1;
        self.aliased += u32::from(!self.open.is_empty());
        let (count, aliased) = (f64::from(self.count), f64::from(self.aliased));
        if aliased > 100.0 && count > 1000.0 && aliased / count > allowed_share(count) {
            return Err("yaml: document contains excessive aliasing".into());
        }
        Ok(())
    }

    fn node(&mut self, node: &Rc<Node>) -> Result<Data, FuncError> {
        match &**node {
            Node::Alias(alias) => self.follow(alias, Self::node),
            Node::Scalar(scalar) => {
                self.enter()?;
                Ok(Data::Plain(self.scalar(scalar)?))
            }
            Node::Sequence(children) => {
                self.enter()?;
                let call = self.call;
                let children = children.borrow();
                let items = || children.iter().map(|child| self.node(child)).collect::<Result<Vec<_>, _>>();
                Ok(Data::List(call.meter().deeper(items)?))
            }
            Node::Mapping(_) => {
                let mut entries = Entries::default();
                self.mapping(node, &mut entries)?;
                Ok(Data::Map(entries))
            }
        }
    }

    /// What an alias stands for; one that is part of itself has no value.
    fn follow<T>(
        &mut self,
        alias: &Alias,
        then: impl FnOnce(&mut Self, &Rc<Node>) -> Result<T, FuncError>,
    ) -> Result<T, FuncError> {
        self.enter()?;
        let itself = std::ptr::from_ref(alias);
        self.call.meter().step(self.open.len())?;
        if self.open.contains(&itself) {
            let name = String::from_utf8_lossy(&alias.name);
            return Err(FuncError::Message(format!("yaml: anchor '{name}' value contains itself")));
        }
        let of = alias.of.upgrade().ok_or("yaml: unknown anchor")?;
        self.open.push(itself);
        let call = self.call;
        let outcome = call.meter().deeper(|| then(self, &of));
        self.open.pop();
        outcome
    }

    fn scalar(&self, scalar: &Scalar) -> Result<Plain, FuncError> {
        self.call.meter().allocate(scalar.value.len())?;
        if scalar.tag.is_empty() && !scalar.implicit {
            return Ok(Plain::Text(scalar.value.clone()));
        }
        if scalar.tag.strip_prefix(LONG) == Some(b"binary") {
            return binary(&scalar.value).map(Plain::Text);
        }
        match resolve(&scalar.tag, &scalar.value)? {
            Plain::Date => Ok(Plain::Text(scalar.value.clone())),
            plain => Ok(plain),
        }
    }

    /// Adds the entries of a mapping to those that are there.
    fn mapping(&mut self, node: &Rc<Node>, entries: &mut Entries) -> Result<(), FuncError> {
        let Node::Mapping(children) = &**node else { return Ok(()) };
        self.enter()?;
        let call = self.call;
        call.meter().deeper(|| {
            for pair in children.borrow().chunks(2) {
                let [key, value] = pair else { continue };
                if is_merge(key) {
                    self.merge(value, entries)?;
                } else {
                    let key = self.key(key)?;
                    let value = self.node(value)?;
                    self.call.meter().allocate(2 * size_of::<(Plain, Data)>())?;
                    entries.set(key, value);
                }
            }
            Ok(())
        })
    }

    fn key(&mut self, node: &Rc<Node>) -> Result<Plain, FuncError> {
        match self.node(node)? {
            Data::Plain(key) => Ok(key),
            other => {
                let shown = super::show::go_syntax(self.call, &other)?;
                let shown = String::from_utf8_lossy(&shown);
                Err(FuncError::Message(format!("yaml: invalid map key: {shown}")))
            }
        }
    }

    /// Entries of other mappings; of several the first counts.
    fn merge(&mut self, node: &Rc<Node>, entries: &mut Entries) -> Result<(), FuncError> {
        match &**node {
            Node::Sequence(children) => {
                for child in children.borrow().iter().rev() {
                    if matches!(&**child, Node::Sequence(_)) {
                        return Err(WANTS_MAP.into());
                    }
                    self.merge(child, entries)?;
                }
                Ok(())
            }
            Node::Mapping(_) => self.mapping(node, entries),
            Node::Alias(alias) if alias.of.upgrade().is_some_and(|of| matches!(*of, Node::Mapping(_))) => {
                self.follow(alias, |decoder, of| decoder.mapping(of, entries))
            }
            _ => Err(WANTS_MAP.into()),
        }
    }
}

const WANTS_MAP: &str = "yaml: map merge requires map or sequence of maps as the value";

fn is_merge(node: &Node) -> bool {
    match node {
        Node::Scalar(scalar) => {
            scalar.value == b"<<" && (scalar.implicit || scalar.tag.strip_prefix(LONG) == Some(b"merge"))
        }
        _ => false,
    }
}

/// Ends of lines do not count.
fn binary(text: &[u8]) -> Result<Vec<u8>, FuncError> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let decoded = GeneralPurpose::new(&STANDARD, config).decode(text);
    decoded.map_err(|_| "yaml: !!binary value contains invalid base64 data".into())
}
