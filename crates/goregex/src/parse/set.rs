//! Classes in brackets.

use super::{Error, ErrorKind, Node, Parser, escape, next, position, up_to};
use crate::class::{Ranges, posix};

/// What a class is made of so far.
#[derive(Default)]
struct Members {
    /// As they are.
    fixed: Vec<(u32, u32)>,
    /// To come with all cases if case does not count.
    cased: Vec<(u32, u32)>,
}

impl Parser<'_> {
    pub(super) fn set(&mut self) -> Result<(), Error> {
        let set = self.rest;
        self.skip(1);
        let negated = self.rest.first() == Some(&b'^');
        self.skip(usize::from(negated));
        let (mut members, mut first) = (Members::default(), true);
        while first || self.rest.first() != Some(&b']') {
            first = false;
            self.member(set, &mut members)?;
        }
        self.skip(1);
        let ranges = Ranges::of(&members.fixed).with(&self.folded(Ranges::of(&members.cased))?);
        let ranges = if negated { ranges.negated() } else { ranges };
        self.charge(ranges.len())?;
        self.push(Node::class(ranges))
    }

    fn member(&mut self, set: &[u8], members: &mut Members) -> Result<(), Error> {
        if self.named_member(members)? {
            return Ok(());
        }
        if let Some((ranges, rest)) = self.class_escape(self.rest)? {
            members.fixed.extend(ranges.as_slice());
            self.rest = rest;
            return Ok(());
        }
        let range = self.range(set)?;
        self.charge(1)?;
        members.cased.push(range);
        Ok(())
    }

    /// `[:alnum:]`, if that is next.
    fn named_member(&mut self, members: &mut Members) -> Result<bool, Error> {
        let Some(inside) = self.rest.strip_prefix(b"[:") else { return Ok(false) };
        let Some(end) = position(inside, b":]") else { return Ok(false) };
        let (name, rest) = inside.split_at(end);
        let rest = rest.get(2..).unwrap_or_default();
        let positive = name.strip_prefix(b"^");
        let ranges = posix(positive.unwrap_or(name));
        let ranges = ranges.ok_or_else(|| Error::syntax(ErrorKind::CharRange, up_to(self.rest, rest)))?;
        let ranges = self.chosen(ranges, true, positive.is_some())?;
        members.fixed.extend(ranges.as_slice());
        self.rest = rest;
        Ok(true)
    }

    /// One character or two with `-` between them.
    fn range(&mut self, set: &[u8]) -> Result<(u32, u32), Error> {
        let text = self.rest;
        let first = self.set_character(set)?;
        if !matches!(self.rest, [b'-', after, ..] if *after != b']') {
            return Ok((first, first));
        }
        self.skip(1);
        let last = self.set_character(set)?;
        if last < first {
            return Err(Error::syntax(ErrorKind::CharRange, up_to(text, self.rest)));
        }
        Ok((first, last))
    }

    fn set_character(&mut self, set: &[u8]) -> Result<u32, Error> {
        let (character, rest) = match self.rest.first() {
            None => return Err(Error::syntax(ErrorKind::MissingBracket, set)),
            Some(b'\\') => escape::character(self.rest)?,
            Some(_) => next(self.rest)?,
        };
        self.rest = rest;
        Ok(character)
    }
}
