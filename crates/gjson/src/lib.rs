#![doc = include_str!("../README.md")]

mod error;
mod marshal;
mod members;
mod meter;
mod modifier;
mod multipath;
mod number;
mod path;
mod pretty;
mod query;
mod reshape;
mod scan;
mod text;
mod valid;
mod value;
mod walk;
mod wildcard;

pub use error::Error;
pub use marshal::{Numbers, marshal, text_of};
pub use members::{entries, members, string};
pub use meter::Limits;
pub use text::{object_of_texts, quote};
pub use valid::{MAX_DEPTH, valid, valid_within};
pub use value::{Kind, Value};

/// Looks `path` up in `json` with the default [`Limits`]; `None` if the document has nothing there.
///
/// A `null` is something: its kind is [`Kind::Null`] and its text empty. The document is not validated: in text that is
/// no JSON this finds what gjson finds. An empty path is the member with the empty key.
pub fn get<'a>(json: &'a (impl AsRef<[u8]> + ?Sized), path: &str) -> Result<Option<Value<'a>>, Error> {
    get_within(json, path, Limits::default())
}

/// As [`get`], within limits of the caller's.
pub fn get_within<'a>(
    json: &'a (impl AsRef<[u8]> + ?Sized),
    path: &str,
    limits: Limits,
) -> Result<Option<Value<'a>>, Error> {
    let meter = meter::Meter::new(limits);
    meter.admit(path.as_bytes())?;
    let value = walk::get(json.as_ref(), path.as_bytes(), &meter)?;
    Ok(value.exists().then_some(value))
}

/// The path that takes every dot of `property` for part of one key.
///
/// ESO's AWS and GCP providers look this up first and, if there is nothing, `property` itself. Nothing but dots is
/// escaped: a backslash that is there already then escapes the one before the dot, as it does in ESO.
pub fn escape(property: &str) -> String {
    property.replace('.', "\\.")
}
