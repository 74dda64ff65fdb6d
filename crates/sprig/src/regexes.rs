//! Regular expressions, with Go's syntax and matches.
//!
//! An expression that cannot be read is an error of all of these but `regexMatch`, which is false then. The message does
//! not show the expression.

mod search;

use crate::arguments::{Outcome, exactly, int, text, texts};
use crate::output::walk;
use crate::table::{Family, Shared};
use keyferry_goregex::{Error, Regexp, Replacement, quote_meta};
use keyferry_gotemplate::{Call, FuncError, Function, List, Type, Value};
use search::{Search, compile, explain};

pub(crate) fn family(_: &Shared) -> Family {
    let two = |run: Run| Function::new(&[Type::String, Type::String], run);
    let three = |run: Run| Function::new(&[Type::String, Type::String, Type::String], run);
    let counted = |run: Run| Function::new(&[Type::String, Type::String, Type::INT], run);
    let quote = Function::new(&[Type::String], quote).named("func(string) string");
    let (replaced, or_error) = ("func(string, string, string) string", "func(string, string, string) (string, error)");
    let (list, list_or_error) = ("func(string, string, int) []string", "func(string, string, int) ([]string, error)");
    vec![
        ("regexMatch", two(is_match).named("func(string, string) bool")),
        ("mustRegexMatch", two(must_match).named("func(string, string) (bool, error)")),
        ("regexFind", two(find).named("func(string, string) string")),
        ("mustRegexFind", two(find).named("func(string, string) (string, error)")),
        ("regexFindAll", counted(find_all).named(list)),
        ("mustRegexFindAll", counted(find_all).named(list_or_error)),
        ("regexSplit", counted(split).named(list)),
        ("mustRegexSplit", counted(split).named(list_or_error)),
        ("regexReplaceAll", three(replace).named(replaced)),
        ("mustRegexReplaceAll", three(replace).named(or_error)),
        ("regexReplaceAllLiteral", three(replace_literal).named(replaced)),
        ("mustRegexReplaceAllLiteral", three(replace_literal).named(or_error)),
        ("regexQuoteMeta", quote),
    ]
}

