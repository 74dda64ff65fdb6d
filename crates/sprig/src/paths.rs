//! File paths, as text. Those of the operating system are the same, since that is Linux.

use crate::arguments::{Outcome, exactly, text};
use crate::output::{part_of, search, walk};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use memchr::memrchr;

pub(crate) fn family(_: &Shared) -> Family {
    let of_text = |run: Run| Function::new(&[Type::String], run).named("func(string) string");
    let is_absolute = || Function::new(&[Type::String], is_absolute).named("func(string) bool");
    vec![
        ("base", of_text(base)),
        ("clean", of_text(clean)),
        ("dir", of_text(dir)),
        ("ext", of_text(ext)),
        ("isAbs", is_absolute()),
        ("osBase", of_text(base)),
        ("osClean", of_text(clean)),
        ("osDir", of_text(dir)),
        ("osExt", of_text(ext)),
        ("osIsAbs", is_absolute()),
    ]
}

type Run = fn(&mut Call<'_>, &[Value]) -> Outcome;

fn is_absolute(_: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [path] = exactly(arguments)?;
    Ok(Value::Bool(text(path)?.starts_with(b"/")))
}

/// What comes after the last slash, slashes at the end not counted.
fn base(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    let path = text(value)?;
    search(call, path.len())?;
    let length = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let trimmed = path.get(..length).unwrap_or_default();
    match (path, after_slash(trimmed)) {
        ([], _) => Ok(".".into()),
        (_, []) => Ok("/".into()),
        (_, base) => part_of(call, value, base),
    }
}

fn after_slash(path: &[u8]) -> &[u8] {
    memrchr(b'/', path).and_then(|slash| path.get(slash + 1..)).unwrap_or(path)
}

/// From the last dot of the last part.
fn ext(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    let path = text(value)?;
    search(call, path.len())?;
    let base = after_slash(path);
    part_of(call, value, memrchr(b'.', base).and_then(|dot| base.get(dot..)).unwrap_or_default())
}

fn dir(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    let path = text(value)?;
    search(call, path.len())?;
    let length = memrchr(b'/', path).map_or(0, |slash| slash + 1);
    cleaned(call, path.get(..length).unwrap_or_default()).map(Value::str)
}

fn clean(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [value] = exactly(arguments)?;
    cleaned(call, text(value)?).map(Value::str)
}

/// The shortest path of the same meaning: no part is empty or `.`, and `..` stands at the beginning only, and not after
/// a slash.
fn cleaned(call: &Call<'_>, path: &[u8]) -> Result<Vec<u8>, FuncError> {
    walk(call, path.len())?;
    call.meter().allocate(path.len())?;
    let rooted = path.starts_with(b"/");
    let mut out = Vec::with_capacity(path.len());
    out.extend(rooted.then_some(b'/'));
    let mut fixed = out.len();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if out.len() > fixed => go_up(&mut out, fixed),
            b".." if rooted => {}
            b".." => {
                append(&mut out, part, rooted);
                fixed = out.len();
            }
            _ => append(&mut out, part, rooted),
        }
    }
    Ok(if out.is_empty() { b".".to_vec() } else { out })
}

fn append(out: &mut Vec<u8>, part: &[u8], rooted: bool) {
    if out.len() > usize::from(rooted) {
        out.push(b'/');
    }
    out.extend_from_slice(part);
}

/// Takes the last part away, no more than to `fixed`.
fn go_up(out: &mut Vec<u8>, fixed: usize) {
    let part = out.get(fixed..).unwrap_or_default();
    out.truncate(fixed + memrchr(b'/', part).unwrap_or_default());
}
