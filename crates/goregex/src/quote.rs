//! Text as an expression of itself.

/// An expression that matches `text` and nothing else, as `regexp.QuoteMeta`.
pub fn quote_meta(text: impl AsRef<[u8]>) -> Vec<u8> {
    let escape = |&byte: &u8| br"\.+*?()|[]{}^$".contains(&byte).then_some(b'\\').into_iter().chain([byte]);
    text.as_ref().iter().flat_map(escape).collect()
}
