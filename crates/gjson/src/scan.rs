//! Where things end in JSON text. Nothing here checks that the text is JSON: like gjson, a scan over something else
//! finds an end, if only that of the text.

use crate::Kind;

/// The byte at `index`; 0 behind the end.
pub(crate) fn at(text: &[u8], index: usize) -> u8 {
    text.get(index).copied().unwrap_or(0)
}

/// `text[from..to]`, as much of it as there is.
pub(crate) fn cut(text: &[u8], from: usize, to: usize) -> &[u8] {
    text.get(from..to.min(text.len())).unwrap_or_default()
}

/// What starts at an index.
pub(crate) enum Token {
    /// Nothing that is a value: space, punctuation, or garbage.
    Nothing,
    /// An object or array; its end is not looked for, since the caller may want to go in.
    Open,
    /// A scalar up to the index.
    Scalar(Kind, usize),
    /// A string without an end.
    Broken,
}

pub(crate) fn token(json: &[u8], from: usize) -> Token {
    match at(json, from) {
        b'{' | b'[' => Token::Open,
        b'"' => string_end(json, from + 1).map_or(Token::Broken, |end| Token::Scalar(Kind::String, end)),
        b'n' if from + 1 < json.len() && at(json, from + 1) != b'u' => {
            Token::Scalar(Kind::Number, number_end(json, from))
        }
        b'n' => Token::Scalar(Kind::Null, literal_end(json, from)),
        b't' => Token::Scalar(Kind::True, literal_end(json, from)),
        b'f' => Token::Scalar(Kind::False, literal_end(json, from)),
        b'+' | b'-' | b'0'..=b'9' | b'i' | b'I' | b'N' => Token::Scalar(Kind::Number, number_end(json, from)),
        _ => Token::Nothing,
    }
}

/// The index behind the closing quote; `from` is behind the opening one.
///
/// Most strings are short, and a search costs more to begin than eight bytes at once do.
pub(crate) fn string_end(json: &[u8], from: usize) -> Option<usize> {
    let (mut rest, mut end) = (json.get(from..)?, from);
    for _ in 0..SHORT {
        let Some((word, behind)) = rest.split_first_chunk::<8>() else { break };
        let word = u64::from_le_bytes(*word);
        let stops = equal_bytes(word, b'"') | equal_bytes(word, b'\\');
        if stops == 0 {
            (rest, end) = (behind, end + 8);
            continue;
        }
        let length = usize::try_from(stops.trailing_zeros() / 8).ok()?;
        if rest.get(length) == Some(&b'"') {
            return Some(end + length + 1);
        }
        end += length + 2;
        rest = rest.get(length + 2..)?;
    }
    long_end(rest, end)
}

/// Words of eight bytes that are looked at before a search begins.
const SHORT: usize = 4;

/// The highest bit of each byte that equals `byte`; of those above the lowest that does, some more may be set.
fn equal_bytes(word: u64, byte: u8) -> u64 {
    let zeroed = word ^ (ONES * u64::from(byte));
    zeroed.wrapping_sub(ONES) & !zeroed & (ONES << 7)
}

const ONES: u64 = 0x0101_0101_0101_0101;

fn long_end(mut rest: &[u8], mut end: usize) -> Option<usize> {
    loop {
        let length = memchr::memchr2(b'"', b'\\', rest)?;
        if rest.get(length) == Some(&b'"') {
            return Some(end + length + 1);
        }
        end += length + 2;
        rest = rest.get(length + 2..)?;
    }
}

pub(crate) fn number_end(json: &[u8], from: usize) -> usize {
    end_of(json, from, |byte| byte <= b' ' || matches!(byte, b',' | b']' | b'}'))
}

pub(crate) fn literal_end(json: &[u8], from: usize) -> usize {
    end_of(json, from, |byte| !byte.is_ascii_lowercase())
}

fn end_of(json: &[u8], from: usize, stops: impl Fn(u8) -> bool) -> usize {
    let rest = json.get(from + 1..).unwrap_or_default();
    rest.iter().position(|&byte| stops(byte)).map_or(json.len(), |length| from + 1 + length)
}

/// The index behind the bracket that closes the one at `from`. Kinds of brackets are not told apart, and round ones
/// count too: the same scan serves paths. Without an end: the end of the text, or one more if that is in a string,
/// which is how gjson comes to count such an element of an array or not.
pub(crate) fn block_end(json: &[u8], from: usize) -> usize {
    let mut depth = 1_usize;
    let (mut index, mut bytes) = (from + 1, json.get(from + 1..).unwrap_or_default().iter());
    while let Some(length) = bytes.position(|&byte| STRUCTURE.get(usize::from(byte)) == Some(&true)) {
        index += length + 1;
        match at(json, index - 1) {
            b'"' => {
                let Some(end) = string_end(json, index) else { return json.len() + 1 };
                (index, bytes) = (end, json.get(end..).unwrap_or_default().iter());
            }
            b'{' | b'[' | b'(' => depth += 1,
            _ => depth -= 1,
        }
        if depth == 0 {
            return index;
        }
    }
    json.len().max(from + 1)
}

/// Quotes and brackets.
#[expect(clippy::indexing_slicing, reason = "every byte is an index of 256")]
const STRUCTURE: [bool; 256] = {
    let mut marks = [false; 256];
    let mut rest: &[u8] = b"\"{}[]()";
    while let [byte, behind @ ..] = rest {
        marks[*byte as usize] = true;
        rest = behind;
    }
    marks
};

/// As [`block_end`], for text that may also begin with a string. Never behind the end.
pub(crate) fn squash_end(json: &[u8]) -> usize {
    let end = if at(json, 0) == b'"' { string_end(json, 1) } else { Some(block_end(json, 0)) };
    end.unwrap_or(json.len()).min(json.len())
}

/// Without what is at both ends and not above a space.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let from = text.iter().position(|&byte| byte > b' ').unwrap_or(text.len());
    let to = text.iter().rposition(|&byte| byte > b' ').map_or(from, |last| last + 1);
    cut(text, from, to)
}
