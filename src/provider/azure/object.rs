//! From a remote key to an object of a vault, by ESO's rules.

use super::error::Failure;
use crate::provider::Kind;

/// A vault takes no longer name or version.
const LONGEST: usize = 127;

/// What a vault holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Type {
    Secret,
    Certificate,
    Key,
}

impl Type {
    /// Where objects of it are.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::Certificate => "certificates",
            Self::Key => "keys",
        }
    }

    /// The code that says that there is none.
    pub(super) fn absent(self) -> &'static str {
        match self {
            Self::Secret => "SecretNotFound",
            Self::Certificate => "CertificateNotFound",
            Self::Key => "KeyNotFound",
        }
    }

    /// ESO's name for reading one.
    pub(super) fn read(self) -> &'static str {
        match self {
            Self::Secret => "GetSecret",
            Self::Certificate => "GetCertificate",
            Self::Key => "GetKey",
        }
    }

    /// As ESO's name for listing them.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Secret => "GetSecrets",
            Self::Certificate => "GetCertificates",
            Self::Key => "GetKeys",
        }
    }
}

/// One object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Object<'a> {
    pub(super) of: Type,
    pub(super) name: &'a str,
}

impl<'a> Object<'a> {
    /// `NAME`, `secret/NAME`, `cert/NAME` or `key/NAME`; as in ESO what follows behind another slash does not count.
    ///
    /// # Errors
    /// Another type, and a name that no vault takes.
    pub(super) fn parse(key: &'a str) -> Result<Self, Failure> {
        let mut parts = key.split('/');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        let (of, name) = match (first, second) {
            (name, None) | ("secret", Some(name)) => (Type::Secret, name),
            ("cert", Some(name)) => (Type::Certificate, name),
            ("key", Some(name)) => (Type::Key, name),
            _ => {
                return Err(Failure::new(
                    Kind::Invalid,
                    "the key's type is none of a vault's; write NAME, secret/NAME, cert/NAME or key/NAME",
                ));
            }
        };
        if is_name(name) {
            return Ok(Self { of, name });
        }
        Err(Failure::new(
            Kind::Invalid,
            "the key is no name of a vault's object: letters, digits and dashes, 127 at most",
        ))
    }

    /// The path of it, or of one version.
    pub(super) fn path(self, version: Option<&str>) -> Vec<String> {
        [self.of.folder(), self.name].into_iter().chain(version).map(str::to_owned).collect()
    }
}

/// Whether it can be the name of an object, or the id of a version.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(key: &str) -> Option<String> {
        Object::parse(key).ok().map(|object| object.path(None).join("/"))
    }

    #[test]
    fn a_keys_first_part_is_its_type_and_a_secret_needs_none() {
        for (key, wanted) in [
            ("db-1", "secrets/db-1"),
            ("secret/db", "secrets/db"),
            ("cert/web", "certificates/web"),
            ("key/sign", "keys/sign"),
            ("secret/db/more", "secrets/db"),
        ] {
            assert_eq!(path(key).as_deref(), Some(wanted), "{key}");
        }
        assert_eq!(Object::parse("cert/a").unwrap().path(Some("0f")), ["certificates", "a", "0f"]);
    }

    #[test]
    fn what_no_vault_could_hold_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        for key in
            ["", "/", "secret/", "certificate/a", "../a", "secret/..", "a b", "a?b", "a%2f", "ключ", "a\n", &long]
        {
            assert_eq!(path(key), None, "{key:?}");
        }
    }
}
