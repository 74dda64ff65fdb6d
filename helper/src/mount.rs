//! From a handle to what must be mounted for it: one key of one Secret, at one path of a projected volume.

use std::fmt;

use crate::handle::{Handle, Place};
use crate::names;

/// One key of one Secret, and where a projected volume shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The namespace where the handle names one. A pod can mount Secrets of its own namespace only.
    pub namespace: Option<String>,
    /// The Secret's name.
    pub secret: String,
    /// The key in its `data`.
    pub key: String,
    /// The path in the volume.
    pub path: String,
}

/// Why nothing can be mounted for a handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The handle names a key, and nobody said of which Secret.
    NoSecret,
    /// The handle is an absolute path that is not beneath this root.
    Elsewhere(String),
    /// The path has more parts than namespace, Secret and key.
    TooDeep,
    /// No namespace can have this name.
    Namespace(String),
    /// No Secret can have this name.
    Secret(String),
    /// No Secret can have this key.
    Key(String),
}

/// What to mount for `handle` at `root`: `key` is of the Secret `secret`, `name/key` of the Secret `name`, and
/// `namespace/name/key` of the Secret `name` there. The path is the handle's own, so that it resolves as it is.
///
/// # Errors
/// No key of a Secret can be what the handle names.
pub fn item(handle: &Handle, secret: Option<&str>, root: &str) -> Result<Item, Error> {
    let path = handle.beneath(root).ok_or_else(|| Error::Elsewhere(root.to_owned()))?;
    let parts: Vec<_> = path.split('/').collect();
    let (namespace, name, key) = match *parts.as_slice() {
        [key] => (None, secret.ok_or(Error::NoSecret)?, key),
        [name, key] => (None, name, key),
        [namespace, name, key] => (Some(namespace), name, key),
        _ => return Err(Error::TooDeep),
    };
    Item {
        namespace: namespace.map(str::to_owned),
        secret: name.to_owned(),
        key: key.to_owned(),
        path: path.to_owned(),
    }
    .checked()
}

/// Whether the handle says by its form that it means a key of a Secret, and not by the number of its parts.
pub fn names_a_secret(handle: &Handle) -> bool {
    matches!(handle.place(), Place::Secret(_))
}

impl Item {
    fn checked(self) -> Result<Self, Error> {
        if let Some(namespace) = self.namespace.as_deref().filter(|name| !names::is_namespace(name)) {
            return Err(Error::Namespace(namespace.to_owned()));
        }
        if !names::is_secret(&self.secret) {
            return Err(Error::Secret(self.secret));
        }
        if names::is_key(&self.key) { Ok(self) } else { Err(Error::Key(self.key)) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSecret => to.write_str("the handle names a key and no Secret: say which Secret has it"),
            Self::Elsewhere(root) => write!(to, "the path is not beneath {root}, where the volume is mounted"),
            Self::TooDeep => to.write_str("the path has more than the three parts namespace/name/key"),
            Self::Namespace(name) => write!(to, "{name:?} is no name of a namespace (a DNS label)"),
            Self::Secret(name) => write!(to, "{name:?} is no name of a Secret (a DNS subdomain)"),
            Self::Key(key) => write!(to, "no Secret has a key {key:?}: letters, digits, '-', '_' and '.' are allowed"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "/run/keyferry";

    fn mounted(handle: &str) -> Result<Item, Error> {
        item(&Handle::parse(handle).unwrap(), Some("agent"), ROOT)
    }

    fn expected(namespace: Option<&str>, secret: &str, key: &str, path: &str) -> Item {
        Item { namespace: namespace.map(Into::into), secret: secret.into(), key: key.into(), path: path.into() }
    }

    #[test]
    fn the_number_of_parts_says_what_they_are() {
        assert_eq!(mounted("api-key"), Ok(expected(None, "agent", "api-key", "api-key")));
        assert_eq!(mounted("db/password"), Ok(expected(None, "db", "password", "db/password")));
        let secret = expected(Some("ns"), "db", "password", "ns/db/password");
        for handle in ["ns/db/password", "ns/db;password", "k8s_secret@ns/db/password", "ns/db;password;base64"] {
            assert_eq!(mounted(handle), Ok(secret.clone()), "{handle}");
        }
    }

    #[test]
    fn the_item_of_a_field_is_its_file() {
        assert_eq!(mounted("db.json;user"), Ok(expected(None, "agent", "db.json", "db.json")));
    }

    #[test]
    fn an_absolute_path_must_lie_at_the_mount() {
        assert_eq!(mounted("file@/run/keyferry/a"), Ok(expected(None, "agent", "a", "a")));
        assert_eq!(mounted("file@/etc/a"), Err(Error::Elsewhere(ROOT.into())));
    }

    #[test]
    fn what_no_secret_can_have_is_refused() {
        assert_eq!(mounted("with space"), Err(Error::Key("with space".into())));
        assert_eq!(mounted("Db/password"), Err(Error::Secret("Db".into())));
        assert_eq!(mounted("N/db/password"), Err(Error::Namespace("N".into())));
        assert_eq!(mounted("a/b/c/d"), Err(Error::TooDeep));
        assert_eq!(item(&Handle::parse("a").unwrap(), None, ROOT), Err(Error::NoSecret));
    }
}
