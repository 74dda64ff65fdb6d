//! DER as Go reads and writes it. Own code, since it decides which certificate and key Go takes and which it refuses.

mod write;

pub(crate) use write::{bit_string, boolean, integer, number, octets, oid, sequence, set_of, tagged};

pub(crate) const BOOLEAN: u8 = 1;
pub(crate) const INTEGER: u8 = 2;
pub(crate) const BIT_STRING: u8 = 3;
pub(crate) const OCTETS: u8 = 4;
pub(crate) const NULL: u8 = 5;
pub(crate) const OID: u8 = 6;
pub(crate) const UTF8: u8 = 12;
pub(crate) const NUMERIC: u8 = 18;
pub(crate) const PRINTABLE: u8 = 19;
pub(crate) const T61: u8 = 20;
pub(crate) const IA5: u8 = 22;
pub(crate) const UTC_TIME: u8 = 23;
pub(crate) const GENERALIZED_TIME: u8 = 24;
pub(crate) const BMP: u8 = 30;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// A tag that only its place explains, for a value as it is.
pub(crate) const CONTEXT: u8 = 0x80;
/// The same for elements within it.
pub(crate) const EXPLICIT: u8 = 0xa0;

/// One element: its tag, its content, and all of it.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// What is left to read. Every answer is nothing where the bytes are not what was asked for; nothing may be read after
/// that. Lengths are definite, as short as they can be and of four bytes at most, and tags are below 31.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an element of this tag is next.
    pub(crate) fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Whether nothing is next, or the beginning of an element. Go asks that even of one that it takes for none.
    fn has_header(&self) -> bool {
        let Some((&tag, rest)) = self.0.split_first() else { return true };
        let digits = rest.iter().take_while(|digit| **digit >= 0x80).count();
        let skipped = if tag & 0x1f == 0x1f { digits + 1 } else { 0 };
        rest.get(skipped..).is_some_and(|rest| length(rest).is_some())
    }

    /// A positive integer if the next element is an integer.
    #[expect(clippy::option_option, reason = "what is not there is not malformed")]
    pub(crate) fn optional_positive(&mut self) -> Option<Option<&'a [u8]>> {
        if self.is_next(INTEGER) { self.positive().map(Some) } else { self.has_header().then_some(None) }
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (value, rest) = rest.split_at_checked(length)?;
        let whole = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Element { tag, value, whole })
    }

    /// The next element, which must have this tag.
    pub(crate) fn element(&mut self, tag: u8) -> Option<Element<'a>> {
        self.any().filter(|element| element.tag == tag)
    }

    /// The content of the next element.
    pub(crate) fn bytes(&mut self, tag: u8) -> Option<&'a [u8]> {
        Some(self.element(tag)?.value)
    }

    /// The elements within the next one.
    pub(crate) fn within(&mut self, tag: u8) -> Option<Self> {
        self.bytes(tag).map(Self)
    }

    /// The elements within the next one if it has this tag.
    #[expect(clippy::option_option, reason = "what is not there is not malformed")]
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<Self>> {
        if self.is_next(tag) { self.within(tag).map(Some) } else { Some(None) }
    }

    /// An element that is wrapped in another. As in Go's `encoding/asn1` the wrapping's length counts for nothing but that
    /// it is none, and where either tag is another one there is no such element.
    #[expect(clippy::option_option, reason = "what is not there is not malformed")]
    pub(crate) fn wrapped(&mut self, wrapping: u8, tag: u8) -> Option<Option<Self>> {
        if !self.is_next(wrapping) {
            return self.has_header().then_some(None);
        }
        let (length, rest) = length(self.0.get(1..)?)?;
        let mut inner = Self(rest);
        if length == 0 || rest.is_empty() {
            return None;
        }
        if !inner.is_next(tag) {
            return inner.has_header().then_some(None);
        }
        let element = inner.any()?;
        *self = inner;
        Some(Some(Self(element.whole)))
    }

    /// An integer's bytes, with the sign in the first bit.
    pub(crate) fn integer(&mut self) -> Option<&'a [u8]> {
        let bytes = self.bytes(INTEGER)?;
        is_shortest(bytes).then_some(bytes)
    }

    /// A positive integer without leading zeros.
    pub(crate) fn positive(&mut self) -> Option<&'a [u8]> {
        let bytes = self.integer()?;
        let digits = bytes.strip_prefix(&[0]).unwrap_or(bytes);
        (bytes.first()? < &0x80 && !digits.is_empty()).then_some(digits)
    }

    /// An integer that fits 64 bits.
    pub(crate) fn number(&mut self) -> Option<i64> {
        self.number_of(INTEGER)
    }

    /// The same with a tag that is its place.
    pub(crate) fn number_of(&mut self, tag: u8) -> Option<i64> {
        small(self.bytes(tag).filter(|bytes| is_shortest(bytes))?)
    }

    /// A truth, which is 0 or 255.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        match self.bytes(BOOLEAN)? {
            [0] => Some(false),
            [255] => Some(true),
            _ => None,
        }
    }

    /// An object identifier as it is written; its numbers are below 2^31.
    pub(crate) fn oid(&mut self) -> Option<&'a [u8]> {
        let bytes = self.bytes(OID)?;
        let ends = bytes.last()? < &0x80;
        let numbers = bytes.split_inclusive(|byte| *byte < 0x80);
        (ends && numbers.clone().all(is_oid_number)).then_some(bytes)
    }

    /// Bits, and how many of the last byte's are none.
    pub(crate) fn bits(&mut self) -> Option<(&'a [u8], u8)> {
        let (&unused, bytes) = self.bytes(BIT_STRING)?.split_first()?;
        let padding = (1u8 << unused.min(7)) - 1;
        let fits = unused <= 7 && bytes.last().map_or(unused == 0, |last| last & padding == 0);
        fits.then_some((bytes, unused))
    }
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((first.into(), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let length = digits.iter().fold(0usize, |length, digit| length << 8 | usize::from(*digit));
    let is_shortest = digits.first()? != &0 && (128..1 << 31).contains(&length);
    (is_shortest && digits.len() <= 4).then_some((length, rest))
}

fn is_shortest(bytes: &[u8]) -> bool {
    match bytes {
        [] => false,
        [0, next, ..] => *next >= 0x80,
        [255, next, ..] => *next < 0x80,
        _ => true,
    }
}

fn is_oid_number(digits: &[u8]) -> bool {
    let value = digits.iter().take(6).fold(0u64, |value, digit| value << 7 | u64::from(digit & 0x7f));
    digits.len() <= 5 && value < 1 << 31 && digits.first() != Some(&0x80)
}

/// The number of an integer's bytes.
fn small(bytes: &[u8]) -> Option<i64> {
    let sign = if bytes.first()? >= &0x80 { -1 } else { 0 };
    (bytes.len() <= 8).then(|| bytes.iter().fold(sign, |number: i64, byte| number << 8 | i64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_as_short_as_it_can_be() {
        for (bytes, fits) in [
            (&[4, 1, 7][..], true),
            (&[4, 0x81, 1, 7], false),
            (&[4, 0x80, 0, 0], false),
            (&[4, 2, 7], false),
            (&[4, 0x84, 0xff, 0xff, 0xff, 0xff], false),
            (&[4, 0x85, 0, 0, 0, 0, 1, 7], false),
            (&[0x1f, 1, 7], false),
            (&[4], false),
            (&[], false),
        ] {
            assert_eq!(Reader::new(bytes).any().is_some(), fits, "{bytes:?}");
        }
    }

    #[test]
    fn numbers_are_written_in_one_way_only() {
        for (bytes, number) in [
            (&[2, 1, 0][..], Some(0)),
            (&[2, 1, 0xff], Some(-1)),
            (&[2, 2, 0, 0x80], Some(128)),
            (&[2, 2, 0, 0x7f], None),
            (&[2, 2, 0xff, 0x80], None),
            (&[2, 0], None),
            (&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0], None),
        ] {
            assert_eq!(Reader::new(bytes).number(), number, "{bytes:?}");
        }
    }

    #[test]
    fn an_identifier_ends_and_has_no_empty_digits() {
        for (bytes, fits) in [
            (&[6, 3, 0x55, 0x1d, 0x11][..], true),
            (&[6, 2, 0x55, 0x9d], false),
            (&[6, 3, 0x55, 0x80, 1], false),
            (&[6, 6, 0x55, 0x8f, 0xff, 0xff, 0xff, 0x7f], false),
            (&[6, 5, 0x87, 0xff, 0xff, 0xff, 0x7f], true),
            (&[6, 0], false),
        ] {
            assert_eq!(Reader::new(bytes).oid().is_some(), fits, "{bytes:?}");
        }
    }
}
