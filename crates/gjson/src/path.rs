//! Paths in pieces: the next component, what follows it, and what is inside a query or a multipath. Only text is cut
//! here; no document is looked at.

use crate::modifier;
use crate::scan::{at, cut, squash_end, trim};
use crate::text::unescape;
use std::borrow::Cow;

/// What follows a component.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest<'p> {
    /// The path ends.
    End,
    /// Behind a dot: it is followed inside the value, and the search goes on where it fails.
    Dot(&'p [u8]),
    /// Behind a pipe: it is applied to the result, once.
    Pipe(&'p [u8]),
}

/// A component that is looked up in an object.
pub(crate) struct Key<'p> {
    /// Without its escapes.
    pub(crate) name: Cow<'p, [u8]>,
    /// Whether it has a `*` or `?`; gjson forgets that one was escaped if another is not.
    pub(crate) wild: bool,
    pub(crate) rest: Rest<'p>,
}

/// A component that is looked up in an array.
pub(crate) struct Item<'p> {
    pub(crate) name: &'p [u8],
    /// Whether there is a `#` in it, so that it is no index.
    pub(crate) sharp: bool,
    /// `#.x`: what is collected from each element.
    pub(crate) each: Option<&'p [u8]>,
    pub(crate) query: Option<Query<'p>>,
    pub(crate) rest: Rest<'p>,
}

/// `#(path op value)`, or with a `#` behind it for all that match.
#[derive(Default)]
pub(crate) struct Query<'p> {
    pub(crate) path: &'p [u8],
    /// Empty if the query only asks whether the path exists.
    pub(crate) op: &'p [u8],
    pub(crate) value: Cow<'p, [u8]>,
    pub(crate) all: bool,
}

/// What follows the separator at `index`.
fn rest(path: &[u8], index: usize, dot_pipes: bool) -> Rest<'_> {
    let after = cut(path, index + 1, path.len());
    if at(path, index) == b'|' || (dot_pipes && acts_as_pipe(after)) { Rest::Pipe(after) } else { Rest::Dot(after) }
}

/// A dot before a modifier or a multipath is a pipe.
fn acts_as_pipe(after: &[u8]) -> bool {
    match after.split_first() {
        Some((b'[' | b'{', _)) => true,
        Some((b'@', name)) => {
            let end = name.iter().position(|byte| b".|:".contains(byte)).unwrap_or(name.len());
            modifier::exists(cut(name, 0, end))
        }
        _ => false,
    }
}

pub(crate) fn key(path: &[u8]) -> Key<'_> {
    let mut wild = false;
    for (index, byte) in path.iter().enumerate() {
        match byte {
            b'|' | b'.' => {
                return Key { name: Cow::Borrowed(cut(path, 0, index)), wild, rest: rest(path, index, true) };
            }
            b'*' | b'?' => wild = true,
            b'\\' => return escaped_key(path, index, wild),
            _ => {}
        }
    }
    Key { name: Cow::Borrowed(path), wild, rest: Rest::End }
}

/// A component from its first escape on. A `*` right behind that one is not wild.
fn escaped_key(path: &[u8], first: usize, mut wild: bool) -> Key<'_> {
    let mut name = cut(path, 0, first).to_vec();
    let mut index = first;
    while let Some(&byte) = path.get(index) {
        match byte {
            b'\\' => {
                index += 1;
                name.extend(path.get(index));
            }
            b'|' | b'.' => return Key { name: Cow::Owned(name), wild, rest: rest(path, index, true) },
            _ => {
                wild |= matches!(byte, b'*' | b'?');
                name.push(byte);
            }
        }
        index += 1;
    }
    Key { name: Cow::Owned(name), wild, rest: Rest::End }
}

pub(crate) fn item(path: &[u8]) -> Item<'_> {
    let mut item = Item { name: path, sharp: false, each: None, query: None, rest: Rest::End };
    let mut index = item.start(path);
    while let Some(&byte) = path.get(index) {
        match byte {
            b'|' | b'.' => {
                item.name = cut(path, 0, index);
                item.rest = rest(path, index, !item.sharp);
                return item;
            }
            b'#' => item.sharp = true,
            _ => {}
        }
        index += 1;
    }
    item
}

impl<'p> Item<'p> {
    /// Takes the `#` forms that only count at the start; returns where to read on. An open query takes all.
    fn start(&mut self, path: &'p [u8]) -> usize {
        self.sharp = at(path, 0) == b'#';
        match (self.sharp, at(path, 1)) {
            (true, b'.') => {
                self.each = path.get(2..);
                1
            }
            (true, b'[' | b'(') => {
                let (query, end) = query(path).unwrap_or((Query::default(), path.len()));
                self.query = Some(query);
                end
            }
            _ => 0,
        }
    }
}

/// Reads `#(…)` at the start of `path`; also gives the index behind it. Nothing if the bracket is not closed.
fn query(path: &[u8]) -> Option<(Query<'_>, usize)> {
    let (operator, end, escaped) = query_bounds(path)?;
    let all = at(path, end + 1) == b'#';
    let Some(operator) = operator else {
        return Some((Query { path: trim(cut(path, 2, end)), all, ..Query::default() }, end + 1));
    };
    let (op, value) = comparison(trim(cut(path, operator, end)));
    let quoted = value.len() >= 2 && at(value, 0) == b'"' && value.last() == Some(&b'"');
    let value = match quoted {
        true if escaped => unescape(cut(value, 1, value.len() - 1)),
        true => Cow::Borrowed(cut(value, 1, value.len() - 1)),
        false => Cow::Borrowed(value),
    };
    Some((Query { path: trim(cut(path, 2, operator)), op, value, all }, end + 1))
}

