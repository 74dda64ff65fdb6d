//! Whether an ExternalSecret makes sense, and whether we serve what it asks for.
//!
//! The API server refuses most of this by the CRD's rules; the reconciler asks again always, because an object may be
//! older than the rules or have been stored past them.

use std::collections::BTreeSet;

use super::decode::check_key;
use super::problem::Problem;
use super::{rewrite, window};
use crate::api::external_secret::{
    CreationPolicy, DataEntry, DataFrom, DeletionPolicy, ExternalSecretSpec, Find, Query, SourceRef, Template,
    TemplateFrom, TemplateSource,
};

/// Types of Secrets that Kubernetes itself acts upon, or that hold another tool's state: never a target of ours
/// (CVE-2026-42876 is what happens otherwise).
pub const PRIVILEGED_TYPES: [&str; 3] =
    ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/// Finds the first fault of a spec.
///
/// # Errors
/// The fault, by field.
pub fn check(spec: &ExternalSecretSpec) -> Result<(), Problem> {
    check_sources(spec)?;
    check_policies(spec)?;
    window::check(spec.sync_windows.as_ref())?;
    if spec.target.manifest.is_some() {
        return Err(unsupported("spec.target.manifest", "targets other than a Secret"));
    }
    spec.target.template.as_ref().map_or(Ok(()), check_template)?;
    check_secret_keys(spec)
}

/// The name of the target Secret: its own, else the ExternalSecret's.
pub fn target_name<'a>(spec: &'a ExternalSecretSpec, name: &'a str) -> &'a str {
    spec.target.name.as_deref().filter(|target| !target.is_empty()).unwrap_or(name)
}

fn check_sources(spec: &ExternalSecretSpec) -> Result<(), Problem> {
    if spec.data.is_empty() && spec.data_from.is_empty() {
        return Err(Problem::new("spec", "neither data nor dataFrom is set", "name what is to be read in one of them"));
    }
    spec.data.iter().enumerate().try_for_each(|(index, entry)| check_data(spec, index, entry))?;
    spec.data_from.iter().enumerate().try_for_each(|(index, entry)| check_data_from(spec, index, entry))
}

fn check_data(spec: &ExternalSecretSpec, index: usize, entry: &DataEntry) -> Result<(), Problem> {
    let field = format!("spec.data[{index}]");
    check_key(&format!("{field}.secretKey"), &entry.secret_key)?;
    check_remote_key(&format!("{field}.remoteRef.key"), &entry.remote_ref.key)?;
    check_source(spec, &field, entry.source_ref.as_ref())
}

fn check_data_from(spec: &ExternalSecretSpec, index: usize, entry: &DataFrom) -> Result<(), Problem> {
    let field = format!("spec.dataFrom[{index}]");
    check_source(spec, &field, entry.source_ref.as_ref())?;
    rewrite::check(&format!("{field}.rewrite"), &entry.rewrite)?;
    match (&entry.find, &entry.extract) {
        (Some(find), _) => check_find(&format!("{field}.find"), find),
        (None, Some(extract)) => check_remote_key(&format!("{field}.extract.key"), &extract.key),
        (None, None) => {
            Err(Problem::new(field, "neither extract nor find is set", "name the secret to be read in extract"))
        }
    }
}

fn check_find(field: &str, find: &Find) -> Result<(), Problem> {
    let query = find.query();
    if query == Query::default() {
        let cause = "names nothing to search by";
        return Err(Problem::new(
            field,
            cause,
            "set one of name.regexp, path and tags; name.regexp: .* finds everything",
        ));
    }
    let expression = query.name.as_deref();
    expression.map_or(Ok(()), |name| rewrite::compile(&format!("{field}.name.regexp"), name).map(drop))
}

fn check_remote_key(field: &str, key: &str) -> Result<(), Problem> {
    if key.is_empty() {
        return Err(Problem::new(field, "is empty", "name the secret at the provider"));
    }
    Ok(())
}

