//! Whether a store may be used, by whom, and what its status should say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement, Time};
use regex::bytes::RegexBuilder;

use super::problem::Problem;
use super::summary::{self, cut, whole_seconds};
use crate::api::external_secret::{Condition, StoreKind, StoreRef};
use crate::api::secret_store::{SecretStoreSpec, SecretStoreStatus, StoreCondition};

/// The most bytes that one compiled expression of a store's conditions may take.
const EXPRESSION_LIMIT: usize = 1 << 20;

/// What a validation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validation {
    /// The provider accepts the credentials.
    Valid,
    /// Nobody can know before a namespace uses it.
    Unknown,
    /// The store cannot be used; why, and what to do.
    Invalid(String),
}

/// Whether a store is for an operator of this class.
pub fn is_ours(spec: &SecretStoreSpec, class: &str) -> bool {
    spec.controller.as_deref().is_none_or(|theirs| theirs.is_empty() || theirs == class)
}

/// Whether a store's last validation lets it be used.
pub fn is_ready(status: Option<&SecretStoreStatus>) -> bool {
    let conditions = status.map(|status| status.conditions.as_slice()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Whether the conditions of a ClusterSecretStore let `namespace` use it; any one that holds is enough.
///
/// # Errors
/// None holds, or one cannot be read.
pub fn admit(
    store: &str,
    conditions: &[StoreCondition],
    namespace: &str,
    labels: Option<&BTreeMap<String, String>>,
) -> Result<(), Problem> {
    for (index, condition) in conditions.iter().enumerate() {
        if holds(index, condition, namespace, labels)? {
            return Ok(());
        }
    }
    if conditions.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        "spec.secretStoreRef.name",
        format!("using cluster store {store:?} is not allowed from namespace {namespace:?}: denied by spec.condition"),
        "use another store, or have the store's conditions name this namespace",
    ))
}

fn holds(
    index: usize,
    condition: &StoreCondition,
    namespace: &str,
    labels: Option<&BTreeMap<String, String>>,
) -> Result<bool, Problem> {
    let selected = condition.namespace_selector.as_ref().is_some_and(|selector| matches(selector, labels));
    let named = condition.namespaces.iter().any(|name| name == namespace);
    Ok(selected || named || any_expression(index, &condition.namespace_regexes, namespace)?)
}

