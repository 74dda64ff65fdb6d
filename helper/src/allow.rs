//! The allow-list: a file with one handle in a line, exactly as clients write it. Only those have values.

use std::collections::BTreeSet;
use std::fmt;

use crate::handle::{self, Handle};

/// The handles that may be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(BTreeSet<String>);

/// Why a text is no allow-list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The line, counted from one, has a `*`: it would mean itself and be taken for a pattern.
    Pattern(usize),
    /// The line is no handle.
    Handle(usize, handle::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(line) => {
                write!(to, "line {line} has a '*': there are no patterns, write a line for each handle")
            }
            Self::Handle(line, error) => write!(to, "line {line}: {error}"),
        }
    }
}

impl AllowList {
    /// Reads the lines of a file. Empty ones and those that begin with `#` say nothing; spaces around a handle are left out.
    ///
    /// # Errors
    /// A line is no handle. A list that is wrong in part is wrong: what it forbids would depend on the part.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let handles = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        handles.map(|(number, line)| checked(number, line)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the handle is in it, letter by letter: another form of the same file is another handle.
    pub fn allows(&self, handle: &str) -> bool {
        self.0.contains(handle)
    }
}

fn checked(number: usize, line: &str) -> Result<String, Error> {
    if line.contains('*') {
        return Err(Error::Pattern(number));
    }
    Handle::parse(line).map_err(|error| Error::Handle(number, error))?;
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_allowed_letter_by_letter() {
        let list = AllowList::parse("# ours\n\n  db/password \nns/name;key\r\n").unwrap();
        for handle in ["db/password", "ns/name;key"] {
            assert!(list.allows(handle), "{handle}");
        }
        for handle in ["db/passwor", "db/password;base64", "k8s_secret@ns/name/key", "# ours", ""] {
            assert!(!list.allows(handle), "{handle}");
        }
        assert!(!AllowList::parse("").unwrap().allows("db"), "an empty list allows nothing");
    }

    #[test]
    fn a_line_that_is_no_handle_spoils_the_list() {
        assert_eq!(AllowList::parse("a\ndb/*"), Err(Error::Pattern(2)));
        assert_eq!(AllowList::parse("ENC[a]"), Err(Error::Handle(1, handle::Error::Wrapped)));
    }
}