type Run = fn(&mut Call<'_>, &[Value]) -> Outcome;

fn must_match(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [pattern, text] = texts(arguments)?;
    let regexp = compile(call, pattern)?;
    matches(call, &regexp.map_err(|error| explain(&error))?, text)
}

fn is_match(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [pattern, text] = texts(arguments)?;
    match compile(call, pattern)? {
        Err(Error::Syntax { .. }) => Ok(Value::Bool(false)),
        Err(error) => Err(explain(&error)),
        Ok(regexp) => matches(call, &regexp, text),
    }
}

fn matches(call: &Call<'_>, regexp: &Regexp, text: &[u8]) -> Outcome {
    Ok(Value::Bool(Search::whole(call, regexp, text)?.next()?.is_some()))
}

fn compiled(call: &Call<'_>, pattern: &[u8]) -> Result<Regexp, FuncError> {
    compile(call, pattern)?.map_err(|error| explain(&error))
}

fn find(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [pattern, text] = texts(arguments)?;
    let regexp = compiled(call, pattern)?;
    let found = Search::whole(call, &regexp, text)?.next()?.and_then(|found| found.get(0));
    call.text(found.and_then(|found| text.get(found)).unwrap_or_default())
}

/// How many are wanted, where a negative number is all.
fn wanted(count: &Value) -> Result<usize, FuncError> {
    Ok(usize::try_from(int(count)?).unwrap_or(usize::MAX))
}

/// A `[]string` of these, which are taken from the budget.
fn strings(call: &Call<'_>, parts: Vec<&[u8]>) -> Outcome {
    call.meter().allocate(parts.iter().map(|part| part.len()).sum())?;
    Ok(List::strings(parts).into())
}

/// Without a match it is `nil`.
fn find_all(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [pattern, value, count] = exactly(arguments)?;
    let (text, wanted, regexp) = (text(value)?, wanted(count)?, compiled(call, text(pattern)?)?);
    let (mut search, mut parts) = (Search::whole(call, &regexp, text)?, Vec::new());
    while parts.len() < wanted
        && let Some(found) = search.next()?.and_then(|found| found.get(0))
    {
        call.meter().allocate(size_of::<Value>() + size_of::<&[u8]>())?;
        parts.push(text.get(found).unwrap_or_default());
    }
    if parts.is_empty() { Ok(List::nil(&Type::String).into()) } else { strings(call, parts) }
}

/// As Go: `nil` if none are wanted, and an empty match at the beginning cuts nothing off.
fn split(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [pattern, value, count] = exactly(arguments)?;
    let (pattern, text, wanted) = (text(pattern)?, text(value)?, wanted(count)?);
    let regexp = compiled(call, pattern)?;
    match wanted {
        0 => Ok(List::nil(&Type::String).into()),
        _ if text.is_empty() && !pattern.is_empty() => Ok(List::strings([text]).into()),
        _ => cut(call, &regexp, text, wanted),
    }
}

fn cut(call: &Call<'_>, regexp: &Regexp, text: &[u8], wanted: usize) -> Outcome {
    let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
    let mut search = Search::whole(call, regexp, text)?;
    while parts.len() + 1 < wanted
        && let Some(found) = search.next()?.and_then(|found| found.get(0))
    {
        call.meter().allocate(size_of::<Value>() + size_of::<&[u8]>())?;
        end = found.start;
        if found.end != 0 {
            parts.push(text.get(start..end).unwrap_or_default());
        }
        start = found.end;
    }
    if end != text.len() {
        parts.push(text.get(start..).unwrap_or_default());
    }
    strings(call, parts)
}

fn replace(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [.., template] = texts::<3>(arguments)?;
    walk(call, template.len())?;
    call.meter().allocate(template.len().saturating_mul(PIECE))?;
    replaced(call, arguments, &Replacement::new(template))
}

/// Bytes that a replacement takes for each byte it has: at worst two are a piece.
const PIECE: usize = 12;

fn replace_literal(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [.., text] = texts::<3>(arguments)?;
    replaced(call, arguments, &Replacement::literal(text))
}

fn replaced(call: &Call<'_>, arguments: &[Value], replacement: &Replacement<'_>) -> Outcome {
    let [pattern, text, _] = texts(arguments)?;
    let regexp = compiled(call, pattern)?;
    let mut search = if replacement.has_groups() {
        Search::with_groups(call, &regexp, text)?
    } else {
        Search::whole(call, &regexp, text)?
    };
    let (limit, mut out, mut done) = (call.meter().memory_left(), Vec::new(), 0);
    while let Some(found) = search.next()? {
        call.meter().step(replacement.pieces_count())?;
        let whole = found.get(0).unwrap_or_default();
        push(call, &mut out, text.get(done..whole.start).unwrap_or_default(), limit)?;
        let written = regexp.replace_one_within(replacement, text, &found, &mut out, limit);
        written.or_else(|_| over(call, limit))?;
        done = whole.end;
    }
    push(call, &mut out, text.get(done..).unwrap_or_default(), limit)?;
    call.text(out)
}

fn push(call: &Call<'_>, out: &mut Vec<u8>, bytes: &[u8], limit: usize) -> Result<(), FuncError> {
    if bytes.len() > limit.saturating_sub(out.len()) {
        return over(call, limit);
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// The budget's own error.
fn over(call: &Call<'_>, limit: usize) -> Result<(), FuncError> {
    Ok(call.meter().allocate(limit.saturating_add(1))?)
}

fn quote(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [text] = texts(arguments)?;
    walk(call, text.len())?;
    call.meter().allocate(text.len().saturating_mul(2))?;
    Ok(Value::str(quote_meta(text)))
}
