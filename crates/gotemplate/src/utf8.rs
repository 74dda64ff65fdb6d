//! UTF-8 as Go sees it: bytes that are no UTF-8 are one U+FFFD each.

/// The first character of `bytes` and how many bytes it has; `(U+FFFD, 1)` if they are no UTF-8, `(U+FFFD, 0)` if there
/// are none.
pub fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else { return (char::REPLACEMENT_CHARACTER, 0) };
    let length = match first {
        0..=0x7f => return (char::from(first), 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(character) => (character, length),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// As [`decode`], from the end.
pub fn decode_last(bytes: &[u8]) -> (char, usize) {
    for length in 2..=4.min(bytes.len()) {
        let (character, width) = decode(bytes.get(bytes.len() - length..).unwrap_or_default());
        if width == length {
            return (character, width);
        }
    }
    decode(bytes.last().map_or(b"", std::slice::from_ref))
}

/// The characters of `bytes`, each with the bytes that it is made of.
pub fn characters(mut bytes: &[u8]) -> impl Iterator<Item = (char, &[u8])> {
    std::iter::from_fn(move || {
        let (character, width) = decode(bytes);
        let (head, tail) = bytes.split_at_checked(width)?;
        bytes = tail;
        (width > 0).then_some((character, head))
    })
}
