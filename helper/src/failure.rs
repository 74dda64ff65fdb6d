//! Why a handle has no value, in words for the one who reads an agent's status: what is wrong, and what mends it.

use std::fmt;
use std::path::PathBuf;

use rustix::io::Errno;

use crate::{fields, handle};

/// Why a handle has no value. No word of it comes from a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is no handle.
    Handle(handle::Error),
    /// The allow-list does not have it.
    NotAllowed,
    /// The roots and the allow-list could not be read.
    Settings(String),
    /// An absolute path that is beneath none of the roots.
    Elsewhere(Vec<PathBuf>),
    /// A root that cannot be opened, and why.
    Root(PathBuf, Errno),
    /// No root has such a file.
    NotFound(Vec<PathBuf>),
    /// The file's mode forbids it.
    Denied,
    /// The path leads out of the root, or into another mount.
    Outside,
    /// Links without an end.
    Links,
    /// It is not a regular file.
    NotAFile(&'static str),
    /// The value has more bytes than this.
    TooLong {
        /// The most that is allowed.
        limit: usize,
    },
    /// The file has no bytes.
    Empty,
    /// Bytes that are not UTF-8 were asked for as text.
    NotText,
    /// The field of a JSON file has no value.
    Field(fields::Error),
    /// The volume changed too often.
    Moving,
    /// What the system said.
    System(Errno),
}

impl From<Errno> for Failure {
    fn from(error: Errno) -> Self {
        match error {
            Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::XDEV => Self::Outside,
            Errno::LOOP => Self::Links,
            Errno::NXIO => Self::NotAFile("a socket or a device"),
            other => Self::System(other),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle(error) => error.fmt(to),
            Self::NotAllowed => to.write_str("the handle is not in the allow-list: add it there as it is written"),
            Self::Settings(error) => to.write_str(error),
            Self::Elsewhere(roots) => write!(to, "the path is not beneath {}: only files there are read", list(roots)),
            Self::Root(root, Errno::NOENT) => {
                write!(to, "{} does not exist: mount the volume there, or name another root", root.display())
            }
            Self::Root(root, Errno::NOTDIR) => write!(to, "{} is no folder: name the folder as root", root.display()),
            Self::Root(root, Errno::ACCESS) => {
                write!(to, "{} may not be entered: mount the volume so that this user may", root.display())
            }
            Self::Root(root, error) => write!(to, "{} cannot be opened: {error}", root.display()),
            Self::NotFound(roots) => write!(
                to,
                "there is no such file beneath {}: is the key in the Secret, and in the items of the volume?",
                list(roots)
            ),
            Self::Denied => to.write_str(
                "this user may not read the file: set the pod's fsGroup, or a mode that lets its user or group read",
            ),
            Self::Outside => to.write_str(
                "the path leads out of the root or into another mount: only files of the root's own mount are read, and \
                 single files mounted there",
            ),
            Self::Links => to.write_str("the path has links without an end"),
            Self::NotAFile(kind) => write!(to, "it is {kind} and not a file"),
            Self::TooLong { limit } => {
                write!(to, "the value is longer than {limit} bytes: shorten it, or raise --max-value")
            }
            Self::Empty => to.write_str("the value is empty: give the key a value"),
            Self::NotText => to.write_str("the value is not UTF-8: append ;base64 to the handle to get it in base64"),
            Self::Field(error) => error.fmt(to),
            Self::Moving => to.write_str("the volume changed each time it was read: try again"),
            Self::System(error) => write!(to, "the file cannot be read: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

fn list(roots: &[PathBuf]) -> String {
    let roots: Vec<_> = roots.iter().map(|root| root.display().to_string()).collect();
    if roots.is_empty() { "a root (there is none)".to_owned() } else { roots.join(" or ") }
}
