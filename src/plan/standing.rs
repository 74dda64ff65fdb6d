//! What stands in the cluster under a target's name, as far as a decision needs it.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta, OwnerReference};

use super::marks::{MANAGED_LABEL, MANAGER_PREFIX};
use crate::sealed::Sealed;

/// The group of our kinds, whatever the version.
const GROUP: &str = "external-secrets.io/";

/// A Secret that exists.
#[derive(Debug, Default)]
pub struct Standing {
    /// Who it is: another object of this name has another.
    pub uid: String,
    /// What it was when it was looked at.
    pub resource_version: String,
    /// All of its labels.
    pub labels: BTreeMap<String, String>,
    /// All of its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Who it is collected with.
    pub owners: Vec<OwnerReference>,
    /// What holds its deletion.
    pub finalizers: Vec<String>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// What the managers that we asked for own.
    pub ours: Fields,
    /// What all other managers own.
    pub others: Fields,
    /// Type and data, after a whole read; a look at the metadata brings none.
    pub content: Option<Content>,
}

/// The part of a Secret that is not metadata.
#[derive(Debug, Default)]
pub struct Content {
    /// By key.
    pub data: BTreeMap<String, Sealed>,
    /// `Opaque` where it was never set.
    pub type_: String,
    /// Whether the API server refuses every change of data.
    pub immutable: bool,
}

/// What `managedFields` say that one or more managers own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Keys of `data`.
    pub data: BTreeSet<String>,
    /// Keys of `metadata.labels`.
    pub labels: BTreeSet<String>,
    /// Keys of `metadata.annotations`.
    pub annotations: BTreeSet<String>,
    /// Whether `immutable` is among them.
    pub immutable: bool,
}

impl Standing {
    /// Reads metadata; `manager` is the field manager of the ExternalSecret in question.
    pub fn of(metadata: ObjectMeta, manager: &str, content: Option<Content>) -> Self {
        let entries = metadata.managed_fields.unwrap_or_default();
        let (ours, others): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.manager.as_deref() == Some(manager));
        Self {
            uid: metadata.uid.unwrap_or_default(),
            resource_version: metadata.resource_version.unwrap_or_default(),
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            owners: metadata.owner_references.unwrap_or_default(),
            finalizers: metadata.finalizers.unwrap_or_default(),
            deleting: metadata.deletion_timestamp.is_some(),
            ours: Fields::of(&ours),
            others: Fields::of(&others),
            content,
        }
    }

    /// The one that garbage collection and every controller go by.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owners.iter().find(|owner| owner.controller == Some(true))
    }

    /// Whether the controller is the ExternalSecret of this UID.
    pub fn is_controlled_by(&self, uid: &str) -> bool {
        self.controller().is_some_and(|owner| owner.uid == uid && is_external_secret(owner))
    }

    /// Whether it carries the label without which nothing of it may be changed.
    pub fn is_managed(&self) -> bool {
        self.labels.get(MANAGED_LABEL).is_some_and(|value| value == "true")
    }

    /// Whether any ExternalSecret has written it.
    pub fn was_ever_ours(&self) -> bool {
        self.is_managed() || !self.ours.data.is_empty()
    }
}

/// Whether an owner is an ExternalSecret, of whatever version.
pub fn is_external_secret(owner: &OwnerReference) -> bool {
    owner.kind == "ExternalSecret" && owner.api_version.starts_with(GROUP)
}

/// Whether a field manager is one of ours or ESO's.
pub fn is_our_kind_of_manager(manager: &str) -> bool {
    manager.starts_with(MANAGER_PREFIX)
}

impl Fields {
    fn of(entries: &[ManagedFieldsEntry]) -> Self {
        let mut fields = Self::default();
        for set in entries.iter().filter_map(|entry| entry.fields_v1.as_ref()) {
            fields.data.extend(names(set.0.get("f:data")));
            let metadata = set.0.get("f:metadata");
            fields.labels.extend(names(metadata.and_then(|part| part.get("f:labels"))));
            fields.annotations.extend(names(metadata.and_then(|part| part.get("f:annotations"))));
            fields.immutable |= set.0.get("f:immutable").is_some();
        }
        fields
    }
}

/// The members of a field set, without their `f:`.
fn names(set: Option<&serde_json::Value>) -> impl Iterator<Item = String> + '_ {
    let members = set.and_then(serde_json::Value::as_object).into_iter().flatten();
    members.filter_map(|(name, _)| name.strip_prefix("f:").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_told_apart_by_manager_and_joined_over_operations() {
        let metadata: ObjectMeta = serde_json::from_value(json!({
            "uid": "u", "resourceVersion": "7",
            "managedFields": [
                {"manager": "m", "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}, "f:immutable": {},
                    "f:metadata": {"f:labels": {"f:l": {}}, "f:annotations": {".": {}, "f:n": {}}}}},
                {"manager": "m", "operation": "Update", "fieldsV1": {"f:data": {".": {}, "f:b": {}}}},
                {"manager": "other", "operation": "Update", "fieldsV1": {"f:data": {"f:c": {}}}},
            ],
        }))
        .unwrap();
        let standing = Standing::of(metadata, "m", None);
        assert_eq!(standing.ours.data, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        assert_eq!(standing.ours.labels, BTreeSet::from(["l".to_owned()]));
        assert_eq!(standing.ours.annotations, BTreeSet::from(["n".to_owned()]));
        assert!(standing.ours.immutable && !standing.others.immutable);
        assert_eq!(standing.others.data, BTreeSet::from(["c".to_owned()]));
    }

    #[test]
    fn only_the_controlling_external_secret_of_this_uid_counts_as_the_owner() {
        let owner = |uid: &str, kind: &str, controller| OwnerReference {
            api_version: "external-secrets.io/v1".to_owned(),
            kind: kind.to_owned(),
            uid: uid.to_owned(),
            controller,
            ..OwnerReference::default()
        };
        let standing = |owners| Standing { owners, ..Standing::default() };
        assert!(standing(vec![owner("1", "ExternalSecret", Some(true))]).is_controlled_by("1"));
        assert!(!standing(vec![owner("1", "ExternalSecret", None)]).is_controlled_by("1"));
        assert!(!standing(vec![owner("2", "ExternalSecret", Some(true))]).is_controlled_by("1"));
        assert!(!standing(vec![owner("1", "Deployment", Some(true))]).is_controlled_by("1"));
    }
}
