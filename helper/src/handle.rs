//! What stands between `ENC[` and `]`: which file it names, which field of it, and how the bytes are written.
//!
//! Every form that Datadog's own helpers know has its place here, so that a configuration that names secrets for them names
//! them for this one; `docs/helper-protocol.md` has the table. Pure: a handle says what a client wrote, not what is mounted.

mod error;

use std::fmt;

pub use error::Error;

use crate::names;

/// The longest handle, in bytes. A namespace, a Secret and a key of the longest names fit in twice.
pub const MAX_BYTES: usize = 1024;

/// The longest part of a path, in bytes: what a file system takes as a name.
const MAX_PART_BYTES: usize = 255;

/// The most parts of a path.
const MAX_PARTS: usize = 16;

const BASE64: &str = ";base64";

/// One handle, in order: its parts are not empty, lead nowhere up, and have no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle {
    written: String,
    place: Place,
    field: Option<String>,
    encoding: Encoding,
}

/// Which file a handle means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A path beneath a root: `name` or `a/b`.
    Beneath(String),
    /// An absolute path, which must lie beneath a root: `file@/run/keyferry/name`.
    Absolute(String),
    /// A key of a Secret, a file at `namespace/secret/key`: `k8s_secret@ns/name/key` or `ns/name;key`.
    Secret(String),
}

/// How the bytes of a file become the text of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// As they are; they must be UTF-8.
    #[default]
    Text,
    /// In base64 with padding, for what is not text: the suffix `;base64`.
    Base64,
}

impl Handle {
    /// Reads a handle as a client wrote it.
    ///
    /// # Errors
    /// It has none of the forms; the error says what would be right.
    pub fn parse(written: &str) -> Result<Self, Error> {
        bounded(written)?;
        let (rest, encoding) = match written.strip_suffix(BASE64) {
            Some(rest) => (rest, Encoding::Base64),
            None => (written, Encoding::Text),
        };
        let (place, field) = placed(rest)?;
        Ok(Self { written: written.to_owned(), place, field: field.map(str::to_owned), encoding })
    }

    /// Which file it means.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The file's path: beneath a root, and absolute for `file@` alone.
    pub fn path(&self) -> &str {
        match &self.place {
            Place::Beneath(path) | Place::Absolute(path) | Place::Secret(path) => path,
        }
    }

    /// The path beneath `root`, by the letters of both; none for a `file@` that names another place.
    pub fn beneath(&self, root: &str) -> Option<&str> {
        let Place::Absolute(path) = &self.place else { return Some(self.path()) };
        path.strip_prefix(root.trim_end_matches('/'))?.strip_prefix('/')
    }

    /// The field of the JSON object in the file; none where the whole file is meant.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// How the bytes become text.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }
}

/// The handle as it was written.
impl fmt::Display for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

fn bounded(written: &str) -> Result<(), Error> {
    if written.is_empty() {
        return Err(Error::Empty);
    }
    if written.len() > MAX_BYTES {
        return Err(Error::TooLong(written.len()));
    }
    if let Some(at) = written.chars().position(char::is_control) {
        return Err(Error::Control(at + 1));
    }
    if written.starts_with("ENC[") { Err(Error::Wrapped) } else { Ok(()) }
}

/// The file and the field, without the encoding.
fn placed(text: &str) -> Result<(Place, Option<&str>), Error> {
    // A field may have an `@` of its own.
    let prefixed = text.split_once('@').filter(|(prefix, _)| !prefix.contains(';'));
    let (prefix, rest) = prefixed.map_or((None, text), |(prefix, rest)| (Some(prefix), rest));
    match prefix {
        None => relative(rest),
        Some("file") => absolute(rest),
        Some("k8s_secret") => secret(rest.split('/').collect()).map(|place| (place, None)),
        Some(other) => Err(Error::Prefix(other.to_owned())),
    }
}

fn absolute(text: &str) -> Result<(Place, Option<&str>), Error> {
    let (path, field) = match text.split_once(';') {
        Some((path, field)) if is_json(path) => (path, Some(field_name(field)?)),
        Some(_) => return Err(Error::FieldOfNoJson),
        None => (text, None),
    };
    checked(path.strip_prefix('/').ok_or(Error::NotAbsolute)?)?;
    Ok((Place::Absolute(path.to_owned()), field))
}

fn relative(text: &str) -> Result<(Place, Option<&str>), Error> {
    if text.starts_with('/') {
        return Err(Error::NoPrefix);
    }
    let Some((path, rest)) = text.split_once(';') else {
        checked(text)?;
        return Ok((Place::Beneath(text.to_owned()), None));
    };
    match path.matches('/').count() {
        0 => json(path, rest),
        _ if is_json(path) => json(path, rest),
        1 => secret(path.split('/').chain([rest]).collect()).map(|place| (place, None)),
        _ => Err(Error::FieldOfNoJson),
    }
}

fn json<'a>(path: &str, field: &'a str) -> Result<(Place, Option<&'a str>), Error> {
    checked(path)?;
    Ok((Place::Beneath(path.to_owned()), Some(field_name(field)?)))
}

fn is_json(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "json")
}

fn field_name(field: &str) -> Result<&str, Error> {
    if field.is_empty() { Err(Error::NoField) } else { Ok(field) }
}

/// `namespace/secret/key`, each of them as Kubernetes would have it.
fn secret(parts: Vec<&str>) -> Result<Place, Error> {
    let Ok([namespace, name, key]) = <[&str; 3]>::try_from(parts) else { return Err(Error::NotThreeParts) };
    if !names::is_namespace(namespace) {
        return Err(Error::Namespace(namespace.to_owned()));
    }
    if !names::is_secret(name) {
        return Err(Error::Secret(name.to_owned()));
    }
    if !names::is_key(key) {
        return Err(Error::Key(key.to_owned()));
    }
    Ok(Place::Secret(format!("{namespace}/{name}/{key}")))
}

/// A path whose parts can be files beneath a root.
fn checked(path: &str) -> Result<(), Error> {
    if path.split('/').count() > MAX_PARTS {
        return Err(Error::TooDeep);
    }
    path.split('/').try_for_each(part)
}

/// `..` leads out, and what begins with it is the kubelet's: `..data` and the folders behind it, which must not be chosen by
/// a client, since all keys of a call come from the same one.
fn part(part: &str) -> Result<(), Error> {
    match part {
        "" => Err(Error::EmptyPart),
        "." | ".." => Err(Error::Dots(part.to_owned())),
        part if part.starts_with("..") => Err(Error::Dots(part.to_owned())),
        part if part.len() > MAX_PART_BYTES => Err(Error::PartTooLong(part.len())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
