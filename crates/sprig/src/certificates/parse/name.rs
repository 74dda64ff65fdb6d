//! The names of subjects and issuers.

use super::Parsed;
use crate::der::{BMP, IA5, NUMERIC, PRINTABLE, Reader, SEQUENCE, SET, T61, UTF8};

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
        NUMERIC => ascii(value, |byte| byte.is_ascii_digit() || *byte == b' '),
        _ => None,
    }
}

fn ascii(value: &[u8], is_allowed: impl Fn(&u8) -> bool) -> Option<String> {
    value.iter().all(is_allowed).then(|| value.iter().copied().map(char::from).collect())
}

/// As Go reads them: with `*` and `&`, which some certificates have.
fn is_printable(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(byte)
}

/// Two bytes each, none of them half of a pair or no character.
fn wide(value: &[u8]) -> Option<String> {
    let value = value.strip_suffix(&[0, 0]).filter(|_| value.len() % 2 == 0).unwrap_or(value);
    if value.len() % 2 != 0 {
        return None;
    }
    let letters = value.chunks(2).map(|pair| pair.iter().fold(0u32, |code, byte| code << 8 | u32::from(*byte)));
    let is_none = |code: &u32| matches!(code, 0xfffe | 0xffff | 0xfdd0..=0xfdef);
    letters.map(|code| char::from_u32(code).filter(|_| !is_none(&code))).collect()
}

/// Names of attributes that have short ones.
const SHORT: &[(&[u8], &str)] = &[
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 5], "SERIALNUMBER"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 17], "POSTALCODE"),
];
