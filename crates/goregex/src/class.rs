//! Sets of characters.

use crate::tables;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, Repetition};

/// The last character.
pub(crate) const LAST: u32 = 0x0010_ffff;

/// Ranges of characters, surrogates among them as in Go: in order, and none touches the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    pub(crate) fn of(ranges: &[(u32, u32)]) -> Self {
        Self::sorted(ranges.to_vec())
    }

    pub(crate) fn all() -> Self {
        Self::of(&[(0, LAST)])
    }

    /// The union of tables, each with where its ranges begin and where they have ended, in turn.
    pub(crate) fn of_edges<'a>(tables: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let pairs = tables.into_iter().flat_map(|edges| edges.chunks_exact(2));
        Self::sorted(pairs.filter_map(|pair| Some((*pair.first()?, pair.get(1)? - 1))).collect())
    }

    fn sorted(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn as_slice(&self) -> &[(u32, u32)] {
        &self.0
    }

    pub(crate) fn with(&self, other: &Self) -> Self {
        Self::sorted([self.as_slice(), other.as_slice()].concat())
    }

    pub(crate) fn negated(&self) -> Self {
        let mut next = 0;
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        for &(first, last) in &self.0 {
            if next < first {
                gaps.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            gaps.push((next, LAST));
        }
        Self(gaps)
    }

    /// How many characters have other cases.
    pub(crate) fn cases(&self) -> usize {
        let runs = self.0.iter().flat_map(|&(first, last)| tables::with_cases(first, last));
        runs.map(|run| usize::try_from(run.end() - run.start() + 1).unwrap_or(usize::MAX)).sum()
    }

    /// With all cases of its characters.
    pub(crate) fn folded(&self) -> Self {
        let mut all = self.0.clone();
        for &(first, last) in &self.0 {
            let cases = tables::with_cases(first, last).flatten().flat_map(tables::other_cases);
            all.extend(cases.filter(|case| !(first..=last).contains(case)).map(|case| (case, case)));
        }
        Self::sorted(all)
    }

    /// The only character, and whether in all of its cases.
    pub(crate) fn single(&self) -> Option<(u32, bool)> {
        match *self.as_slice() {
            [(first, last)] if first == last => Some((first, false)),
            [(first, last)] if first + 1 == last => Self::pair(first, last),
            [(first, same), (second, as_second)] if first == same && second == as_second => Self::pair(first, second),
            _ => None,
        }
    }

    fn pair(first: u32, second: u32) -> Option<(u32, bool)> {
        tables::other_cases(first).eq([second]).then_some((first, true))
    }

    /// Surrogates are left out: no text has them.
    pub(crate) fn into_hir(self) -> Hir {
        match self.0.split_last() {
            Some((&(first, LAST), ascii)) if first <= BEYOND_ASCII => with_all_beyond_ascii(ascii, first),
            _ => Hir::class(Class::Unicode(ClassUnicode::new(self.0.into_iter().flat_map(without_surrogates)))),
        }
    }
}

/// The first character that is no ASCII.
const BEYOND_ASCII: u32 = 0x80;

/// The first byte of a character beyond ASCII says how many follow. A search sees valid UTF-8 only, so that no more need
/// be said of them: such a class is a tenth of the size of an exact one, and compiled in a tenth of the time.
const LEADS: [(u8, u8, u32); 3] = [(0xc2, 0xdf, 1), (0xe0, 0xef, 2), (0xf0, 0xf4, 3)];

fn with_all_beyond_ascii(ascii: &[(u32, u32)], from: u32) -> Hir {
    let last = (from < BEYOND_ASCII).then_some((from, BEYOND_ASCII - 1));
    let byte = |number| u8::try_from(number).unwrap_or(u8::MAX);
    let ascii = ascii.iter().copied().chain(last).map(|(first, last)| (byte(first), byte(last)));
    let beyond = LEADS.iter().map(|&(first, last, more)| {
        let follow = Repetition { min: more, max: Some(more), greedy: true, sub: Box::new(bytes([(0x80, 0xbf)])) };
        Hir::concat(vec![bytes([(first, last)]), Hir::repetition(follow)])
    });
    Hir::alternation([bytes(ascii)].into_iter().chain(beyond).collect())
}

fn bytes(ranges: impl IntoIterator<Item = (u8, u8)>) -> Hir {
    let ranges = ranges.into_iter().map(|(first, last)| ClassBytesRange::new(first, last));
    Hir::class(Class::Bytes(ClassBytes::new(ranges)))
}

fn without_surrogates((first, last): (u32, u32)) -> impl Iterator<Item = ClassUnicodeRange> {
    [(first, last.min(0xd7ff)), (first.max(0xe000), last)]
        .into_iter()
        .filter(|(first, last)| first <= last)
        .filter_map(|(first, last)| Some(ClassUnicodeRange::new(char::from_u32(first)?, char::from_u32(last)?)))
}

/// The class of `\d` and its like.
pub(crate) fn perl(letter: u8) -> Option<Ranges> {
    Some(match letter {
        b'd' => Ranges::of(&[(0x30, 0x39)]),
        b's' => Ranges::of(&[(0x9, 0xa), (0xc, 0xd), (0x20, 0x20)]),
        b'w' => Ranges::of(&[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)]),
        _ => return None,
    })
}

/// The class of `[:alnum:]` and its like.
pub(crate) fn posix(name: &[u8]) -> Option<Ranges> {
    Some(Ranges::of(match name {
        b"alnum" => &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)],
        b"alpha" => &[(0x41, 0x5a), (0x61, 0x7a)],
        b"ascii" => &[(0, 0x7f)],
        b"blank" => &[(0x9, 0x9), (0x20, 0x20)],
        b"cntrl" => &[(0, 0x1f), (0x7f, 0x7f)],
        b"digit" => &[(0x30, 0x39)],
        b"graph" => &[(0x21, 0x7e)],
        b"lower" => &[(0x61, 0x7a)],
        b"print" => &[(0x20, 0x7e)],
        b"punct" => &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)],
        b"space" => &[(0x9, 0xd), (0x20, 0x20)],
        b"upper" => &[(0x41, 0x5a)],
        b"word" => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
        b"xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
        _ => return None,
    }))
}
