//! Matches, one after the other.

use crate::regexp::Regexp;
use crate::text::{Text, decode};
use regex_automata::Input;
use regex_automata::meta;
use regex_automata::util::primitives::NonMaxUsize;
use std::ops::Range;

/// Where a match and its groups are, in bytes of the text that was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submatches(Vec<Option<Range<usize>>>);

impl Submatches {
    /// Where a group is; nothing if it took no part or is not there. 0 is the whole match.
    pub fn get(&self, group: usize) -> Option<Range<usize>> {
        self.0.get(group).cloned().flatten()
    }

    /// All groups, the whole match first.
    pub fn iter(&self) -> impl Iterator<Item = Option<Range<usize>>> {
        self.0.iter().cloned()
    }
}

/// A walk through a text from match to match.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    engine: &'a meta::Regex,
    text: Text<'a>,
    slots: Vec<Option<NonMaxUsize>>,
    /// Where to look next; beyond the end if there is nothing more.
    position: usize,
    /// Where the last match ended, those that were left out too.
    last_end: Option<usize>,
}

impl<'a> Scan<'a> {
    /// `groups` is how many are asked for, the whole match included.
    pub(crate) fn new(regexp: &'a Regexp, text: &'a [u8], groups: usize) -> Self {
        let text = Text::new(text);
        let engine = regexp.engine(text.bytes().len());
        Self { engine, text, slots: vec![None; groups * 2], position: 0, last_end: None }
    }

    pub(crate) fn next(&mut self) -> Option<Submatches> {
        loop {
            let found = self.search()?;
            let after_another = found.is_empty() && self.last_end == Some(found.start);
            self.position = if found.end == self.position { self.advanced() } else { found.end };
            self.last_end = Some(found.end);
            if !after_another {
                return Some(self.submatches());
            }
        }
    }

    fn search(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.bytes();
        if self.position > bytes.len() {
            return None;
        }
        self.slots.fill(None);
        let input = Input::new(bytes).span(self.position..bytes.len());
        self.engine.search_slots(&input, &mut self.slots)?;
        range(&self.slots)
    }

    /// One character on, or beyond the end.
    fn advanced(&self) -> usize {
        let rest = self.text.bytes().get(self.position..).unwrap_or_default();
        self.position + decode(rest).1.max(1)
    }

    fn submatches(&self) -> Submatches {
        let original = |range: Range<usize>| self.text.original(range.start)..self.text.original(range.end);
        Submatches(self.slots.chunks(2).map(|pair| range(pair).map(original)).collect())
    }
}

fn range(slots: &[Option<NonMaxUsize>]) -> Option<Range<usize>> {
    match slots {
        [Some(start), Some(end), ..] => Some(start.get()..end.get()),
        _ => None,
    }
}

/// What [`Regexp::find_all`] finds.
#[derive(Debug)]
pub struct Matches<'a>(Scan<'a>);

impl<'a> Matches<'a> {
    pub(crate) fn new(scan: Scan<'a>) -> Self {
        Self(scan)
    }
}

impl Iterator for Matches<'_> {
    type Item = Submatches;

    fn next(&mut self) -> Option<Submatches> {
        self.0.next()
    }
}
