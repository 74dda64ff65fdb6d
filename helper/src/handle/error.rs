//! Why a text is no handle, and what to write instead.

use std::fmt;

use super::{MAX_BYTES, MAX_PART_BYTES, MAX_PARTS};

/// Why a text is no handle. Its words are the error of the handle in an answer, so they name the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is nothing.
    Empty,
    /// It has this many bytes.
    TooLong(usize),
    /// The character at this place, counted from one, is a control character.
    Control(usize),
    /// `ENC[` and `]` are part of it.
    Wrapped,
    /// What stands before `@` is no prefix.
    Prefix(String),
    /// It begins with a slash, and nothing says that it is a file's path.
    NoPrefix,
    /// What follows `file@` does not begin with a slash.
    NotAbsolute,
    /// Two slashes in a row, or one at an end.
    EmptyPart,
    /// A part of the path is `.` or begins with `..`.
    Dots(String),
    /// A part of the path has this many bytes.
    PartTooLong(usize),
    /// The path has too many parts.
    TooDeep,
    /// A field is asked of a file that is not called `….json`.
    FieldOfNoJson,
    /// Nothing follows the semicolon.
    NoField,
    /// What follows `k8s_secret@` is not `namespace/name/key`.
    NotThreeParts,
    /// No namespace can have this name.
    Namespace(String),
    /// No Secret can have this name.
    Secret(String),
    /// No Secret can have this key.
    Key(String),
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => to.write_str("the handle is empty: write the name of a file between ENC[ and ]"),
            Self::TooLong(bytes) => write!(to, "the handle has {bytes} bytes: at most {MAX_BYTES} are allowed"),
            Self::Control(at) => write!(to, "character {at} of the handle is a control character: remove it"),
            Self::Wrapped => {
                to.write_str("the handle begins with ENC[: only what stands between ENC[ and ] is the handle")
            }
            Self::Prefix(prefix) => write!(
                to,
                "unknown prefix {:?}: write file@/path, k8s_secret@namespace/name/key, or a name without @",
                short(prefix)
            ),
            Self::NoPrefix => to.write_str("the handle begins with a slash: write file@ before an absolute path"),
            Self::NotAbsolute => {
                to.write_str("what follows file@ must be an absolute path, for example file@/run/keyferry/name")
            }
            Self::EmptyPart => to.write_str("a part of the path is empty: remove the slash that is too much"),
            Self::Dots(part) => {
                write!(
                    to,
                    "the path has a part {:?}: name the file itself, without parts that begin with '..'",
                    short(part)
                )
            }
            Self::PartTooLong(bytes) => {
                write!(to, "a part of the path has {bytes} bytes: at most {MAX_PART_BYTES} are allowed")
            }
            Self::TooDeep => write!(to, "the path has more than {MAX_PARTS} parts"),
            Self::FieldOfNoJson => to.write_str(
                "a field after ';' needs a file that ends in .json; a key of a Secret is written namespace/name;key",
            ),
            Self::NoField => {
                to.write_str("nothing follows the ';': write the field of the JSON file there, or remove it")
            }
            Self::NotThreeParts => to.write_str("a key of a Secret is written k8s_secret@namespace/name/key"),
            Self::Namespace(name) => write!(to, "{:?} is no name of a namespace (a DNS label)", short(name)),
            Self::Secret(name) => write!(to, "{:?} is no name of a Secret (a DNS subdomain)", short(name)),
            Self::Key(key) => write!(
                to,
                "no Secret has a key {:?}: letters, digits, '-', '_' and '.' are allowed, and no '..' in front",
                short(key)
            ),
        }
    }
}

impl std::error::Error for Error {}

/// As much of a name as a message needs.
fn short(name: &str) -> String {
    const LONGEST: usize = 64;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}
