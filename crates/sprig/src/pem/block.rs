//! PEM blocks as Go finds and writes them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Go's `base64.StdEncoding`: padded, and the bits that are left over may be anything.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Base64 as Go's `base64.StdEncoding` reads it: line breaks count nowhere.
pub(crate) fn from_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect());
    BASE64.decode(&*digits).ok().map(Zeroizing::new)
}

/// Base64 as Go's `base64.StdEncoding` writes it.
pub(crate) fn to_base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE64.encode(bytes))
}

/// One block.
pub(crate) struct Block<'a> {
    /// What stands after `BEGIN`: any bytes.
    pub(crate) label: &'a [u8],
    pub(crate) headers: BTreeMap<&'a [u8], &'a [u8]>,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// The first block, and what follows it.
///
/// A block is looked for between each end line and the last begin line before it, so that a broken block does not hide
/// the next one.
pub(crate) fn decode(text: &[u8]) -> Option<(Block<'_>, &[u8])> {
    let mut rest = text;
    loop {
        let end = find(rest, END)?;
        let (before, after) = rest.split_at_checked(end)?;
        if let Some(begin) = begin_of(before) {
            match block(rest.get(begin..)?, end - begin) {
                Found::Block(block, rest) => return Some((block, rest)),
                Found::Nothing => return None,
                Found::Broken => {}
            }
        }
        rest = after.get(END.len()..)?;
    }
}

/// What stands between a begin line and an end line.
enum Found<'a> {
    Block(Block<'a>, &'a [u8]),
    Broken,
    /// Neither this nor what follows.
    Nothing,
}

/// Where the label of the last begin line starts.
fn begin_of(text: &[u8]) -> Option<usize> {
    let begin = text.windows(BEGIN.len()).rposition(|window| window == BEGIN)?;
    let starts_line = begin.checked_sub(1).is_none_or(|before| text.get(before) == Some(&b'\n'));
    starts_line.then_some(begin + BEGIN.len())
}

/// The block whose label `text` starts with and whose end line begins at `end`.
fn block(text: &[u8], end: usize) -> Found<'_> {
    let (line, body) = line_of(text);
    let Some(label) = line.strip_suffix(DASHES) else { return Found::Broken };
    let Some((headers, body)) = headers_of(body) else { return Found::Nothing };
    let consumed = text.len() - body.len();
    // With headers, their lines may have gone past the end line.
    if !headers.is_empty() && end < consumed {
        return if end + END.len() < consumed { Found::Nothing } else { Found::Broken };
    }
    let Some(trailer) = text.get(end + END.len()..) else { return Found::Broken };
    let Some(tail) = trailer.strip_prefix(label).and_then(|rest| rest.strip_prefix(DASHES)) else {
        return Found::Broken;
    };
    let (left, rest) = line_of(tail);
    if !left.is_empty() {
        return Found::Broken;
    }
    let content = text.get(consumed..end).unwrap_or_default();
    match base64_of(content) {
        Some(bytes) => Found::Block(Block { label, headers, bytes }, rest),
        None => Found::Broken,
    }
}

fn base64_of(content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(content.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t')).collect());
    from_base64(&digits)
}

type Headers<'a> = BTreeMap<&'a [u8], &'a [u8]>;

/// The header lines, up to the first line without a colon; nothing if there is no such line.
fn headers_of(mut text: &[u8]) -> Option<(Headers<'_>, &[u8])> {
    let mut headers = Headers::new();
    loop {
        if text.is_empty() {
            return None;
        }
        let (line, rest) = line_of(text);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return Some((headers, text)) };
        let (key, value) = (line.get(..colon)?, line.get(colon + 1..)?);
        headers.insert(trimmed(key), trimmed(value));
        text = rest;
    }
}

/// The first line without its end and the blanks before that, and what follows.
fn line_of(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => (text.get(..end).unwrap_or_default(), text.get(end + 1..).unwrap_or_default()),
        None => return (without_blanks(text), &[]),
    };
    (without_blanks(line.strip_suffix(b"\r").unwrap_or(line)), rest)
}

fn without_blanks(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}

/// Go's `bytes.TrimSpace`.
fn trimmed(text: &[u8]) -> &[u8] {
    std::str::from_utf8(text).map_or_else(|_| text.trim_ascii(), |text| text.trim().as_bytes())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// A block with its headers: `Proc-Type` first, the others in their order.
pub(crate) fn encode_block(block: &Block<'_>) -> Zeroizing<Vec<u8>> {
    let mut headers = Zeroizing::new(Vec::new());
    let (first, others): (Vec<_>, Vec<_>) = block.headers.iter().partition(|(key, _)| **key == b"Proc-Type");
    for (key, value) in first.into_iter().chain(others) {
        headers.extend_from_slice(&[key, &b": "[..], value, b"\n"].concat());
    }
    if !headers.is_empty() {
        headers.push(b'\n');
    }
    write(block.label, &headers, &block.bytes)
}

/// A block without headers.
pub(crate) fn encode(label: &str, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    write(label.as_bytes(), &[], bytes)
}

fn write(label: &[u8], headers: &[u8], bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let digits = to_base64(bytes);
    let mut text = Zeroizing::new(Vec::with_capacity(digits.len() / 64 * 65 + headers.len() + 2 * label.len() + 100));
    for part in [BEGIN, label, b"-----\n", headers] {
        text.extend_from_slice(part);
    }
    for line in digits.as_bytes().chunks(64) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    for part in [END.get(1..).unwrap_or_default(), label, b"-----\n"] {
        text.extend_from_slice(part);
    }
    text
}
