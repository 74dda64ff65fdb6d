//! Text as Go sees it: bytes that are no UTF-8 are one U+FFFD each.

use std::borrow::Cow;

/// The first character of `bytes` and how many bytes it has; `(U+FFFD, 1)` if they are no UTF-8, `(U+FFFD, 0)` if there
/// are none.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let length = match bytes.first() {
        None => return (char::REPLACEMENT_CHARACTER, 0),
        Some(&first @ 0..=0x7f) => return (char::from(first), 1),
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        Some(_) => return (char::REPLACEMENT_CHARACTER, 1),
    };
    let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(character) => (character, length),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// Where the first bytes are that are no UTF-8.
pub(crate) fn first_bad(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes).err().map(|error| error.valid_up_to())
}

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The bytes that a replacement is longer than what it stands for.
const LONGER: usize = 2;

/// Text that is searched: valid UTF-8, a copy only where it has to be mended.
#[derive(Debug)]
pub(crate) struct Text<'h> {
    bytes: Cow<'h, [u8]>,
    /// Where replacements begin.
    mended: Vec<usize>,
}

impl<'h> Text<'h> {
    pub(crate) fn new(bytes: &'h [u8]) -> Self {
        match first_bad(bytes) {
            None => Self { bytes: Cow::Borrowed(bytes), mended: Vec::new() },
            Some(_) => Self::mended(bytes),
        }
    }

    fn mended(mut rest: &[u8]) -> Self {
        let (mut bytes, mut mended) = (Vec::with_capacity(rest.len() + LONGER), Vec::new());
        while let Some((good, bad)) = first_bad(rest).and_then(|at| rest.split_at_checked(at)) {
            bytes.extend_from_slice(good);
            mended.push(bytes.len());
            bytes.extend_from_slice(REPLACEMENT);
            rest = bad.get(1..).unwrap_or_default();
        }
        bytes.extend_from_slice(rest);
        Self { bytes: Cow::Owned(bytes), mended }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where `offset` is in the text as it was.
    pub(crate) fn original(&self, offset: usize) -> usize {
        offset - LONGER * self.mended.partition_point(|&start| start < offset)
    }
}
