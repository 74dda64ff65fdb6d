//! Go's syntax, with the flags of `regexp.Compile`, into what the automata are built of.

mod escape;
mod group;
mod repeat;
mod set;

use crate::class::{self, LAST, Ranges};
use crate::error::{Error, ErrorKind, Limit};
use crate::limits::{Limits, NESTING};
use crate::node::Node;
use crate::text::{decode, first_bad};
use group::Group;
use regex_syntax::hir::{Hir, Look};

/// What `(?imsU)` sets.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of the language")]
struct Flags {
    fold: bool,
    lines: bool,
    dot_all: bool,
    swap_greed: bool,
}

#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) hir: Hir,
    /// How deep it is nested.
    pub(crate) height: usize,
    /// Of all groups; the whole match is the first.
    pub(crate) names: Vec<String>,
}

/// The parser has no recursion: open groups are a list.
struct Parser<'p> {
    pattern: &'p [u8],
    rest: &'p [u8],
    flags: Flags,
    /// The open groups but for the innermost.
    outer: Vec<Group>,
    group: Group,
    names: Vec<String>,
    /// From the last repetition operator on, if nothing came after it.
    last_repeat: Option<&'p [u8]>,
    /// Ranges of classes that are still allowed.
    ranges: usize,
    limits: Limits,
}

pub(crate) fn parse(pattern: &[u8], limits: Limits) -> Result<Parsed, Error> {
    if pattern.len() > limits.pattern {
        return Err(Error::Limit(Limit::Pattern(limits.pattern)));
    }
    let mut parser = Parser {
        pattern,
        rest: pattern,
        flags: Flags::default(),
        outer: Vec::new(),
        group: Group::default(),
        names: vec![String::new()],
        last_repeat: None,
        ranges: limits.ranges,
        limits,
    };
    let whole = parser.all()?;
    Ok(Parsed { height: whole.height(), hir: whole.into_hir(), names: parser.names })
}

/// Characters whose other cases are found in about the time that a range takes.
const CASES: usize = 4;

/// The first character of `text` and what comes after it; at the end U+FFFD and nothing, as in Go.
fn next(text: &[u8]) -> Result<(u32, &[u8]), Error> {
    match decode(text) {
        (char::REPLACEMENT_CHARACTER, 1) => Err(Error::syntax(ErrorKind::Utf8, text)),
        (character, width) => Ok((u32::from(character), text.get(width..).unwrap_or_default())),
    }
}

fn check_utf8(text: &[u8]) -> Result<(), Error> {
    match first_bad(text) {
        Some(at) => Err(Error::syntax(ErrorKind::Utf8, text.get(at..).unwrap_or_default())),
        None => Ok(()),
    }
}

/// What of `text` comes before `rest`, which is its end.
fn up_to<'p>(text: &'p [u8], rest: &[u8]) -> &'p [u8] {
    text.get(..text.len().saturating_sub(rest.len())).unwrap_or_default()
}

fn position(text: &[u8], of: &[u8]) -> Option<usize> {
    text.windows(of.len()).position(|window| window == of)
}

impl<'p> Parser<'p> {
    fn all(&mut self) -> Result<Node, Error> {
        while let Some(&first) = self.rest.first() {
            let last_repeat = self.last_repeat.take();
            self.step(first, last_repeat)?;
        }
        let whole = self.finished()?;
        if !self.outer.is_empty() {
            return Err(Error::syntax(ErrorKind::MissingParen, self.pattern));
        }
        Ok(whole)
    }

