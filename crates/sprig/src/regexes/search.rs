//! What expressions and searches cost.

use crate::output::{search, walk};
use crate::runes::characters;
use keyferry_goregex::{Error, Limit, Limits, Matches, Regexp, Submatches};
use keyferry_gotemplate::{Call, FuncError};

/// Tighter than those of the crate, since templates compile an expression for each call.
const LIMITS: Limits =
    Limits { pattern: 8 << 10, ranges: 100_000, program: 1 << 20, groups: 2 << 20, cache: 256 << 10 };

/// Steps of the smallest expression, and the bytes of one that are compiled in about the time of a step.
const COMPILING: usize = 100;
const COMPILED: usize = 32;

/// What a search tells of its work in about the time of a step.
const SEARCHED: usize = 32;

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

/// Text that is not UTF-8 is copied, and the places remembered where it is not.
fn prepare(call: &Call<'_>, text: &[u8]) -> Result<(), FuncError> {
    search(call, text.len())?;
    if std::str::from_utf8(text).is_ok() {
        return Ok(());
    }
    walk(call, text.len())?;
    let bad = characters(text).filter(|(character, _)| *character == char::REPLACEMENT_CHARACTER).count();
    let place = size_of::<usize>() + char::REPLACEMENT_CHARACTER.len_utf8();
    Ok(call.meter().allocate(text.len().saturating_add(bad.saturating_mul(place)))?)
}

/// A walk from match to match, within the budget.
pub(super) struct Search<'s, 'c> {
    call: &'s Call<'c>,
    matches: Matches<'s>,
}

impl<'s, 'c> Search<'s, 'c> {
    /// One without groups.
    pub(super) fn whole(call: &'s Call<'c>, regexp: &'s Regexp, text: &'s [u8]) -> Result<Self, FuncError> {
        prepare(call, text)?;
        Ok(Self { call, matches: regexp.find_all_whole(text) })
    }

    pub(super) fn with_groups(call: &'s Call<'c>, regexp: &'s Regexp, text: &'s [u8]) -> Result<Self, FuncError> {
        prepare(call, text)?;
        Ok(Self { call, matches: regexp.find_all(text) })
    }

    pub(super) fn next(&mut self) -> Result<Option<Submatches>, FuncError> {
        let meter = self.call.meter();
        Ok(self.matches.next_within(&mut |work| meter.step(1 + work / SEARCHED))?)
    }
}
