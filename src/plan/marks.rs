//! The names and hashes by which a target Secret is known as ours, byte for byte as External Secrets Operator v2.9 writes
//! them: a take-over in either direction finds its own marks and rewrites nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha3::{Digest, Sha3_224};

use crate::sealed::Sealed;

/// On every target that we may write.
pub const MANAGED_LABEL: &str = "reconcile.external-secrets.io/managed";
/// On targets of creation policy `Owner`: [`created_by`].
pub const CREATED_BY_LABEL: &str = "reconcile.external-secrets.io/created-by";
/// [`data_hash`] of the whole target.
pub const DATA_HASH_ANNOTATION: &str = "reconcile.external-secrets.io/data-hash";
/// Holds an ExternalSecret until its target is deleted.
pub const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";
/// Every field manager of ours begins with it.
pub const MANAGER_PREFIX: &str = "externalsecrets.external-secrets.io/";
/// The longest field manager that ESO writes in the clear; the API server would take 128.
const LONGEST_MANAGER: usize = 63;

/// The field manager with which the targets of the ExternalSecret `name` are written.
pub fn field_manager(name: &str) -> String {
    let plain = format!("{MANAGER_PREFIX}{name}");
    if plain.len() > LONGEST_MANAGER { format!("{MANAGER_PREFIX}sha3/{}", hex(&Sha3_224::digest(name))) } else { plain }
}

/// The owner label's value for an ExternalSecret.
pub fn created_by(namespace: &str, name: &str) -> String {
    hex(&Sha3_224::digest(format!("{namespace}/{name}")))
}

/// The hash of a Secret's data: SHA3-224 of what Go prints for a `map[string][]byte` with `%+v`.
pub fn data_hash<'a>(data: impl IntoIterator<Item = (&'a String, &'a Sealed)>) -> String {
    let sorted: BTreeMap<_, _> = data.into_iter().collect();
    let mut hasher = Sha3_224::new();
    hasher.update("map[");
    for (position, (key, value)) in sorted.into_iter().enumerate() {
        hasher.update(if position == 0 { "" } else { " " });
        hasher.update(key);
        hasher.update(":");
        hash_bytes(&mut hasher, value.expose());
    }
    hasher.update("]");
    hex(&hasher.finalize())
}

/// Feeds `[98 97]`, as Go prints a byte slice; digits go through the stack, so no text of the value is left behind.
fn hash_bytes(hasher: &mut Sha3_224, bytes: &[u8]) {
    hasher.update("[");
    for (position, byte) in bytes.iter().enumerate() {
        let digits = [b' ', b'0' + byte / 100, b'0' + byte / 10 % 10, b'0' + byte % 10];
        let first = if *byte >= 100 {
            1
        } else if *byte >= 10 {
            2
        } else {
            3
        };
        if position > 0 {
            hasher.update(" ");
        }
        hasher.update(digits.get(first..).unwrap_or_default());
    }
    hasher.update("]");
}

/// `status.syncedResourceVersion`: changes when the spec, a label or an annotation does.
pub fn synced_resource_version(
    generation: i64,
    annotations: Option<&BTreeMap<String, String>>,
    labels: Option<&BTreeMap<String, String>>,
) -> String {
    let printed = format!("{{annotations:{} labels:{}}}", go_map(annotations), go_map(labels));
    format!("{generation}-{}", hex(&Sha3_224::digest(printed)))
}

/// What Go prints for a `map[string]string`.
fn go_map(map: Option<&BTreeMap<String, String>>) -> String {
    let pairs: Vec<String> = map.into_iter().flatten().map(|(key, value)| format!("{key}:{value}")).collect();
    format!("map[{}]", pairs.join(" "))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Sealed> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Sealed::from(*value))).collect()
    }

    #[test]
    fn data_hash_is_the_one_that_eso_writes() {
        let golden = "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64";
        assert_eq!(data_hash(&data(&[("foo", "value1"), ("bar", "value2")])), golden);
        assert_eq!(data_hash(&data(&[])), "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b");
    }

    #[test]
    fn every_byte_is_hashed_as_go_prints_it() {
        let all: Vec<u8> = (0..=255).collect();
        let printed = format!("map[k:[{}]]", all.iter().map(u8::to_string).collect::<Vec<_>>().join(" "));
        let one = BTreeMap::from([("k".to_owned(), Sealed::new(all))]);
        assert_eq!(data_hash(&one), hex(&Sha3_224::digest(printed)));
    }

    #[test]
    fn synced_resource_version_is_the_one_that_eso_writes() {
        let golden = "3-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2";
        assert_eq!(synced_resource_version(3, None, None), golden);
        assert_eq!(synced_resource_version(3, Some(&BTreeMap::new()), Some(&BTreeMap::new())), golden);
    }

    #[test]
    fn owner_label_is_the_hash_of_a_go_string() {
        assert_eq!(hex(&Sha3_224::digest("hello there")), "f78681ec611ebaeea0689bff6c7812a83ff98a7faba986d9af76c999");
        assert_eq!(created_by("hello", "there"), hex(&Sha3_224::digest("hello/there")));
    }

    #[test]
    fn a_field_manager_over_63_characters_is_hashed() {
        let fits = "a".repeat(27);
        assert_eq!(field_manager(&fits), format!("{MANAGER_PREFIX}{fits}"));
        let long = "a".repeat(28);
        assert_eq!(field_manager(&long), format!("{MANAGER_PREFIX}sha3/{}", hex(&Sha3_224::digest(&long))));
    }
}
