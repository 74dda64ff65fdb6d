//! Replacements with `$1` and `${name}`.

use crate::tables::is_word;
use crate::text::decode;

/// What a `$` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Literal(&'t [u8]),
    Number(usize),
    Name(&'t [u8]),
}

/// A replacement that is read once and used for many matches, with
/// [`Regexp::replace_one_within`](crate::Regexp::replace_one_within).
#[derive(Debug, Clone)]
pub struct Replacement<'t>(Vec<Piece<'t>>);

impl<'t> Replacement<'t> {
    /// One with `$1` and `${name}`, as [`Regexp::replace_all`](crate::Regexp::replace_all) has them.
    pub fn new(template: &'t [u8]) -> Self {
        Self(pieces(template))
    }

    /// One that stands as it is.
    pub fn literal(text: &'t [u8]) -> Self {
        Self(vec![Piece::Literal(text)])
    }

    /// Whether a match must have its groups for it.
    pub fn has_groups(&self) -> bool {
        self.0.iter().any(|piece| !matches!(piece, Piece::Literal(_)))
    }

    /// How many pieces it has, each of which is looked at for each match.
    pub fn pieces_count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn pieces(&self) -> &[Piece<'t>] {
        &self.0
    }
}

/// A number from here on is a name, as in Go.
const LARGE: usize = 100_000_000;

/// The pieces of a replacement. A `$` that begins nothing stands for itself.
pub(crate) fn pieces(mut template: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some(at) = template.iter().position(|&byte| byte == b'$') {
        let (before, after) = template.split_at(at);
        let (dollar, after) = after.split_at(1);
        pieces.push(Piece::Literal(before));
        let (piece, rest) = match after.strip_prefix(b"$") {
            Some(rest) => (Piece::Literal(dollar), rest),
            None => variable(after).unwrap_or((Piece::Literal(dollar), after)),
        };
        pieces.push(piece);
        template = rest;
    }
    pieces.push(Piece::Literal(template));
    pieces
}

/// The variable at the beginning of `text`, its name as long as possible.
fn variable(text: &[u8]) -> Option<(Piece<'_>, &[u8])> {
    let braced = text.strip_prefix(b"{");
    let text = braced.unwrap_or(text);
    let (name, rest) = text.split_at_checked(name_length(text))?;
    if name.is_empty() {
        return None;
    }
    let rest = if braced.is_some() { rest.strip_prefix(b"}")? } else { rest };
    Some((number(name).map_or(Piece::Name(name), Piece::Number), rest))
}

fn name_length(text: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let (character, width) = decode(text.get(length..).unwrap_or_default());
        if width == 0 || !is_word(character) {
            return length;
        }
        length += width;
    }
}

fn number(name: &[u8]) -> Option<usize> {
    if name.len() > 1 && name.starts_with(b"0") {
        return None;
    }
    name.iter().try_fold(0_usize, |number, byte| match byte {
        b'0'..=b'9' if number < LARGE => Some(number * 10 + usize::from(byte - b'0')),
        _ => None,
    })
}
