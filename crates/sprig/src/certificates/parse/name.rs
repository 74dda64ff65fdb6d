//! The names of subjects and issuers.

use super::Parsed;
use crate::der::{BMP, IA5, NUMERIC, PRINTABLE, Reader, SEQUENCE, SET, T61, UTF8, tagged};
use zeroize::Zeroizing;

/// A distinguished name.
#[derive(Clone)]
pub(crate) struct Name<'a> {
    /// All of it.
    pub(crate) raw: &'a [u8],
    attributes: Vec<(&'a [u8], String)>,
}

impl<'a> Name<'a> {
    /// The next element, which must be a name.
    pub(crate) fn parse(reader: &mut Reader<'a>) -> Parsed<Self> {
        let element = reader.element(SEQUENCE).ok_or("x509: malformed issuer")?;
        let mut sets = Reader::new(element.value);
        let mut attributes = Vec::new();
        while !sets.is_empty() {
            let mut set = sets.within(SET).ok_or("x509: invalid RDNSequence")?;
            while !set.is_empty() {
                attributes.push(attribute(&mut set)?);
            }
        }
        Ok(Self { raw: element.whole, attributes })
    }

    /// As Go's `pkix.Name` writes it: the last attribute first, those of one short name together, and foreign ones at the
    /// end.
    pub(crate) fn text(&self) -> String {
        let foreign = self.attributes.iter().filter(|(kind, _)| short(kind).is_none());
        let foreign = foreign.map(|(kind, value)| format!("{}=#{}", dotted(kind), hex(&in_der(value))));
        let known = SHORT.iter().filter_map(|(kind, name)| self.all_of(kind, name));
        let mut parts: Vec<String> = foreign.chain(known).collect();
        parts.reverse();
        parts.join(",")
    }

    /// Of the common name and the serial number the last, of all others each.
    fn all_of(&self, kind: &[u8], name: &str) -> Option<String> {
        let mut values = self.attributes.iter().filter(|(other, _)| *other == kind).map(|(_, value)| value);
        let is_single = matches!(name, "CN" | "SERIALNUMBER");
        let values: Vec<&String> = if is_single {
            values.next_back().into_iter().filter(|value| !value.is_empty()).collect()
        } else {
            values.collect()
        };
        let parts: Vec<String> = values.into_iter().map(|value| format!("{name}={}", escaped(value))).collect();
        (!parts.is_empty()).then(|| parts.join("+"))
    }
}

fn short(kind: &[u8]) -> Option<&'static str> {
    SHORT.iter().find(|(other, _)| *other == kind).map(|(_, name)| *name)
}

/// With a backslash before what has a meaning where it stands.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (index, letter) in value.char_indices() {
        let is_special = match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => index == 0 || index == value.len() - 1,
            '#' => index == 0,
            _ => false,
        };
        text.extend(is_special.then_some('\\'));
        text.push(letter);
    }
    text
}

/// A text as Go's `asn1.Marshal` writes it.
pub(crate) fn in_der(text: &str) -> Zeroizing<Vec<u8>> {
    let is_plain = |byte: u8| is_printable(byte) && !matches!(byte, b'*' | b'&');
    tagged(if text.bytes().all(is_plain) { PRINTABLE } else { UTF8 }, text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// An identifier in numbers.
fn dotted(oid: &[u8]) -> String {
    let number = |digits: &[u8]| digits.iter().fold(0u64, |number, digit| number << 7 | u64::from(digit & 0x7f));
    let numbers: Vec<u64> = oid.split_inclusive(|byte| *byte < 0x80).map(number).collect();
    let first = numbers.first().copied().unwrap_or_default();
    let head = [(first / 40).min(2), first - (first / 40).min(2) * 40];
    let all: Vec<String> = head.iter().chain(numbers.iter().skip(1)).map(ToString::to_string).collect();
    all.join(".")
}

fn attribute<'a>(set: &mut Reader<'a>) -> Parsed<(&'a [u8], String)> {
    let mut attribute = set.within(SEQUENCE).ok_or("x509: invalid RDNSequence: invalid attribute")?;
    let kind = attribute.oid().ok_or("x509: invalid RDNSequence: invalid attribute type")?;
    let value = attribute.any().ok_or("x509: invalid RDNSequence: invalid attribute value")?;
    let text = text(value.tag, value.value).ok_or("x509: invalid RDNSequence: invalid attribute value")?;
    Ok((kind, text))
}

fn text(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        T61 => Some(value.iter().copied().map(char::from).collect()),
        PRINTABLE => ascii(value, is_printable),
        UTF8 => String::from_utf8(value.to_vec()).ok(),
        BMP => wide(value),
        IA5 => ascii(value, |byte| byte.is_ascii()),
        NUMERIC => ascii(value, |byte| byte.is_ascii_digit() || byte == b' '),
        _ => None,
    }
}

fn ascii(value: &[u8], is_allowed: impl Fn(u8) -> bool) -> Option<String> {
    value.iter().copied().all(is_allowed).then(|| value.iter().copied().map(char::from).collect())
}

/// As Go reads them: with `*` and `&`, which some certificates have.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)
}

/// Two bytes each, none of them half of a pair or no character.
fn wide(value: &[u8]) -> Option<String> {
    let value = value.strip_suffix(&[0, 0]).filter(|_| value.len().is_multiple_of(2)).unwrap_or(value);
    if !value.len().is_multiple_of(2) {
        return None;
    }
    let letters = value.chunks(2).map(|pair| pair.iter().fold(0u32, |code, byte| code << 8 | u32::from(*byte)));
    let is_none = |code: &u32| matches!(code, 0xfffe | 0xffff | 0xfdd0..=0xfdef);
    letters.map(|code| char::from_u32(code).filter(|_| !is_none(&code))).collect()
}

/// Attributes that have short names, in the order in which Go puts them.
const SHORT: &[(&[u8], &str)] = &[
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 17], "POSTALCODE"),
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 5], "SERIALNUMBER"),
];
