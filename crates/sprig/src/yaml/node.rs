//! A document as it is written: nodes, of which aliases share what they stand for.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// A node of a document.
pub(super) enum Node {
    Scalar(Scalar),
    Sequence(Children),
    /// Keys and values in turns.
    Mapping(Children),
    Alias(Alias),
}

/// The nodes in a node. They come after it, and aliases within may stand for it.
pub(super) type Children = RefCell<Vec<Rc<Node>>>;

pub(super) struct Scalar {
    pub(super) value: Vec<u8>,
    /// Empty if there is none.
    pub(super) tag: Vec<u8>,
    /// Whether it is for the text to say what type the value has.
    pub(super) implicit: bool,
}

/// What an alias stands for, which may be a node that it lies within.
pub(super) struct Alias {
    pub(super) name: Vec<u8>,
    pub(super) of: Weak<Node>,
}