/// Unanchored, as ESO matches them.
fn any_expression(index: usize, expressions: &[String], namespace: &str) -> Result<bool, Problem> {
    for (position, expression) in expressions.iter().enumerate() {
        let compiled = RegexBuilder::new(expression).unicode(false).size_limit(EXPRESSION_LIMIT).build();
        let compiled = compiled.map_err(|_| {
            Problem::new(
                format!("spec.conditions[{index}].namespaceRegexes[{position}] of the store"),
                format!("{expression:?} is no regular expression, or too large a one"),
                "correct it in the ClusterSecretStore",
            )
        })?;
        if compiled.is_match(namespace.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A label selector as Kubernetes reads it; an unknown namespace has no labels, and an unknown operator matches nothing.
fn matches(selector: &LabelSelector, labels: Option<&BTreeMap<String, String>>) -> bool {
    let Some(labels) = labels else { return false };
    let equal = |(key, value): (&String, &String)| labels.get(key) == Some(value);
    selector.match_labels.iter().flatten().all(equal)
        && selector.match_expressions.iter().flatten().all(|requirement| meets(requirement, labels))
}

fn meets(requirement: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let listed = value.is_some_and(|value| requirement.values.iter().flatten().any(|other| other == value));
    match requirement.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// The store of a reference, as messages name it.
pub fn named(reference: &StoreRef) -> String {
    format!("{:?} {:?}", reference.kind.unwrap_or_default(), reference.name)
}

/// Where a store is looked for: in the consumer's namespace, or in none.
pub fn namespace_of<'a>(reference: &StoreRef, consumer: &'a str) -> Option<&'a str> {
    (reference.kind.unwrap_or_default() == StoreKind::SecretStore).then_some(consumer)
}

/// The status that a validation asks for, if it says anything new. `capabilities` is the provider's word for what can be
/// done with the store, where it could be opened; else the last one stays.
pub fn report(
    validation: &Validation,
    capabilities: Option<&str>,
    last: Option<&SecretStoreStatus>,
    now: Timestamp,
) -> Option<SecretStoreStatus> {
    let (status, reason, message) = words(validation);
    let old = last.and_then(|last| last.conditions.iter().find(|condition| condition.type_ == "Ready"));
    let same_status = old.filter(|old| old.status == status);
    let next = Condition {
        type_: "Ready".to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(cut(message)),
        last_transition_time: same_status
            .and_then(|old| old.last_transition_time.clone())
            .or_else(|| Some(Time(whole_seconds(now)))),
    };
    let capabilities = capabilities.map(str::to_owned).or_else(|| last?.capabilities.clone());
    if old == Some(&next) && last.is_some_and(|last| last.capabilities == capabilities) {
        return None;
    }
    Some(SecretStoreStatus { conditions: vec![next], capabilities })
}

/// What happened, where `next` says something else of the store than `last`; ESO says it at each validation.
pub fn event(
    validation: &Validation,
    last: Option<&SecretStoreStatus>,
    next: &SecretStoreStatus,
) -> Option<summary::Event> {
    let said = |status: &SecretStoreStatus| {
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
        ready.map(|ready| (ready.reason.clone(), ready.message.clone()))
    };
    let (status, reason, note) = words(validation);
    (last.and_then(said) != said(next)).then(|| summary::Event { warning: status != "True", reason, note: cut(note) })
}

/// The condition's status, reason and message.
fn words(validation: &Validation) -> (&'static str, &'static str, String) {
    match validation {
        Validation::Valid => ("True", "Valid", "store validated".to_owned()),
        Validation::Unknown => ("True", "ValidationUnknown", "store validated".to_owned()),
        Validation::Invalid(cause) => ("False", "InvalidProviderConfig", format!("unable to validate store: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn admits(conditions: serde_json::Value, namespace: &str, labels: &[(&str, &str)]) -> bool {
        let conditions: Vec<StoreCondition> = serde_json::from_value(conditions).unwrap();
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        admit("store", &conditions, namespace, Some(&labels)).is_ok()
    }

    #[test]
    fn without_conditions_every_namespace_is_admitted() {
        assert!(admits(json!([]), "any", &[]));
    }

    #[test]
    fn any_condition_that_holds_is_enough() {
        let conditions = json!([
            {"namespaces": ["a"]},
            {"namespaceRegexes": ["^b-.*"]},
            {"namespaceSelector": {"matchLabels": {"team": "c"}}},
        ]);
        assert!(admits(conditions.clone(), "a", &[]));
        assert!(admits(conditions.clone(), "b-1", &[]));
        assert!(admits(conditions.clone(), "x", &[("team", "c")]));
        assert!(!admits(conditions, "x", &[("team", "d")]));
    }

    #[test]
    fn expressions_match_anywhere_as_with_eso() {
        assert!(admits(json!([{"namespaceRegexes": ["team-a"]}]), "evil-team-a", &[]));
        assert!(!admits(json!([{"namespaceRegexes": ["^team-a$"]}]), "evil-team-a", &[]));
    }

    #[test]
    fn selectors_know_the_four_operators_and_nothing_else() {
        let with = |operator: &str, values: &[&str]| {
            let requirement = json!({"key": "k", "operator": operator, "values": values});
            let conditions = json!([{"namespaceSelector": {"matchExpressions": [requirement]}}]);
            (admits(conditions.clone(), "n", &[("k", "1")]), admits(conditions, "n", &[]))
        };
        assert_eq!(with("In", &["1", "2"]), (true, false));
        assert_eq!(with("NotIn", &["1"]), (false, true));
        assert_eq!(with("Exists", &[]), (true, false));
        assert_eq!(with("DoesNotExist", &[]), (false, true));
        assert_eq!(with("Sometimes", &[]), (false, false));
    }

    #[test]
    fn an_expression_that_cannot_be_read_is_an_error_and_admits_nobody() {
        let conditions: Vec<StoreCondition> = serde_json::from_value(json!([{"namespaceRegexes": ["("]}])).unwrap();
        let problem = admit("store", &conditions, "a", None).unwrap_err();
        assert!(problem.field.contains("namespaceRegexes[0]"));
    }

    #[test]
    fn a_store_belongs_to_its_class_or_to_everyone() {
        let spec = |controller: Option<&str>| SecretStoreSpec {
            controller: controller.map(str::to_owned),
            ..SecretStoreSpec::default()
        };
        assert!(is_ours(&spec(None), "default") && is_ours(&spec(Some("")), "x") && is_ours(&spec(Some("x")), "x"));
        assert!(!is_ours(&spec(Some("other")), "default"));
    }

    #[test]
    fn a_status_that_says_the_same_is_not_written_again() {
        let report = |validation, last, now| report(validation, Some("ReadOnly"), last, now);
        let first = report(&Validation::Valid, None, Timestamp::UNIX_EPOCH).unwrap();
        assert!(is_ready(Some(&first)) && first.capabilities.as_deref() == Some("ReadOnly"));
        let valid = event(&Validation::Valid, None, &first).unwrap();
        assert_eq!((valid.warning, valid.reason, valid.note.as_str()), (false, "Valid", "store validated"));
        assert_eq!(event(&Validation::Valid, Some(&first), &first), None, "it is no news");
        let later: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(report(&Validation::Valid, Some(&first), later), None);
        assert_eq!(
            super::report(&Validation::Valid, None, Some(&first), later),
            None,
            "what it can do is not forgotten"
        );
        let broken = report(&Validation::Invalid("why".into()), Some(&first), later).unwrap();
        assert!(!is_ready(Some(&broken)));
        assert_eq!(broken.conditions[0].reason.as_deref(), Some("InvalidProviderConfig"));
        assert_eq!(broken.conditions[0].last_transition_time, Some(Time(later)));
        let told = event(&Validation::Invalid("why".into()), Some(&first), &broken).unwrap();
        assert!(told.warning && told.note.ends_with("why"));
    }
}