    fn step(&mut self, first: u8, last_repeat: Option<&'p [u8]>) -> Result<(), Error> {
        match first {
            b'(' => self.open(),
            b'|' => self.bar(),
            b')' => self.close(),
            b'^' => self.one(Node::look(if self.flags.lines { Look::StartLF } else { Look::Start })),
            b'$' => self.one(Node::look(if self.flags.lines { Look::EndLF } else { Look::End })),
            b'.' => self.dot(),
            b'[' => self.set(),
            b'*' => self.operator(0, None, last_repeat),
            b'+' => self.operator(1, None, last_repeat),
            b'?' => self.operator(0, Some(1), last_repeat),
            b'{' => self.count(last_repeat),
            b'\\' => self.backslash(),
            _ => self.character(),
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn push(&mut self, node: Node) -> Result<(), Error> {
        self.check_height(&node)?;
        self.group.push(node);
        Ok(())
    }

    fn check_height(&self, node: &Node) -> Result<(), Error> {
        if node.height() > NESTING {
            return Err(Error::syntax(ErrorKind::NestingDepth, self.pattern));
        }
        Ok(())
    }

    fn one(&mut self, node: Node) -> Result<(), Error> {
        self.skip(1);
        self.push(node)
    }

    fn character(&mut self) -> Result<(), Error> {
        let (character, rest) = next(self.rest)?;
        self.rest = rest;
        self.literal(character)
    }

    fn literal(&mut self, character: u32) -> Result<(), Error> {
        self.push(Node::literal(character, self.flags.fold))
    }

    fn dot(&mut self) -> Result<(), Error> {
        let ranges: &[_] = if self.flags.dot_all { &[(0, LAST)] } else { &[(0, 0x9), (0xb, LAST)] };
        self.one(Node::class(Ranges::of(ranges)))
    }

    /// Takes the ranges of a class from what is allowed.
    fn charge(&mut self, ranges: usize) -> Result<(), Error> {
        self.ranges = self.ranges.checked_sub(ranges).ok_or(Error::Limit(Limit::Ranges(self.limits.ranges)))?;
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), Error> {
        match self.rest.get(1) {
            Some(b'A') => self.look(Look::Start),
            Some(b'z') => self.look(Look::End),
            Some(b'b') => self.look(Look::WordAscii),
            Some(b'B') => self.look(Look::WordAsciiNegate),
            Some(b'C') => Err(Error::syntax(ErrorKind::Escape, self.rest.get(..2).unwrap_or_default())),
            Some(b'Q') => self.quoted(),
            _ => self.escaped(),
        }
    }

    fn look(&mut self, look: Look) -> Result<(), Error> {
        self.skip(2);
        self.push(Node::look(look))
    }

    fn quoted(&mut self) -> Result<(), Error> {
        self.skip(2);
        let end = position(self.rest, br"\E");
        let (mut quoted, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.strip_prefix(br"\E").unwrap_or(rest);
        while !quoted.is_empty() {
            let (character, after) = next(quoted)?;
            self.literal(character)?;
            quoted = after;
        }
        Ok(())
    }

    fn escaped(&mut self) -> Result<(), Error> {
        if let Some((ranges, rest)) = self.class_escape(self.rest)? {
            self.rest = rest;
            return self.push(Node::class(ranges));
        }
        let (character, rest) = escape::character(self.rest)?;
        self.rest = rest;
        self.literal(character)
    }

    /// A class like `\d` or `\pL` at the beginning of `text`.
    fn class_escape<'t>(&mut self, text: &'t [u8]) -> Result<Option<(Ranges, &'t [u8])>, Error> {
        let Some((&[b'\\', letter], rest)) = text.split_first_chunk() else { return Ok(None) };
        if matches!(letter, b'p' | b'P') {
            return self.unicode(text, rest, letter == b'P').map(Some);
        }
        let Some(ranges) = class::perl(letter.to_ascii_lowercase()) else { return Ok(None) };
        let ranges = self.chosen(ranges, true, letter.is_ascii_uppercase())?;
        Ok(Some((ranges, rest)))
    }

    /// With all cases of its characters, if case does not count.
    fn folded(&mut self, ranges: Ranges) -> Result<Ranges, Error> {
        if !self.flags.fold {
            return Ok(ranges);
        }
        self.charge(ranges.cases() / CASES)?;
        Ok(ranges.folded())
    }

    /// A named class, which `(?i)` adds to if it `folds`, or all but that.
    fn chosen(&mut self, ranges: Ranges, folds: bool, negated: bool) -> Result<Ranges, Error> {
        let ranges = if folds { self.folded(ranges)? } else { ranges };
        let ranges = if negated { ranges.negated() } else { ranges };
        self.charge(ranges.len())?;
        Ok(ranges)
    }

    /// `\pL`, `\p{Greek}`, `\P{^Lu}`; `rest` is `text` without `\p`.
    fn unicode<'t>(&mut self, text: &'t [u8], rest: &'t [u8], negated: bool) -> Result<(Ranges, &'t [u8]), Error> {
        let (letter, after) = next(rest)?;
        let brace = letter == u32::from(b'{');
        let (name, after) = if brace { braced(text, after)? } else { (up_to(rest, after), after) };
        let (name, negated) = match name.strip_prefix(b"^") {
            Some(name) => (name, !negated),
            None => (name, negated),
        };
        let named = crate::tables::named(name);
        let (ranges, folds) = named.ok_or_else(|| Error::syntax(ErrorKind::CharRange, up_to(text, after)))?;
        Ok((self.chosen(ranges, folds, negated)?, after))
    }
}

/// The name before `}` in `rest`, and what is after that.
fn braced<'t>(text: &'t [u8], rest: &'t [u8]) -> Result<(&'t [u8], &'t [u8]), Error> {
    let Some(end) = position(rest, b"}") else {
        check_utf8(text)?;
        return Err(Error::syntax(ErrorKind::CharRange, text));
    };
    let (name, rest) = rest.split_at(end);
    check_utf8(name)?;
    Ok((name, rest.strip_prefix(b"}").unwrap_or(rest)))
}
