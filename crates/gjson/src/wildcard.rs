//! Wildcards in keys and in `%` queries: `*` is any characters, `?` is one, `\` takes the next one as it is.
//!
//! Go's matcher is recursive and gives up (no match) after 10,000 calls per byte; this one steps back to the last star
//! only, so it always has the answer, in at most key × pattern steps, which are charged.

use crate::meter::Meter;
use crate::scan::at;
use crate::{Error, scan::cut};

/// Whether all of `text` matches `pattern`.
pub(crate) fn matches(text: &[u8], pattern: &[u8], meter: &Meter) -> Result<bool, Error> {
    if has_lone_backslash(pattern) && !has_star(pattern) {
        return Ok(false);
    }
    let (mut here, mut want) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while here < text.len() {
        meter.spend(0)?;
        if at(pattern, want) == b'*' {
            star = Some((want + 1, here));
            want += 1;
        } else if let Some((read, used)) = one(cut(text, here, text.len()), cut(pattern, want, pattern.len())) {
            here += read;
            want += used;
        } else if let Some((after, from)) = star {
            here = from + width(cut(text, from, text.len()));
            want = after;
            star = Some((after, here));
        } else {
            return Ok(false);
        }
    }
    Ok(cut(pattern, want, pattern.len()).iter().all(|&byte| byte == b'*'))
}

/// The bytes of text and pattern that the pattern's first item takes.
fn one(text: &[u8], pattern: &[u8]) -> Option<(usize, usize)> {
    match *pattern {
        [] => None,
        [b'?', ..] => Some((width(text), 1)),
        [b'\\', next, ..] => (at(text, 0) == next).then_some((1, 2)),
        [byte, ..] => (at(text, 0) == byte).then_some((1, 1)),
    }
}

/// Bytes of the first character; 1 for what is not UTF-8.
fn width(text: &[u8]) -> usize {
    let head = text.get(..4.min(text.len())).unwrap_or_default();
    let valid = head.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    valid.chars().next().map_or(1, char::len_utf8)
}

/// Whether the last backslash escapes nothing; Go takes it literally behind a star, and otherwise never matches.
fn has_lone_backslash(pattern: &[u8]) -> bool {
    pattern.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

fn has_star(pattern: &[u8]) -> bool {
    let mut escaped = false;
    pattern.iter().any(|&byte| {
        let star = byte == b'*' && !escaped;
        escaped = byte == b'\\' && !escaped;
        star
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn a_pattern_matches_the_whole_text() {
        for (text, pattern, expected) in [
            ("", "*", true),
            ("", "?", false),
            ("abc", "a*", true),
            ("abc", "*b", false),
            ("abcbc", "a*bc", true),
            ("é", "?", true),
            ("xé", "*?é", true),
            ("é", "??", false),
            ("a*", "a\\*", true),
            ("ab", "a\\*", false),
            ("a\\", "*\\", true),
            ("a\\", "a\\", false),
        ] {
            let meter = Meter::new(Limits::default());
            assert_eq!(matches(text.as_bytes(), pattern.as_bytes(), &meter), Ok(expected), "{text} {pattern}");
        }
    }

    #[test]
    fn a_costly_pattern_ends_with_the_budget() {
        let (text, pattern) = ("a".repeat(10_000), "*".to_owned() + &"a".repeat(1_000) + "b");
        let meter = Meter::new(Limits { work: 1 << 20, ..Limits::default() });
        assert_eq!(matches(text.as_bytes(), pattern.as_bytes(), &meter), Err(Error::TooMuchWork));
    }
}
