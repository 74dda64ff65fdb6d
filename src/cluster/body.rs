//! The bodies of the three writes, made from a decision and dropped when they are sent.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use crate::plan::target::Next;
use crate::sealed::Sealed;

/// A value as a Secret's `data` has it.
struct Encoded<'a>(&'a Sealed);

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD.encode(self.0.expose())))
    }
}

/// Keys set and keys taken away, as a merge patch says it.
struct Changes<'a, V> {
    set: Vec<(&'a String, V)>,
    removed: Vec<&'a String>,
}

impl<V: Serialize> Serialize for Changes<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.set.len() + self.removed.len()))?;
        self.set.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        self.removed.iter().try_for_each(|key| map.serialize_entry(key, &()))?;
        map.end()
    }
}

fn data(next: &Next) -> Changes<'_, Encoded<'_>> {
    Changes { set: next.data.iter().map(|(key, value)| (key, Encoded(value))).collect(), removed: Vec::new() }
}

/// The whole object of a creation; its resourceVersion is what makes an apply create and never change.
pub(super) fn create(namespace: &str, name: &str, next: &Next) -> serde_json::Result<Vec<u8>> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        api_version: &'a str,
        kind: &'a str,
        metadata: Metadata<'a>,
        data: Changes<'a, Encoded<'a>>,
        #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
        type_: Option<&'a str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        immutable: bool,
    }
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata<'a> {
        namespace: &'a str,
        name: &'a str,
        resource_version: &'a str,
        labels: &'a BTreeMap<String, String>,
        annotations: &'a BTreeMap<String, String>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        owner_references: &'a [OwnerReference],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        finalizers: &'a [String],
    }
    let metadata = Metadata {
        namespace,
        name,
        resource_version: "1",
        labels: &next.labels,
        annotations: &next.annotations,
        owner_references: &next.owners,
        finalizers: &next.finalizers,
    };
    let type_ = next.type_.as_deref();
    let body = Body { api_version: "v1", kind: "Secret", metadata, data: data(next), type_, immutable: next.immutable };
    serde_json::to_vec(&body)
}

/// A JSON patch that replaces all data of exactly the object that was looked at.
pub(super) fn replace(next: &Next) -> serde_json::Result<Vec<u8>> {
    #[derive(serde::Serialize)]
    struct Operation<'a> {
        op: &'a str,
        path: &'a str,
        value: Value<'a>,
    }
    #[derive(serde::Serialize)]
    #[serde(untagged)]
    enum Value<'a> {
        Text(&'a str),
        Flag(bool),
        Texts(&'a [String]),
        Map(&'a BTreeMap<String, String>),
        Owners(&'a [OwnerReference]),
        Data(Changes<'a, Encoded<'a>>),
    }
    let add = |path, value| Operation { op: "add", path, value };
    let mut patch = Vec::new();
    if let Some((uid, resource_version)) = &next.precondition {
        patch.push(add("/metadata/uid", Value::Text(uid)));
        patch.push(add("/metadata/resourceVersion", Value::Text(resource_version)));
    }
    patch.push(add("/metadata/labels", Value::Map(&next.labels)));
    patch.push(add("/metadata/annotations", Value::Map(&next.annotations)));
    patch.push(add("/metadata/ownerReferences", Value::Owners(&next.owners)));
    patch.push(add("/metadata/finalizers", Value::Texts(&next.finalizers)));
    patch.push(add("/data", Value::Data(data(next))));
    patch.extend(next.type_.as_deref().map(|type_| add("/type", Value::Text(type_))));
    patch.extend(next.immutable.then(|| add("/immutable", Value::Flag(true))));
    serde_json::to_vec(&patch)
}

/// A merge patch that leaves other people's keys alone, for exactly the object that was looked at.
pub(super) fn merge(next: &Next) -> serde_json::Result<Vec<u8>> {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        metadata: Metadata<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Changes<'a, Encoded<'a>>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        immutable: bool,
    }
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata<'a> {
        uid: Option<&'a String>,
        resource_version: Option<&'a String>,
        labels: Changes<'a, &'a String>,
        annotations: Changes<'a, &'a String>,
        owner_references: &'a [OwnerReference],
        finalizers: &'a [String],
    }
    let metadata = Metadata {
        uid: next.precondition.as_ref().map(|(uid, _)| uid),
        resource_version: next.precondition.as_ref().map(|(_, version)| version),
        labels: Changes { set: next.labels.iter().collect(), removed: next.unmarked.labels.iter().collect() },
        annotations: Changes {
            set: next.annotations.iter().collect(),
            removed: next.unmarked.annotations.iter().collect(),
        },
        owner_references: &next.owners,
        finalizers: &next.finalizers,
    };
    let changes = Changes { removed: next.removed.iter().collect(), ..data(next) };
    let some = !changes.set.is_empty() || !changes.removed.is_empty();
    serde_json::to_vec(&Body { metadata, data: some.then_some(changes), immutable: next.immutable })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    fn next() -> Next {
        Next {
            data: BTreeMap::from([("a".to_owned(), Sealed::from("x"))]),
            labels: BTreeMap::from([("l".to_owned(), "1".to_owned())]),
            precondition: Some(("u".to_owned(), "7".to_owned())),
            ..Next::default()
        }
    }

    fn read(body: serde_json::Result<Vec<u8>>) -> Value {
        serde_json::from_slice(&body.unwrap()).unwrap()
    }

    #[test]
    fn a_creation_is_bound_to_the_resource_version_that_no_object_has() {
        let body = read(create("ns", "t", &next()));
        assert_eq!(body["metadata"]["resourceVersion"], "1");
        assert_eq!(body["data"], json!({"a": "eA=="}));
        assert_eq!((body.get("type"), body.get("immutable")), (None, None));
    }

    #[test]
    fn a_replacement_says_which_object_it_was_decided_on_and_all_its_data() {
        let body = read(replace(&next()));
        let value = |path: &str| {
            let operations = body.as_array().unwrap();
            operations.iter().find(|operation| operation["path"] == path).map(|operation| operation["value"].clone())
        };
        assert_eq!(value("/metadata/uid"), Some(json!("u")));
        assert_eq!(value("/metadata/resourceVersion"), Some(json!("7")));
        assert_eq!(value("/data"), Some(json!({"a": "eA=="})));
        assert_eq!(value("/type"), None);
    }

    #[test]
    fn a_merge_takes_keys_away_by_null_and_names_its_object() {
        let merging = Next { removed: BTreeSet::from(["old".to_owned()]), ..next() };
        let body = read(merge(&merging));
        assert_eq!(body["data"], json!({"a": "eA==", "old": null}));
        assert_eq!(body["metadata"]["uid"], "u");
        assert_eq!(body["metadata"]["resourceVersion"], "7");
        let unchanged = Next { data: BTreeMap::new(), ..next() };
        assert_eq!(read(merge(&unchanged)).get("data"), None);
    }
}
