//! An expression, compiled.

use crate::engine::Engines;
use crate::error::{Error, Limit};
use crate::expand::{Piece, Replacement, pieces};
use crate::gauge::Gauge;
use crate::limits::Limits;
use crate::matches::{Matches, Scan, Submatches};
use crate::parse::parse;
use crate::text::Text;
use regex_automata::meta;
use std::ops::Range;
use std::sync::Arc;

/// A compiled expression. It does not change: it can be kept, cloned cheaply and used by many threads.
#[derive(Debug, Clone)]
pub struct Regexp {
    engines: Arc<Engines>,
    source: Arc<str>,
    names: Arc<[String]>,
}

impl Regexp {
    /// Compiles `pattern` as `regexp.Compile` does, within the default [`Limits`].
    pub fn new(pattern: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::with_limits(pattern, Limits::default())
    }

    /// Compiles `pattern` within `limits`.
    pub fn with_limits(pattern: impl AsRef<[u8]>, limits: Limits) -> Result<Self, Error> {
        let pattern = pattern.as_ref();
        let parsed = parse(pattern, limits)?;
        let (names, engines) = (parsed.names.clone().into(), Arc::new(Engines::new(parsed, limits)?));
        Ok(Self { engines, source: String::from_utf8_lossy(pattern).into(), names })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// How many groups there are, the whole match not counted.
    pub fn num_subexp(&self) -> usize {
        self.names.len() - 1
    }

    /// The names of all groups, empty where there is none; the whole match comes first. Several can be the same.
    pub fn subexp_names(&self) -> &[String] {
        &self.names
    }

    /// About how many bytes the compiled expression takes. The more, the more work a character of a text can be.
    pub fn size(&self) -> usize {
        self.engines.size()
    }

    /// What to search `length` bytes with.
    pub(crate) fn engine(&self, length: usize) -> &meta::Regex {
        self.engines.of(length)
    }

    /// Nothing if there is no DFA within the limits.
    pub(crate) fn gauge(&self) -> Option<&Gauge> {
        self.engines.gauge()
    }

    /// Whether there is a match anywhere in `text`.
    pub fn is_match(&self, text: impl AsRef<[u8]>) -> bool {
        let text = Text::new(text.as_ref());
        self.engine(text.bytes().len()).is_match(text.bytes())
    }

    /// Where the leftmost match is, in bytes.
    pub fn find(&self, text: impl AsRef<[u8]>) -> Option<Range<usize>> {
        Scan::new(self, text.as_ref(), 1).next()?.get(0)
    }

    /// The leftmost match and its groups.
    pub fn find_submatch(&self, text: impl AsRef<[u8]>) -> Option<Submatches> {
        Scan::new(self, text.as_ref(), self.names.len()).next()
    }

    /// All matches that do not overlap, with their groups. One that is empty does not follow another at once.
    pub fn find_all<'a, T: AsRef<[u8]> + ?Sized>(&'a self, text: &'a T) -> Matches<'a> {
        Matches::new(Scan::new(self, text.as_ref(), self.names.len()))
    }

    /// As [`Regexp::find_all`], with the whole matches only, which are found faster.
    pub fn find_all_whole<'a, T: AsRef<[u8]> + ?Sized>(&'a self, text: &'a T) -> Matches<'a> {
        Matches::new(Scan::new(self, text.as_ref(), 1))
    }

    /// `text` with all matches replaced. In `replacement`, `$1`, `${1}`, `$name` and `${name}` stand for groups, `$$`
    /// for `$`. A name without braces is as long as can be: `$1x` is `${1x}`. A group that is not there is empty.
    pub fn replace_all(&self, text: impl AsRef<[u8]>, replacement: impl AsRef<[u8]>) -> Vec<u8> {
        self.replace(text.as_ref(), &pieces(replacement.as_ref()), usize::MAX).unwrap_or_default()
    }

    /// As [`Regexp::replace_all`], with an error before the output has more than `limit` bytes.
    pub fn replace_all_within(
        &self,
        text: impl AsRef<[u8]>,
        replacement: impl AsRef<[u8]>,
        limit: usize,
    ) -> Result<Vec<u8>, Error> {
        self.replace(text.as_ref(), &pieces(replacement.as_ref()), limit)
    }

    /// `text` with all matches replaced by `replacement` as it is.
    pub fn replace_all_literal(&self, text: impl AsRef<[u8]>, replacement: impl AsRef<[u8]>) -> Vec<u8> {
        self.replace(text.as_ref(), &[Piece::Literal(replacement.as_ref())], usize::MAX).unwrap_or_default()
    }

    /// As [`Regexp::replace_all_literal`], with an error before the output has more than `limit` bytes.
    pub fn replace_all_literal_within(
        &self,
        text: impl AsRef<[u8]>,
        replacement: impl AsRef<[u8]>,
        limit: usize,
    ) -> Result<Vec<u8>, Error> {
        self.replace(text.as_ref(), &[Piece::Literal(replacement.as_ref())], limit)
    }

    /// Appends what takes the place of one match in `text` to `out`, with an error before that has more than `limit` bytes.
    pub fn replace_one_within(
        &self,
        replacement: &Replacement<'_>,
        text: impl AsRef<[u8]>,
        found: &Submatches,
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), Error> {
        let text = text.as_ref();
        replacement.pieces().iter().try_for_each(|piece| append(out, self.piece(piece, text, found), limit))
    }

    /// `template` with the groups of one match in `text`, as [`Regexp::replace_all`] has them.
    pub fn expand(&self, template: impl AsRef<[u8]>, text: impl AsRef<[u8]>, found: &Submatches) -> Vec<u8> {
        let (template, text) = (pieces(template.as_ref()), text.as_ref());
        template.iter().flat_map(|piece| self.piece(piece, text, found)).copied().collect()
    }

    /// `text` cut at the matches: all pieces without `limit`, else no more than that, the last with what is left over.
    pub fn split<'t, T: AsRef<[u8]> + ?Sized>(&self, text: &'t T, limit: Option<usize>) -> Vec<&'t [u8]> {
        let (text, limit) = (text.as_ref(), limit.unwrap_or(usize::MAX));
        if limit == 0 {
            return Vec::new();
        }
        if text.is_empty() && !self.source.is_empty() {
            return vec![text];
        }
        self.cut(text, limit)
    }

    fn cut<'t>(&self, text: &'t [u8], limit: usize) -> Vec<&'t [u8]> {
        let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
        let mut scan = Scan::new(self, text, 1);
        while parts.len() + 1 < limit
            && let Some(found) = scan.next().and_then(|found| found.get(0))
        {
            end = found.start;
            if found.end != 0 {
                parts.push(text.get(start..end).unwrap_or_default());
            }
            start = found.end;
        }
        if end != text.len() {
            parts.push(text.get(start..).unwrap_or_default());
        }
        parts
    }

    fn replace(&self, text: &[u8], pieces: &[Piece<'_>], limit: usize) -> Result<Vec<u8>, Error> {
        let groups = pieces.iter().any(|piece| !matches!(piece, Piece::Literal(_)));
        let mut scan = Scan::new(self, text, if groups { self.names.len() } else { 1 });
        let (mut out, mut done) = (Vec::new(), 0);
        while let Some(found) = scan.next() {
            let Some(whole) = found.get(0) else { break };
            append(&mut out, text.get(done..whole.start).unwrap_or_default(), limit)?;
            for piece in pieces {
                append(&mut out, self.piece(piece, text, &found), limit)?;
            }
            done = whole.end;
        }
        append(&mut out, text.get(done..).unwrap_or_default(), limit)?;
        Ok(out)
    }

    fn piece<'t>(&self, piece: &Piece<'t>, text: &'t [u8], found: &Submatches) -> &'t [u8] {
        let range = match *piece {
            Piece::Literal(literal) => return literal,
            Piece::Number(number) => found.get(number),
            Piece::Name(name) => self.named(name, found),
        };
        range.and_then(|range| text.get(range)).unwrap_or_default()
    }

    /// The first group of that name that took part.
    fn named(&self, name: &[u8], found: &Submatches) -> Option<Range<usize>> {
        let mut all = self.names.iter().enumerate();
        all.find_map(|(index, of)| (of.as_bytes() == name).then(|| found.get(index)).flatten())
    }
}

fn append(out: &mut Vec<u8>, bytes: &[u8], limit: usize) -> Result<(), Error> {
    if bytes.len() > limit.saturating_sub(out.len()) {
        return Err(Error::Limit(Limit::Output(limit)));
    }
    out.extend_from_slice(bytes);
    Ok(())
}