/// A source of its own, or the spec's store.
fn check_source(spec: &ExternalSecretSpec, field: &str, source: Option<&SourceRef>) -> Result<(), Problem> {
    if source.is_some_and(|source| source.generator_ref.is_some()) {
        return Err(unsupported(format!("{field}.sourceRef.generatorRef"), "generators"));
    }
    let own = source.and_then(|source| source.store_ref.as_ref());
    let store = own.or(spec.secret_store_ref.as_ref());
    if store.is_none_or(|store| store.name.is_empty()) {
        let at = if own.is_some() { format!("{field}.sourceRef.storeRef.name") } else { "spec.secretStoreRef".into() };
        return Err(Problem::new(at, "names no store", "name the SecretStore or ClusterSecretStore to read from"));
    }
    Ok(())
}

fn check_policies(spec: &ExternalSecretSpec) -> Result<(), Problem> {
    let creation = spec.target.creation_policy.unwrap_or_default();
    let deletion = spec.target.deletion_policy.unwrap_or_default();
    let owns = matches!(creation, CreationPolicy::Owner | CreationPolicy::Orphan);
    if deletion == DeletionPolicy::Delete && !owns {
        return Err(Problem::new(
            "spec.target.deletionPolicy",
            format!("Delete does not go with creationPolicy {creation:?}: the Secret is not ours to delete"),
            "set it to Retain or Merge, or set creationPolicy to Owner",
        ));
    }
    if deletion == DeletionPolicy::Merge && creation == CreationPolicy::None {
        return Err(Problem::new(
            "spec.target.deletionPolicy",
            "Merge does not go with creationPolicy None: nothing is ever written",
            "set it to Retain, or set another creationPolicy",
        ));
    }
    Ok(())
}

