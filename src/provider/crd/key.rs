//! Which object a reference's key means.

use crate::provider::StoreKind;

/// The longest name of an object, and of a namespace.
const LONGEST: usize = 253;

/// How a store's keys are read.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) kind: StoreKind,
    /// The namespace of a SecretStore.
    own: Option<String>,
}

/// An object's place, before it is known whether its kind has namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// As the key has it; a SecretStore's keys never have one.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

impl Keys {
    pub(super) fn new(kind: StoreKind, own: Option<&str>) -> Self {
        Self { kind, own: own.map(str::to_owned) }
    }

    /// Reads `key`: a name, or in a ClusterSecretStore `namespace/name`.
    pub(super) fn place(&self, key: &str) -> Result<Place, &'static str> {
        let (namespace, name) = match (key.split_once('/'), self.kind) {
            (None, _) => (None, key),
            (Some((namespace, name)), StoreKind::ClusterSecretStore) => (Some(namespace), name),
            (Some(_), StoreKind::SecretStore) => {
                return Err(
                    "the key has a slash, and a SecretStore reads in its own namespace only; write the name alone",
                );
            }
        };
        if !is_name(name) || namespace.is_some_and(|namespace| !is_name(namespace)) {
            return Err("the key can be no name of an object; write NAME, or in a ClusterSecretStore NAMESPACE/NAME");
        }
        Ok(Place { namespace: namespace.map(str::to_owned), name: name.to_owned() })
    }

    /// Where an object of a kind that has namespaces, or has none, is read.
    pub(super) fn namespace<'a>(&'a self, place: &'a Place, namespaced: bool) -> Result<Option<&'a str>, &'static str> {
        match (namespaced, place.namespace.as_deref(), self.kind) {
            (true, Some(namespace), _) => Ok(Some(namespace)),
            (true, None, StoreKind::SecretStore) => self.own.as_deref().map(Some).ok_or("the store has no namespace"),
            (true, None, StoreKind::ClusterSecretStore) => {
                Err("the kind has namespaces, and the key of a ClusterSecretStore must name one: NAMESPACE/NAME")
            }
            (false, Some(_), _) => Err("the kind has no namespaces; write the name alone"),
            (false, None, _) => Ok(None),
        }
    }

    /// The namespace that is listed; none for all of them.
    pub(super) fn listed(&self, namespaced: bool) -> Option<&str> {
        self.own.as_deref().filter(|_| namespaced && self.kind == StoreKind::SecretStore)
    }

    /// The key of an object that was listed.
    pub(super) fn key_of(&self, namespace: Option<&str>, name: &str) -> String {
        match namespace.filter(|_| self.kind == StoreKind::ClusterSecretStore) {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.to_owned(),
        }
    }
}

/// Whether this can be one segment of a path and a name; some kinds have stranger ones than others.
fn is_name(name: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'%');
    !name.is_empty() && name.len() <= LONGEST && name != "." && name != ".." && name.bytes().all(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: StoreKind = StoreKind::SecretStore;
    const CLUSTER: StoreKind = StoreKind::ClusterSecretStore;

    fn of(kind: StoreKind, key: &str, namespaced: bool) -> Option<String> {
        let keys = Keys::new(kind, Some("team").filter(|_| kind == OWN));
        let place = keys.place(key).ok()?;
        let namespace = keys.namespace(&place, namespaced).ok()?;
        Some(format!("{}:{}", namespace.unwrap_or_default(), place.name))
    }

    #[test]
    fn a_secret_store_reads_in_its_own_namespace_only() {
        assert_eq!(of(OWN, "a", true).as_deref(), Some("team:a"));
        assert_eq!(of(OWN, "a", false).as_deref(), Some(":a"));
        for key in ["other/a", "team/a", "/a", "a/"] {
            assert_eq!(of(OWN, key, true), None, "{key}");
        }
    }

    #[test]
    fn a_cluster_store_names_the_namespace_of_what_has_one() {
        assert_eq!(of(CLUSTER, "other/a", true).as_deref(), Some("other:a"));
        assert_eq!(of(CLUSTER, "a", false).as_deref(), Some(":a"));
        for (key, namespaced) in [("a", true), ("other/a", false), ("/a", true), ("a/", true), ("a/b/c", true)] {
            assert_eq!(of(CLUSTER, key, namespaced), None, "{key}");
        }
    }

    #[test]
    fn a_name_that_could_be_another_path_is_none() {
        for key in ["", ".", "..", "a b", "a\n", "%2e", "ключ", &"a".repeat(254)] {
            assert_eq!(of(OWN, key, true), None, "{key:?}");
        }
        assert!(of(OWN, "system:node", false).is_some());
    }
}
