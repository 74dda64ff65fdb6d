//! `*`, `+`, `?` and `{2,3}`.

use super::{Error, ErrorKind, Parser, up_to};
use crate::limits::REPEAT;

/// What braces say: from, to, and what comes after them.
type Count<'t> = (u32, Option<u32>, &'t [u8]);

impl<'p> Parser<'p> {
    /// An operator of one character.
    pub(super) fn operator(&mut self, min: u32, max: Option<u32>, last: Option<&'p [u8]>) -> Result<(), Error> {
        let before = self.rest;
        self.skip(1);
        self.repeat(min, max, before, last)
    }

    pub(super) fn count(&mut self, last: Option<&'p [u8]>) -> Result<(), Error> {
        let before = self.rest;
        let Some((min, max, after)) = count(before) else {
            self.skip(1);
            return self.literal(u32::from(b'{'));
        };
        if min > REPEAT || max.is_some_and(|max| max > REPEAT || max < min) {
            return Err(Error::syntax(ErrorKind::RepeatSize, up_to(before, after)));
        }
        self.rest = after;
        self.repeat(min, max, before, last)
    }

    /// Repeats the last node; the operator is between `before` and the rest.
    fn repeat(&mut self, min: u32, max: Option<u32>, before: &'p [u8], last: Option<&'p [u8]>) -> Result<(), Error> {
        let lazy = self.rest.first() == Some(&b'?');
        self.skip(usize::from(lazy));
        if let Some(last) = last {
            return Err(Error::syntax(ErrorKind::RepeatOp, up_to(last, self.rest)));
        }
        let Some(node) = self.group.pop() else {
            return Err(Error::syntax(ErrorKind::MissingRepeatArgument, up_to(before, self.rest)));
        };
        let node = node.repeated(min, max, lazy == self.flags.swap_greed);
        self.check_height(&node)?;
        if node.repeats() > REPEAT {
            return Err(Error::syntax(ErrorKind::RepeatSize, up_to(before, self.rest)));
        }
        self.group.push(node);
        self.last_repeat = Some(before);
        Ok(())
    }
}

/// `{2}`, `{2,}` or `{2,3}` at the beginning of `text`.
fn count(text: &[u8]) -> Option<Count<'_>> {
    let (min, rest) = number(text.strip_prefix(b"{")?)?;
    let (max, rest) = match rest.strip_prefix(b",") {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with(b"}") => (None, rest),
        Some(rest) => number(rest).map(|(max, rest)| (Some(max), rest))?,
    };
    Some((min, max, rest.strip_prefix(b"}")?))
}

/// A number without leading zeros; one that is too large is as large as can be.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length)?;
    if digits.is_empty() || (length > 1 && digits.starts_with(b"0")) {
        return None;
    }
    let add = |number: u32, digit: &u8| number.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    Some((digits.iter().fold(0, add), rest))
}
