//! Which pods are told that a Secret has changed, so that their files follow at once.
//!
//! A kubelet rewrites the files of a Secret volume when it syncs the pod: by itself every 60 to 90 s, and at once when
//! anything of the pod changes. What no sync can change in a running pod is no reason to tell it: variables of the
//! environment, and files that are mounted by `subPath`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::standing::Standing;
use super::target::Decision;

/// The label by which a pod opts in, as a selector.
pub const OPTED_IN: &str = "keyferry.dev/nudge=true";
/// The one annotation that is ever set on a pod; `nudge-policy.yaml` of the chart has its key and its form too.
pub const NUDGED_AT: &str = "keyferry.dev/nudged-at";

/// What happened to a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made, or its data is another.
    Written,
    /// It is there no more.
    Gone,
}

/// As much of a pod as is looked at; what else a pod holds, such as variables with their values, is not even read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pod {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    uid: String,
    deletion_timestamp: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    volumes: Vec<Volume>,
    init_containers: Vec<Container>,
    containers: Vec<Container>,
    ephemeral_containers: Vec<Container>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    volume_mounts: Vec<Mount>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Mount {
    name: String,
    sub_path: String,
    sub_path_expr: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Volume {
    name: String,
    secret: Option<Source>,
    projected: Projected,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Projected {
    sources: Vec<Projection>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Projection {
    secret: Option<Source>,
}

/// A Secret as a volume names it; a projection says `name` where a volume says `secretName`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(alias = "secretName")]
    name: String,
    optional: bool,
}

impl Pod {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Its UID: one of the same name made later has seen the change already.
    pub fn uid(&self) -> &str {
        &self.metadata.uid
    }

    /// Whether a sync would change a file in it, `changes` being the Secrets of its namespace that are not what they were.
    ///
    /// A Secret that is gone takes its files along only where the volume says `optional`; elsewhere the kubelet keeps
    /// them and complains, however often it is told.
    pub fn is_concerned_by(&self, changes: &BTreeMap<String, Change>) -> bool {
        let shown = self.spec.volumes.iter().filter(|volume| self.spec.shows(volume));
        let follows = |source: &Source| match changes.get(&source.name) {
            Some(Change::Written) => true,
            Some(Change::Gone) => source.optional,
            None => false,
        };
        self.metadata.deletion_timestamp.is_none() && shown.flat_map(Volume::sources).any(follows)
    }
}

impl Spec {
    /// Whether a container, of whatever sort, has the volume as a folder.
    fn shows(&self, volume: &Volume) -> bool {
        let containers = self.init_containers.iter().chain(&self.containers).chain(&self.ephemeral_containers);
        let mut mounts = containers.flat_map(|container| &container.volume_mounts);
        mounts.any(|mount| mount.name == volume.name && mount.sub_path.is_empty() && mount.sub_path_expr.is_empty())
    }
}

impl Volume {
    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.secret.iter().chain(self.projected.sources.iter().filter_map(|source| source.secret.as_ref()))
    }
}

/// Whether a decision, once carried out, changes what a file shows; marks alone do not.
pub fn alters_files(decision: &Decision, standing: Option<&Standing>) -> bool {
    let content = standing.and_then(|standing| standing.content.as_ref());
    match decision {
        Decision::Settled | Decision::Look | Decision::Missing => false,
        Decision::Create(_) => true,
        Decision::Replace(next) => content.is_none_or(|content| content.data != next.data),
        Decision::Merge(next) => !next.data.is_empty() || !next.removed.is_empty(),
    }
}

/// The annotation's value: when, in UTC to the millisecond. It must differ from the last one, and tells nothing else.
pub fn stamp(now: Timestamp) -> String {
    format!("{now:.3}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::plan::standing::Content;
    use crate::plan::target::Next;
    use crate::sealed::Sealed;

    fn pod(volume: &Value, mount: &Value) -> Pod {
        let pod = json!({
            "metadata": {"name": "p", "uid": "u", "labels": {"a": "b"}},
            "spec": {"volumes": [{"name": "other", "emptyDir": {}}, volume], "containers": [
                {"name": "idle", "image": "i"},
                {"name": "c", "env": [{"name": "A", "value": "b"}], "volumeMounts": [{"name": "other", "mountPath": "/o"}, mount]},
            ]},
            "status": {"phase": "Running"},
        });
        serde_json::from_value(pod).unwrap()
    }

    fn secret() -> Value {
        json!({"name": "v", "secret": {"secretName": "s", "defaultMode": 256}})
    }

    fn folder() -> Value {
        json!({"name": "v", "mountPath": "/v", "readOnly": true})
    }

    fn changed(name: &str, change: Change) -> BTreeMap<String, Change> {
        BTreeMap::from([(name.to_owned(), change)])
    }

    fn is_told(pod: &Pod) -> bool {
        pod.is_concerned_by(&changed("s", Change::Written))
    }

    #[test]
    fn a_pod_with_the_secret_as_a_folder_is_told_whichever_volume_brings_it() {
        let projected = json!({"name": "v", "projected": {"sources": [
            {"configMap": {"name": "s"}}, {"secret": {"name": "x"}}, {"secret": {"name": "s", "items": []}},
        ]}});
        for volume in [secret(), projected] {
            assert!(is_told(&pod(&volume, &folder())), "{volume}");
            let other = changed("y", Change::Written);
            assert!(!pod(&volume, &folder()).is_concerned_by(&other), "{volume}");
        }
    }

    #[test]
    fn what_is_no_folder_of_the_secret_is_no_reason() {
        for (volume, mount) in [
            (secret(), json!({"name": "other", "mountPath": "/v"})),
            (secret(), json!({"name": "v", "mountPath": "/v/a", "subPath": "a"})),
            (secret(), json!({"name": "v", "mountPath": "/v/a", "subPathExpr": "$(A)"})),
            (json!({"name": "v", "configMap": {"name": "s"}}), folder()),
            (json!({"name": "v", "projected": {"sources": [{"configMap": {"name": "s"}}]}}), folder()),
            (json!({"name": "v", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "s"}}}), folder()),
        ] {
            assert!(!is_told(&pod(&volume, &mount)), "{volume} {mount}");
        }
    }

    #[test]
    fn a_variable_is_no_reason() {
        let reference = json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}});
        let pod: Pod = serde_json::from_value(json!({"spec": {"containers": [
            {"env": [reference], "envFrom": [{"secretRef": {"name": "s"}}]},
        ]}}))
        .unwrap();
        assert!(!is_told(&pod));
    }

    #[test]
    fn one_folder_among_sub_paths_is_reason_enough_in_whichever_container() {
        let path = json!({"name": "v", "mountPath": "/v/a", "subPath": "a"});
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            let mut spec = json!({"volumes": [secret()], "containers": [{"volumeMounts": [path]}]});
            spec[list] = json!([{"volumeMounts": [path, folder()]}]);
            assert!(is_told(&serde_json::from_value(json!({"spec": spec})).unwrap()), "{list}");
        }
    }

    #[test]
    fn a_secret_that_is_gone_is_a_reason_where_the_volume_can_do_without() {
        let source = |optional: bool| json!({"secretName": "s", "optional": optional});
        let gone = changed("s", Change::Gone);
        assert!(!pod(&secret(), &folder()).is_concerned_by(&gone));
        for optional in [false, true] {
            let volume = json!({"name": "v", "secret": source(optional)});
            assert_eq!(pod(&volume, &folder()).is_concerned_by(&gone), optional);
            let volume =
                json!({"name": "v", "projected": {"sources": [{"secret": {"name": "s", "optional": optional}}]}});
            assert_eq!(pod(&volume, &folder()).is_concerned_by(&gone), optional);
        }
    }

    #[test]
    fn a_pod_that_is_being_deleted_is_left_alone() {
        let mut going = pod(&secret(), &folder());
        going.metadata.deletion_timestamp = Some("2026-01-01T00:00:00Z".to_owned());
        assert!(!is_told(&going));
    }

    fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Sealed> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Sealed::from(*value))).collect()
    }

    fn standing(pairs: &[(&str, &str)]) -> Standing {
        let content = Content { data: data(pairs), ..Content::default() };
        Standing { content: Some(content), ..Standing::default() }
    }

    #[test]
    fn other_data_alters_files_and_other_marks_do_not() {
        let before = standing(&[("a", "1"), ("b", "1")]);
        let replace = |pairs| Decision::Replace(Box::new(Next { data: data(pairs), ..Next::default() }));
        for (after, alters) in [
            (replace(&[("a", "1"), ("b", "1")]), false),
            (replace(&[("a", "2"), ("b", "1")]), true),
            (replace(&[("a", "1")]), true),
            (replace(&[("a", "1"), ("b", "1"), ("c", "1")]), true),
            (Decision::Settled, false),
            (Decision::Missing, false),
            (Decision::Look, false),
        ] {
            assert_eq!(alters_files(&after, Some(&before)), alters, "{after:?}");
        }
        assert!(alters_files(&Decision::Create(Box::default()), None));
        assert!(alters_files(&replace(&[]), Some(&Standing::default())), "what is not known is not the same");
    }

    #[test]
    fn a_merge_alters_files_when_it_sets_or_removes_a_key() {
        let merge = |next| alters_files(&Decision::Merge(Box::new(next)), Some(&standing(&[("a", "1")])));
        assert!(!merge(Next { labels: BTreeMap::from([("l".into(), "1".into())]), ..Next::default() }));
        assert!(merge(Next { data: data(&[("a", "2")]), ..Next::default() }));
        assert!(merge(Next { removed: BTreeSet::from(["a".to_owned()]), ..Next::default() }));
    }

    #[test]
    fn a_stamp_has_the_form_that_the_policy_admits_whatever_the_time() {
        for nanosecond in [0, 1, 999_999_999] {
            let stamp = stamp(Timestamp::new(1_700_000_000, nanosecond).unwrap());
            assert_eq!((stamp.len(), stamp.get(19..20), stamp.ends_with('Z')), (24, Some("."), true), "{stamp}");
        }
    }
}
