//! Matches, one after the other.

use crate::gauge::States;
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

/// How many states a search for groups does for a byte of text in the time of a walk's step, in bytes of their size.
const AT_ONCE: usize = 64;

/// A walk through a text from match to match.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    regexp: &'a Regexp,
    engine: &'a meta::Regex,
    text: Text<'a>,
    slots: Vec<Option<NonMaxUsize>>,
    /// Where to look next; beyond the end if there is nothing more.
    position: usize,
    /// Where the last match ended, those that were left out too.
    last_end: Option<usize>,
    /// Of the walks, where there are any.
    states: Option<States>,
}

impl<'a> Scan<'a> {
    /// `groups` is how many are asked for, the whole match included.
    pub(crate) fn new(regexp: &'a Regexp, text: &'a [u8], groups: usize) -> Self {
        let text = Text::new(text);
        let engine = regexp.engine(text.bytes().len());
        Self { regexp, engine, text, slots: vec![None; groups * 2], position: 0, last_end: None, states: None }
    }

    pub(crate) fn next(&mut self) -> Option<Submatches> {
        loop {
            let found = self.search(self.text.bytes().len())?;
            if self.pass(&found) {
                return Some(self.submatches());
            }
        }
    }

    /// As [`Scan::next`], with a walk before each search that finds out where it ends and tells `pay` of its work.
    fn next_within<E>(&mut self, pay: &mut dyn FnMut(usize) -> Result<(), E>) -> Result<Option<Submatches>, E> {
        loop {
            let Some(until) = self.next_end(pay)? else { return Ok(None) };
            if self.slots.len() > 2 || self.states.as_ref().is_some_and(States::overflowed) {
                let work = until.saturating_sub(self.position).saturating_mul(self.regexp.size());
                pay(work / AT_ONCE)?;
            }
            let Some(found) = self.search(until) else { return Ok(None) };
            if self.pass(&found) {
                return Ok(Some(self.submatches()));
            }
        }
    }

    /// Where the next match ends, or the text where that is not known.
    fn next_end<E>(&mut self, pay: &mut dyn FnMut(usize) -> Result<(), E>) -> Result<Option<usize>, E> {
        let bytes = self.text.bytes();
        let Some(gauge) = self.regexp.gauge().filter(|_| self.position <= bytes.len()) else {
            pay(bytes.len().saturating_sub(self.position).saturating_mul(self.regexp.size()) / AT_ONCE)?;
            return Ok(Some(bytes.len()));
        };
        let states = self.states.get_or_insert_with(|| gauge.states());
        let end = gauge.end(states, bytes, self.position, pay)?;
        // A match of nothing within a character is none; the search knows that, the walk does not.
        let is_within = |end: &usize| bytes.get(*end).is_some_and(|byte| byte & 0xc0 == 0x80);
        Ok(end.map(|end| if is_within(&end) { bytes.len() } else { end }))
    }

    /// Goes behind a match; false if it is an empty one right after another.
    fn pass(&mut self, found: &Range<usize>) -> bool {
        let after_another = found.is_empty() && self.last_end == Some(found.start);
        self.position = if found.end == self.position { self.advanced() } else { found.end };
        self.last_end = Some(found.end);
        !after_another
    }

    /// The leftmost match that ends at `until` or before.
    fn search(&mut self, until: usize) -> Option<Range<usize>> {
        let bytes = self.text.bytes();
        if self.position > bytes.len() {
            return None;
        }
        self.slots.fill(None);
        let input = Input::new(bytes).span(self.position..until);
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

    /// The next match, found by a search that is paid for as it goes on: `pay` is told of the bytes of text that were
    /// passed, and of other work as if it were such bytes, some hundred at a time, and its error ends it. The search
    /// for the groups in the match itself is paid before it begins, as if it were as slow as can be.
    pub fn next_within<E>(&mut self, pay: &mut dyn FnMut(usize) -> Result<(), E>) -> Result<Option<Submatches>, E> {
        self.0.next_within(pay)
    }
}

impl Iterator for Matches<'_> {
    type Item = Submatches;

    fn next(&mut self) -> Option<Submatches> {
        self.0.next()
    }
}