/// Two entries for one key are refused where a missing one is an error, as ESO does.
fn check_secret_keys(spec: &ExternalSecretSpec) -> Result<(), Problem> {
    if spec.target.deletion_policy.unwrap_or_default() != DeletionPolicy::Retain {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    match spec.data.iter().enumerate().find(|(_, entry)| !seen.insert(&entry.secret_key)) {
        None => Ok(()),
        Some((index, entry)) => Err(Problem::new(
            format!("spec.data[{index}].secretKey"),
            format!("{:?} is set twice", entry.secret_key),
            "remove one of the two entries, or rename one",
        )),
    }
}

fn check_template(template: &Template) -> Result<(), Problem> {
    let type_ = template.type_.as_deref().unwrap_or_default();
    if PRIVILEGED_TYPES.contains(&type_) {
        return Err(Problem::new(
            "spec.target.template.type",
            format!("{type_:?} is a type that Kubernetes or Helm acts upon"),
            "choose another type; such Secrets are never written",
        ));
    }
    template.template_from.iter().enumerate().try_for_each(|(index, entry)| check_template_from(index, entry))
}

/// Other targets are fields of the Secret that nobody may write by a template.
fn check_template_from(index: usize, entry: &TemplateFrom) -> Result<(), Problem> {
    let field = format!("spec.target.template.templateFrom[{index}]");
    let target = entry.target.as_deref().unwrap_or_default();
    if !["", "data", "labels", "annotations"].contains(&target.to_ascii_lowercase().as_str()) {
        return Err(Problem::new(
            format!("{field}.target"),
            format!("{target:?} is no part of a Secret that a template makes"),
            "set it to Data, Labels or Annotations",
        ));
    }
    let unnamed = |source: &Option<TemplateSource>| source.as_ref().is_some_and(|source| source.name.is_empty());
    match [("configMap", &entry.config_map), ("secret", &entry.secret)].iter().find(|(_, source)| unnamed(source)) {
        None => Ok(()),
        Some((kind, _)) => Err(Problem::new(format!("{field}.{kind}.name"), "is empty", "name the object to read")),
    }
}

/// What the API knows and this version does not serve yet; the object stays as it is.
fn unsupported(field: impl Into<String>, what: &str) -> Problem {
    Problem::new(
        field,
        format!("{what} are not supported by this version of Keyferry"),
        "remove the field, or keep this ExternalSecret with another controller class",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(patch: &serde_json::Value) -> ExternalSecretSpec {
        let mut whole = json!({
            "secretStoreRef": {"name": "store"},
            "data": [{"secretKey": "a", "remoteRef": {"key": "remote/a"}}],
        });
        for (key, value) in patch.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn field_of(patch: &serde_json::Value) -> Option<String> {
        check(&spec(patch)).err().map(|problem| problem.field)
    }

    #[test]
    fn each_fault_is_named_by_its_field() {
        let cases = [
            (json!({}), None),
            (json!({"data": []}), Some("spec")),
            (json!({"secretStoreRef": null}), Some("spec.secretStoreRef")),
            (json!({"data": [{"secretKey": "a/b", "remoteRef": {"key": "k"}}]}), Some("spec.data[0].secretKey")),
            (json!({"data": [{"secretKey": "a", "remoteRef": {"key": ""}}]}), Some("spec.data[0].remoteRef.key")),
            (json!({"dataFrom": [{}]}), Some("spec.dataFrom[0]")),
            (json!({"dataFrom": [{"extract": {"key": ""}}]}), Some("spec.dataFrom[0].extract.key")),
            (json!({"dataFrom": [{"extract": {"key": "k"}}]}), None),
            (json!({"dataFrom": [{"find": {"name": {"regexp": "^db-"}}}]}), None),
            (json!({"dataFrom": [{"find": {"tags": {"a": "b"}}, "rewrite": [{"merge": {}}]}]}), None),
            (json!({"dataFrom": [{"find": {"path": ""}}]}), Some("spec.dataFrom[0].find")),
            (json!({"dataFrom": [{"find": {"name": {"regexp": "("}}}]}), Some("spec.dataFrom[0].find.name.regexp")),
            (
                json!({"dataFrom": [{"find": {"path": "p"}, "rewrite": [{"regexp": {"source": "[", "target": ""}}]}]}),
                Some("spec.dataFrom[0].rewrite[0].regexp.source"),
            ),
            (json!({"target": {"template": {"type": "kubernetes.io/tls", "data": {"a": "plain"}}}}), None),
            (json!({"target": {"template": {"type": "helm.sh/release.v1"}}}), Some("spec.target.template.type")),
            (json!({"target": {"template": {"data": {"a": "{{ .b }}"}}}}), None),
            (json!({"target": {"template": {"templateFrom": [{"literal": "a: b", "target": "labels"}]}}}), None),
            (
                json!({"target": {"template": {"templateFrom": [{"literal": "a: b"}, {"target": "metadata.finalizers"}]}}}),
                Some("spec.target.template.templateFrom[1].target"),
            ),
            (
                json!({"target": {"template": {"templateFrom": [{"secret": {"name": "", "items": []}}]}}}),
                Some("spec.target.template.templateFrom[0].secret.name"),
            ),
            (
                json!({"syncWindows": {"kind": "allow", "windows": [{"schedule": "sometimes", "duration": "1h"}]}}),
                Some("spec.syncWindows.windows[0].schedule"),
            ),
            (json!({"target": {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}}), Some("spec.target.manifest")),
        ];
        for (patch, field) in cases {
            assert_eq!(field_of(&patch).as_deref(), field, "{patch}");
        }
    }

    #[test]
    fn deletion_policies_go_only_with_creation_policies_that_can_carry_them_out() {
        let refused = [("Delete", "Merge"), ("Delete", "None"), ("Delete", "CreateOrMerge"), ("Merge", "None")];
        for deletion in ["Delete", "Merge", "Retain"] {
            for creation in ["Owner", "Orphan", "Merge", "None", "CreateOrMerge"] {
                let patch = json!({"target": {"creationPolicy": creation, "deletionPolicy": deletion}});
                assert_eq!(
                    field_of(&patch).is_some(),
                    refused.contains(&(deletion, creation)),
                    "{deletion} {creation}"
                );
            }
        }
    }

    #[test]
    fn a_key_may_be_set_twice_only_where_a_missing_one_is_no_error() {
        let data = json!([
            {"secretKey": "a", "remoteRef": {"key": "1"}},
            {"secretKey": "a", "remoteRef": {"key": "2"}},
        ]);
        assert_eq!(field_of(&json!({"data": data})).as_deref(), Some("spec.data[1].secretKey"));
        assert_eq!(field_of(&json!({"data": data, "target": {"deletionPolicy": "Delete"}})), None);
    }

    #[test]
    fn the_target_is_named_after_the_object_where_it_has_no_name() {
        assert_eq!(target_name(&spec(&json!({})), "es"), "es");
        assert_eq!(target_name(&spec(&json!({"target": {"name": ""}})), "es"), "es");
        assert_eq!(target_name(&spec(&json!({"target": {"name": "t"}})), "es"), "t");
    }
}
