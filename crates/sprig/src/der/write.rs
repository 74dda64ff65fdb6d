//! Elements, written.

use super::{BIT_STRING, BOOLEAN, INTEGER, OCTETS, OID, SEQUENCE, SET};
use zeroize::Zeroizing;

/// An element of this tag.
pub(crate) fn tagged(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let digits = content.len().to_be_bytes();
    let skipped = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(skipped..).unwrap_or_default();
    let mut element = Zeroizing::new(Vec::with_capacity(content.len() + digits.len() + 2));
    element.push(tag);
    match digits {
        [] => element.push(0),
        [length] if *length < 0x80 => element.push(*length),
        digits => {
            element.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            element.extend_from_slice(digits);
        }
    }
    element.extend_from_slice(content);
    element
}

/// A sequence of elements.
pub(crate) fn sequence(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    tagged(SEQUENCE, &joined(parts))
}

/// A set of elements, in the order that DER wants.
pub(crate) fn set_of(mut parts: Vec<&[u8]>) -> Zeroizing<Vec<u8>> {
    parts.sort_unstable();
    tagged(SET, &joined(&parts))
}

fn joined(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        content.extend_from_slice(part);
    }
    content
}

/// A positive integer of big-endian digits.
pub(crate) fn integer(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    let skipped = digits.iter().take_while(|digit| **digit == 0).count();
    let mut content = Zeroizing::new(Vec::with_capacity(digits.len() + 1));
    let digits = digits.get(skipped..).unwrap_or_default();
    if digits.first().is_none_or(|digit| *digit >= 0x80) {
        content.push(0);
    }
    content.extend_from_slice(digits);
    tagged(INTEGER, &content)
}

/// A small integer.
pub(crate) fn number(number: u64) -> Zeroizing<Vec<u8>> {
    integer(&number.to_be_bytes())
}

/// Bytes.
pub(crate) fn octets(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    tagged(OCTETS, bytes)
}

/// Whole bytes of bits.
pub(crate) fn bit_string(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    tagged(BIT_STRING, &joined(&[&[0], bytes]))
}

/// An object identifier of its content.
pub(crate) fn oid(content: &[u8]) -> Zeroizing<Vec<u8>> {
    tagged(OID, content)
}

/// A truth.
pub(crate) fn boolean(truth: bool) -> Zeroizing<Vec<u8>> {
    tagged(BOOLEAN, &[if truth { 255 } else { 0 }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_signs_are_shortest() {
        assert_eq!(*octets(&[]), [4, 0]);
        assert_eq!(octets(&[0; 127])[..2], [4, 127]);
        assert_eq!(octets(&[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(octets(&[0; 256])[..4], [4, 0x82, 1, 0]);
        assert_eq!(*number(0), [2, 1, 0]);
        assert_eq!(*number(127), [2, 1, 127]);
        assert_eq!(*number(128), [2, 2, 0, 128]);
        assert_eq!(*integer(&[0, 0, 1]), [2, 1, 1]);
    }
}