/// Where the operator and the closing bracket are, and whether a quoted part has an escape.
fn query_bounds(path: &[u8]) -> Option<(Option<usize>, usize, bool)> {
    let (mut operator, mut depth, mut escaped) = (None, 1, false);
    let mut index = 2;
    while let Some(&byte) = path.get(index) {
        match byte {
            b'!' | b'=' | b'<' | b'>' | b'%' if depth == 1 && operator.is_none() => operator = Some(index),
            b'\\' => index += 1,
            b'[' | b'(' => depth += 1,
            b']' | b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some((operator, index, escaped));
                }
            }
            b'"' => index = quoted_end(path, index + 1, &mut escaped),
            _ => {}
        }
        index += 1;
    }
    None
}

/// The index of the closing quote, or the end.
fn quoted_end(path: &[u8], from: usize, escaped: &mut bool) -> usize {
    let mut index = from;
    while let Some(&byte) = path.get(index) {
        match byte {
            b'"' => return index,
            b'\\' => {
                *escaped = true;
                index += 2;
            }
            _ => index += 1,
        }
    }
    path.len()
}

/// Operator and value. A `!` with something else behind it is part of a value that is then not looked at.
fn comparison(text: &[u8]) -> (&[u8], &[u8]) {
    let (text, length) = match text {
        [b'!', b'=' | b'%', ..] | [b'<' | b'>', b'=', ..] => (text, 2),
        [b'=', b'=', ..] => (cut(text, 1, text.len()), 1),
        [b'!', _, ..] => (text, 0),
        _ => (text, 1),
    };
    (cut(text, 0, length), trim(cut(text, length, text.len())))
}

/// Cuts at the first pipe that is not in a query.
pub(crate) fn split_pipe(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if !path.contains(&b'|') {
        return None;
    }
    if at(path, 0) == b'{' {
        let end = 1 + squash_end(cut(path, 1, path.len()));
        return (at(path, end) == b'|').then(|| (cut(path, 0, end), cut(path, end + 1, path.len())));
    }
    let mut index = 0;
    while let Some(&byte) = path.get(index) {
        match byte {
            b'\\' => index += 1,
            b'.' if index + 1 == path.len() => return None,
            b'.' if at(path, index + 1) == b'#' => index = sharp_end(path, index + 2)?,
            b'|' => return Some((cut(path, 0, index), cut(path, index + 1, path.len()))),
            _ => {}
        }
        index += 1;
    }
    None
}

/// The last index of what follows a `.#`: the closing bracket of a query, or the one byte. Nothing at the end.
fn sharp_end(path: &[u8], from: usize) -> Option<usize> {
    let open = *path.get(from)?;
    let close = match open {
        b'[' => b']',
        b'(' => b')',
        _ => return Some(from),
    };
    let (mut index, mut depth) = (from + 1, 1);
    while let Some(&byte) = path.get(index) {
        match byte {
            b'\\' => index += 1,
            b'"' => index = quoted_end(path, index + 1, &mut false),
            _ if byte == open => depth += 1,
            _ if byte == close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
        index += 1;
    }
    Some(path.len())
}

/// One of the paths of a multipath, with the name before its colon.
#[derive(Clone, Copy)]
pub(crate) struct Selector<'p> {
    pub(crate) name: &'p [u8],
    pub(crate) path: &'p [u8],
}

/// Reads `{…}` or `[…]` at the start of `path`, and gives what follows.
pub(crate) fn selectors(path: &[u8]) -> Option<(Vec<Selector<'_>>, &[u8])> {
    let mut found = Vec::new();
    let (mut depth, mut start, mut index) = (1, 1, 1);
    let mut colon: Option<usize> = None;
    let mut modifier = false;
    while let Some(&byte) = path.get(index) {
        match byte {
            b'\\' => index += 1,
            b'@' if matches!(at(path, index - 1), b'.' | b'|') => modifier = true,
            b':' if !modifier && depth == 1 => colon = colon.or(Some(index)),
            b'"' => index = quoted_end(path, index + 1, &mut false),
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (byte == b',' && depth == 1) {
            found.push(selector(path, start, colon.take(), index));
            (start, modifier) = (index + 1, false);
        }
        if depth == 0 {
            return Some((found, cut(path, index + 1, path.len())));
        }
        index += 1;
    }
    None
}

fn selector(path: &[u8], start: usize, colon: Option<usize>, end: usize) -> Selector<'_> {
    match colon {
        Some(colon) => Selector { name: cut(path, start, colon), path: cut(path, colon + 1, end) },
        None => Selector { name: b"", path: cut(path, start, end) },
    }
}

/// The name that a selector without one gets: its last component, if that is plain.
pub(crate) fn last_name(path: &[u8]) -> &[u8] {
    let separates =
        |&index: &usize| matches!(at(path, index), b'|' | b'.') && (index == 0 || at(path, index - 1) != b'\\');
    let last = (0..path.len()).rev().find(separates).map_or(path, |index| cut(path, index + 1, path.len()));
    let plain = last.iter().all(|byte| *byte >= b' ' && !b"[]{}()#|!".contains(byte));
    if plain { last } else { b"_" }
}
