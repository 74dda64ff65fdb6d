//! What expressions and searches cost.
//!
//! `regex-automata` cannot be stopped in a search. So each is paid before it begins: at worst the work is the length of the
//! text times the size of the compiled expression, and this is what is taken for the first search of a text. The others
//! together go on from where the first ended, but each can look ahead to the end of the text again; for that they pay
//! less, since it is rare, and the caller is asked whether to stop.

use crate::output::walk;
use crate::runes::characters;
use keyferry_goregex::{Error, Limit, Limits, Matches, Regexp, Submatches};
use keyferry_gotemplate::{Call, FuncError};

/// Tighter than those of the crate, since templates compile an expression for each call.
const LIMITS: Limits =
    Limits { pattern: 8 << 10, ranges: 100_000, program: 1 << 20, groups: 2 << 20, cache: 256 << 10 };

/// Steps of the smallest expression, and the bytes of one that are compiled in about the time of a step.
const COMPILING: usize = 100;
const COMPILED: usize = 32;

/// The smallest size that expressions count as; those of letters only have none.
const SMALLEST: usize = 512;

/// Bytes of text times bytes of the expression in a step.
const FIRST: usize = 4 << 10;
const AGAIN: usize = 256 << 10;

/// Work from which on a search asks the caller whether to stop.
const LONG: usize = 1 << 16;

/// Compiles, within the budget.
pub(super) fn compile(call: &Call<'_>, pattern: &[u8]) -> Result<Result<Regexp, Error>, FuncError> {
    call.meter().step(COMPILING + pattern.len())?;
    let regexp = Regexp::with_limits(pattern, LIMITS);
    if let Ok(regexp) = &regexp {
        call.meter().step(regexp.size() / COMPILED)?;
    }
    Ok(regexp)
}

/// Go's words without the expression.
pub(super) fn explain(error: &Error) -> FuncError {
    match error {
        Error::Syntax { kind, .. } => format!("error parsing regexp: {}", kind.as_str()).into(),
        Error::Limit(limit) => limit_text(*limit).into(),
        _ => "error parsing regexp".into(),
    }
}

fn limit_text(limit: Limit) -> String {
    format!("regular expression: {limit}")
}

fn work(regexp: &Regexp, bytes: usize) -> usize {
    bytes.saturating_mul(regexp.size().max(SMALLEST))
}

/// Takes what the first search of `text` needs.
pub(super) fn prepare(call: &Call<'_>, regexp: &Regexp, text: &[u8]) -> Result<(), FuncError> {
    if std::str::from_utf8(text).is_err() {
        prepare_mending(call, text)?;
    }
    Ok(call.meter().step(work(regexp, text.len()) / FIRST)?)
}

/// Text that is not UTF-8 is copied, and the places remembered where it is not.
fn prepare_mending(call: &Call<'_>, text: &[u8]) -> Result<(), FuncError> {
    walk(call, text.len())?;
    let bad = characters(text).filter(|(character, _)| *character == char::REPLACEMENT_CHARACTER).count();
    let place = size_of::<usize>() + char::REPLACEMENT_CHARACTER.len_utf8();
    Ok(call.meter().allocate(text.len().saturating_add(bad.saturating_mul(place)))?)
}

/// A walk from match to match.
pub(super) struct Search<'s, 'c> {
    call: &'s Call<'c>,
    regexp: &'s Regexp,
    matches: Matches<'s>,
    length: usize,
    /// Where the last match ended.
    end: usize,
    first: bool,
}

impl<'s, 'c> Search<'s, 'c> {
    /// One without groups.
    pub(super) fn whole(call: &'s Call<'c>, regexp: &'s Regexp, text: &'s [u8]) -> Result<Self, FuncError> {
        prepare(call, regexp, text)?;
        Ok(Self { call, regexp, matches: regexp.find_all_whole(text), length: text.len(), end: 0, first: true })
    }

    pub(super) fn with_groups(call: &'s Call<'c>, regexp: &'s Regexp, text: &'s [u8]) -> Result<Self, FuncError> {
        Ok(Self { matches: regexp.find_all(text), ..Self::whole(call, regexp, text)? })
    }

    pub(super) fn next(&mut self) -> Result<Option<Submatches>, FuncError> {
        if !std::mem::take(&mut self.first) {
            let work = work(self.regexp, self.length.saturating_sub(self.end));
            self.call.meter().step(1 + work / AGAIN)?;
            if work > LONG {
                self.call.meter().check()?;
            }
        }
        let found = self.matches.next();
        if let Some(whole) = found.as_ref().and_then(|found| found.get(0)) {
            self.end = whole.end;
        }
        Ok(found)
    }
}
