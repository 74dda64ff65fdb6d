//! The members of an object, as `dataFrom.extract` wants them.

use crate::scan::at;
use crate::value::Entries;
use crate::{Error, Value, text, valid};
use std::borrow::Cow;

/// The members of a top-level object in their order, with decoded keys.
///
/// The text is validated first. As when Go decodes into a map, a document that is only `null` has no members, and of
/// members with the same key the last one counts: collect into a map to get that. Take their text from
/// [`Value::as_extracted`].
pub fn members(json: &(impl AsRef<[u8]> + ?Sized)) -> Result<impl Iterator<Item = (String, Value<'_>)>, Error> {
    members_of(json.as_ref())
}

/// What a document that is one string says, by `encoding/json`'s rules; nothing for any other text.
pub fn string(json: &[u8]) -> Option<Vec<u8>> {
    let document = json.trim_ascii();
    if at(document, 0) != b'"' || valid(document).is_err() {
        return None;
    }
    Some(text::unescape_strict(text::inside(document)).into_owned())
}

/// The members of an object, with decoded keys, or the elements of an array, with empty ones; of anything else nothing.
/// Each value is its JSON text.
///
/// Nothing is validated: `json` is to be a text that is, or a part of one.
pub fn entries(json: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, &[u8])> {
    let mut entries = Entries::of(json);
    std::iter::from_fn(move || entries.next_raw()).map(|(key, raw)| (text::unescape_strict(text::inside(key)), raw))
}

fn members_of(json: &[u8]) -> Result<impl Iterator<Item = (String, Value<'_>)>, Error> {
    valid(json)?;
    let document = json.trim_ascii();
    if !matches!(at(document, 0), b'{' | b'n') {
        return Err(Error::NotAnObject);
    }
    Ok(Entries::of(document).map(|(key, value)| (decoded(key), value)))
}

/// Keys go by `encoding/json`'s rules, so they are UTF-8 whatever the document is.
fn decoded(key: &[u8]) -> String {
    String::from_utf8_lossy(&text::unescape_strict(text::inside(key))).into_owned()
}
