//! From a remote key to a path of the KV engine, by ESO's rules.

use crate::api::provider::vault::{KvVersion, VaultProvider};
use crate::provider::http::segments;

/// No key is longer; Vault's own storage takes less.
const LONGEST: usize = 2048;

/// One KV engine: where it is mounted, as far as the store says so, and its version.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    mount: Option<String>,
    pub(super) version: KvVersion,
}

impl Engine {
    /// None where the mount is no path.
    pub(super) fn new(spec: &VaultProvider) -> Option<Self> {
        let version = spec.version.unwrap_or_default();
        let Some(mount) = spec.path.as_deref().filter(|path| !path.is_empty()) else {
            return Some(Self { mount: None, version });
        };
        Some(Self { mount: Some(segments(mount)?.join("/")), version })
    }

    /// The path of a secret's data behind `/v1/`; none for a key that can be no path.
    ///
    /// A key may repeat the mount, and `data/` behind it. Without a mount the key begins with it.
    pub(super) fn data(&self, key: &str) -> Option<Vec<String>> {
        self.below("data", key)
    }

    /// As [`Engine::data`], for the secret's metadata; none with version 1, which has none.
    pub(super) fn metadata(&self, key: &str) -> Option<Vec<String>> {
        if self.version == KvVersion::V1 { None } else { self.below("metadata", key) }
    }

    /// The path that lists what is below `folder`; the whole engine where it is empty, if the store names the mount.
    pub(super) fn listing(&self, folder: &str) -> Option<Vec<String>> {
        match (&self.mount, folder.is_empty()) {
            (Some(mount), true) => {
                let part = (self.version == KvVersion::V2).then(|| "metadata".to_owned());
                Some(mount.split('/').map(str::to_owned).chain(part).collect())
            }
            (None, true) => None,
            // A folder of one segment without a mount is the mount.
            (None, false) if self.version == KvVersion::V2 && !folder.contains('/') => {
                Some(vec![segments(folder)?.join("/"), "metadata".to_owned()])
            }
            _ => self.below("metadata", folder),
        }
    }

    fn below(&self, part: &str, key: &str) -> Option<Vec<String>> {
        let key = segments(Some(key).filter(|key| key.len() <= LONGEST)?)?;
        let v2 = self.version == KvVersion::V2;
        let (mount, rest): (Vec<String>, &[String]) = match &self.mount {
            Some(mount) => {
                let mount: Vec<_> = mount.split('/').map(str::to_owned).collect();
                let rest = key.strip_prefix(mount.as_slice()).filter(|rest| !rest.is_empty());
                let bare = rest.map(|rest| after_data(rest).filter(|_| v2).unwrap_or(rest));
                (mount, bare.unwrap_or(&key))
            }
            None if v2 => {
                let at = key.iter().skip(1).position(|segment| segment == "data").map_or(1, |at| at + 1);
                let (mount, rest) = key.split_at_checked(at)?;
                (mount.to_vec(), after_data(rest).unwrap_or(rest))
            }
            None => (Vec::new(), &key),
        };
        let part = v2.then(|| part.to_owned());
        Some(mount.into_iter().chain(part).chain(rest.iter().cloned()).collect())
    }
}

/// What follows `data`, if there is something.
fn after_data(rest: &[String]) -> Option<&[String]> {
    rest.split_first().filter(|(first, rest)| *first == "data" && !rest.is_empty()).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(mount: Option<&str>, version: KvVersion) -> Engine {
        let path = mount.map(str::to_owned);
        Engine::new(&VaultProvider { path, version: Some(version), ..VaultProvider::default() }).unwrap()
    }

    fn paths(mount: Option<&str>, version: KvVersion, key: &str) -> (String, String) {
        let engine = engine(mount, version);
        let text = |path: Option<Vec<String>>| path.map(|path| path.join("/")).unwrap_or_default();
        (text(engine.data(key)), text(engine.metadata(key)))
    }

    #[test]
    fn a_key_is_found_below_the_mount_however_much_of_the_path_it_repeats() {
        for key in ["foo", "secret/path/foo", "secret/path/data/foo", "/foo/"] {
            let (data, metadata) = paths(Some("secret/path"), KvVersion::V2, key);
            assert_eq!(
                (data.as_str(), metadata.as_str()),
                ("secret/path/data/foo", "secret/path/metadata/foo"),
                "{key}"
            );
        }
        for key in ["foo", "secret/path/foo"] {
            assert_eq!(paths(Some("/secret/path/"), KvVersion::V1, key), ("secret/path/foo".into(), String::new()));
        }
        assert_eq!(paths(Some("secret"), KvVersion::V1, "secret/data/foo").0, "secret/data/foo");
    }

    #[test]
    fn without_a_mount_the_key_begins_with_it() {
        let both = |key| paths(None, KvVersion::V2, key);
        assert_eq!(both("secret/path/foo"), ("secret/data/path/foo".into(), "secret/metadata/path/foo".into()));
        assert_eq!(both("secret/path/data/foo"), ("secret/path/data/foo".into(), "secret/path/metadata/foo".into()));
        assert_eq!(paths(None, KvVersion::V1, "secret/path/foo").0, "secret/path/foo");
    }

    #[test]
    fn a_key_named_as_the_mount_or_as_data_alone_is_a_secret() {
        assert_eq!(paths(Some("secret"), KvVersion::V2, "secret").0, "secret/data/secret");
        assert_eq!(paths(Some("secret"), KvVersion::V2, "secret/data").0, "secret/data/data");
        assert_eq!(paths(None, KvVersion::V2, "secret/data").0, "secret/data/data");
    }

    #[test]
    fn a_listing_begins_at_the_mount_or_below_it() {
        let listing = |mount, version, folder| engine(mount, version).listing(folder).map(|path| path.join("/"));
        for (mount, version, folder, path) in [
            (Some("secret"), KvVersion::V2, "", Some("secret/metadata")),
            (Some("secret"), KvVersion::V2, "team/a", Some("secret/metadata/team/a")),
            (Some("secret"), KvVersion::V1, "", Some("secret")),
            (Some("secret"), KvVersion::V1, "team", Some("secret/team")),
            (None, KvVersion::V2, "secret", Some("secret/metadata")),
            (None, KvVersion::V2, "secret/team", Some("secret/metadata/team")),
            (None, KvVersion::V1, "secret/team", Some("secret/team")),
            (None, KvVersion::V2, "", None),
            (Some("secret"), KvVersion::V2, "../x", None),
        ] {
            assert_eq!(listing(mount, version, folder).as_deref(), path, "{mount:?} {folder}");
        }
    }

    #[test]
    fn a_key_that_could_leave_the_mount_has_no_path() {
        let engine = engine(Some("secret"), KvVersion::V2);
        let long = "a/".repeat(LONGEST);
        for key in ["", "/", "..", "../../sys/raw", "a/../../b", "a//b", "a\nb", long.as_str()] {
            assert_eq!(engine.data(key), None, "{key:?}");
        }
        assert!(Engine::new(&VaultProvider { path: Some("../sys".into()), ..VaultProvider::default() }).is_none());
    }
}
