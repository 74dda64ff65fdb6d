//! Groups, alternatives and flags.

use super::{Error, ErrorKind, Flags, Node, Parser, check_utf8, next, position, up_to};

/// A group that is open; the expression itself is one.
#[derive(Default)]
pub(super) struct Group {
    /// Its number, if it captures.
    index: Option<u32>,
    /// What is in force after it.
    flags: Flags,
    branches: Vec<Node>,
    /// Of the last branch.
    nodes: Vec<Node>,
}

impl Group {
    pub(super) fn push(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// What a repetition is of.
    pub(super) fn pop(&mut self) -> Option<Node> {
        self.nodes.pop()
    }
}

impl Parser<'_> {
    fn end_branch(&mut self) -> Result<(), Error> {
        let branch = Node::concat(std::mem::take(&mut self.group.nodes));
        self.check_height(&branch)?;
        self.group.branches.push(branch);
        Ok(())
    }

    /// All of the innermost group.
    pub(super) fn finished(&mut self) -> Result<Node, Error> {
        self.end_branch()?;
        let node = Node::alternation(std::mem::take(&mut self.group.branches));
        self.check_height(&node)?;
        Ok(node)
    }

    pub(super) fn bar(&mut self) -> Result<(), Error> {
        self.skip(1);
        self.end_branch()
    }

    pub(super) fn close(&mut self) -> Result<(), Error> {
        let node = self.finished()?;
        let Some(outer) = self.outer.pop() else {
            return Err(Error::syntax(ErrorKind::UnexpectedParen, self.pattern));
        };
        let group = std::mem::replace(&mut self.group, outer);
        self.flags = group.flags;
        let node = match group.index {
            Some(index) => node.captured(index),
            None => node,
        };
        self.one(node)
    }

    pub(super) fn open(&mut self) -> Result<(), Error> {
        if self.rest.get(1) == Some(&b'?') {
            return self.open_special();
        }
        self.skip(1);
        self.open_capture(String::new());
        Ok(())
    }

    fn open_capture(&mut self, name: String) {
        let index = u32::try_from(self.names.len()).ok();
        self.names.push(name);
        self.open_group(index);
    }

    fn open_group(&mut self, index: Option<u32>) {
        let group = Group { index, flags: self.flags, ..Group::default() };
        self.outer.push(std::mem::replace(&mut self.group, group));
    }

    fn open_special(&mut self) -> Result<(), Error> {
        match self.rest {
            [b'(', b'?', b'P', b'<', _, ..] => self.open_named(4),
            [b'(', b'?', b'<', _, ..] => self.open_named(3),
            _ => self.set_flags(),
        }
    }

    /// `(?P<name>` or `(?<name>`, with the name at `start`.
    fn open_named(&mut self, start: usize) -> Result<(), Error> {
        let Some(end) = position(self.rest, b">") else {
            check_utf8(self.rest)?;
            return Err(Error::syntax(ErrorKind::NamedCapture, self.rest));
        };
        let name = self.rest.get(start..end).unwrap_or_default();
        check_utf8(name)?;
        if name.is_empty() || !name.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
            return Err(Error::syntax(ErrorKind::NamedCapture, self.rest.get(..=end).unwrap_or_default()));
        }
        self.open_capture(String::from_utf8_lossy(name).into_owned());
        self.skip(end + 1);
        Ok(())
    }

    /// `(?i)` or `(?i-s:`.
    fn set_flags(&mut self) -> Result<(), Error> {
        let (mut rest, mut flags) = (self.rest.get(2..).unwrap_or_default(), self.flags);
        let (mut on, mut seen) = (true, false);
        while !rest.is_empty() {
            let (character, after) = next(rest)?;
            rest = after;
            match char::from_u32(character) {
                Some('i') => flags.fold = on,
                Some('m') => flags.lines = on,
                Some('s') => flags.dot_all = on,
                Some('U') => flags.swap_greed = on,
                Some('-') if on => {
                    (on, seen) = (false, false);
                    continue;
                }
                Some(end @ (':' | ')')) if on || seen => {
                    self.rest = rest;
                    if end == ':' {
                        self.open_group(None);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        Err(Error::syntax(ErrorKind::PerlOp, up_to(self.rest, rest)))
    }
}
