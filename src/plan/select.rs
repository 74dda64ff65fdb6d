//! Which remote keys an ExternalSecret needs, and which values of the answers become which keys of the target.

use std::collections::BTreeMap;

use super::decode::{check_keys, check_null_bytes, convert_keys, decode};
use super::problem::Problem;
use crate::api::external_secret::{DeletionPolicy, ExternalSecretSpec, RemoteKey, RemoteRef, SourceRef, StoreRef};
use crate::sealed::Sealed;

/// The most keys that one extracted object may bring; a Secret of 1 MiB holds fewer.
const MOST_MEMBERS: usize = 100_000;

/// One read that the spec asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need<'a> {
    /// The path of the entry, for example `spec.data[0]`.
    pub field: String,
    /// The store to ask.
    pub store: &'a StoreRef,
    /// What to ask it for.
    pub key: RemoteKey,
    /// The entry's reference.
    pub reference: &'a RemoteRef,
    /// The key of the target, or none where the whole object is extracted.
    pub secret_key: Option<&'a str>,
}

/// What a provider answered to one need.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The value, and how its properties are looked up.
    Value(&'a Sealed, Dialect),
    /// There is no such secret; confirmed when it was said often and long enough to act upon.
    Absent {
        /// Whether it may be acted upon.
        confirmed: bool,
    },
    /// There is no answer; why not.
    Failed(&'a str),
}

/// How a provider looks a `property` up in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The property as one name with its dots escaped, then as a gjson path (AWS, GCP).
    EscapedFirst,
    /// The property as a member's exact name, then as a gjson path; members that are extracted are written as Go writes
    /// what it has decoded, numbers as floats (Vault).
    ExactFirst,
    /// As a gjson path; a missing property is a missing secret (`fake`).
    Path,
}

/// The keys and values that the target should have, before its template.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Assembly {
    /// By key of the target.
    pub data: BTreeMap<String, Sealed>,
    /// Entries that were passed over since their secret is confirmed to be gone, by field and remote key.
    pub missing: Vec<(String, String)>,
}

/// Every read that a spec asks for, `dataFrom` first, in the order in which later ones override earlier ones.
pub fn needs(spec: &ExternalSecretSpec) -> Vec<Need<'_>> {
    let extracts = spec.data_from.iter().enumerate().filter_map(|(index, entry)| {
        let reference = entry.extract.as_ref()?;
        need(spec, format!("spec.dataFrom[{index}]"), entry.source_ref.as_ref(), reference, None)
    });
    let data = spec.data.iter().enumerate().filter_map(|(index, entry)| {
        let field = format!("spec.data[{index}]");
        need(spec, field, entry.source_ref.as_ref(), &entry.remote_ref, Some(&entry.secret_key))
    });
    extracts.chain(data).collect()
}

fn need<'a>(
    spec: &'a ExternalSecretSpec,
    field: String,
    source: Option<&'a SourceRef>,
    reference: &'a RemoteRef,
    secret_key: Option<&'a str>,
) -> Option<Need<'a>> {
    let own = source.and_then(|source| source.store_ref.as_ref());
    let store = own.or(spec.secret_store_ref.as_ref())?;
    Some(Need { field, store, key: reference.remote_key(), reference, secret_key })
}

/// Puts the answers together: all of them or nothing.
///
/// # Errors
/// The first entry that failed, is missing, or cannot be what the spec says.
pub fn assemble(needs: &[Need<'_>], answers: &[Answer<'_>], deletion: DeletionPolicy) -> Result<Assembly, Problem> {
    let mut assembly = Assembly::default();
    for (need, answer) in needs.iter().zip(answers) {
        match answer {
            Answer::Value(value, dialect) => assembly.data.extend(entry(need, value, *dialect)?),
            Answer::Absent { confirmed: true } if deletion != DeletionPolicy::Retain => {
                assembly.missing.push((need.field.clone(), need.key.key.clone()));
            }
            Answer::Absent { .. } => return Err(absent(need, deletion)),
            Answer::Failed(why) => return Err(failed(need, why)),
        }
    }
    Ok(assembly)
}

/// What one entry brings into the target.
fn entry(need: &Need<'_>, value: &Sealed, dialect: Dialect) -> Result<BTreeMap<String, Sealed>, Problem> {
    let selected = property(need, value, dialect)?;
    match need.secret_key {
        Some(key) => Ok(BTreeMap::from([(key.to_owned(), finish(need, key, selected)?)])),
        None => extract(need, &selected, dialect),
    }
}

/// Every member of a JSON object, keys converted and checked, values decoded.
fn extract(need: &Need<'_>, value: &Sealed, dialect: Dialect) -> Result<BTreeMap<String, Sealed>, Problem> {
    let field = path(need);
    let converted =
        convert_keys(&field, need.reference.conversion_strategy.unwrap_or_default(), members(need, value, dialect)?)?;
    let checked = check_keys(&field, converted)?;
    checked.into_iter().map(|(key, value)| finish(need, &key, value).map(|value| (key, value))).collect()
}

/// The last steps of every value.
fn finish(need: &Need<'_>, key: &str, value: Sealed) -> Result<Sealed, Problem> {
    let field = path(need);
    let decoded = decode(&field, need.reference.decoding_strategy.unwrap_or_default(), value)?;
    check_null_bytes(&field, need.reference.null_byte_policy.unwrap_or_default(), key, &decoded)?;
    Ok(decoded)
}

/// Strings without their quotes, everything else as its JSON text or, with Vault, as Go writes it.
fn members(need: &Need<'_>, value: &Sealed, dialect: Dialect) -> Result<BTreeMap<String, Sealed>, Problem> {
    let members = gjson::members(value.expose()).map_err(|_| no_object(need))?;
    let text = |member: &gjson::Value<'_>| match dialect {
        Dialect::ExactFirst => gjson::text_of(member).map_err(|_| no_object(need)),
        Dialect::EscapedFirst | Dialect::Path => Ok(member.as_extracted().into_owned()),
    };
    members.take(MOST_MEMBERS).map(|(name, member)| Ok((name, Sealed::new(text(&member)?)))).collect()
}

/// The part of the value that the entry wants: all of it where it names no property.
fn property(need: &Need<'_>, value: &Sealed, dialect: Dialect) -> Result<Sealed, Problem> {
    let Some(property) = need.reference.property.as_deref().filter(|property| !property.is_empty()) else {
        return Ok(value.clone());
    };
    gjson::valid(value.expose()).map_err(|_| no_object(need))?;
    let found = match dialect {
        Dialect::EscapedFirst => match look_up(need, value, &gjson::escape(property))? {
            None => look_up(need, value, property)?,
            found => found,
        },
        Dialect::ExactFirst => match member(need, value, property)? {
            None => look_up(need, value, property)?,
            found => found,
        },
        Dialect::Path => look_up(need, value, property)?,
    };
    found.ok_or_else(|| {
        Problem::new(
            format!("{}.property", path(need)),
            format!("the value of {:?} has no property {property:?}", need.key.key),
            "correct the property, or add it to the value at the provider",
        )
    })
}

/// The member of exactly this name, the last one where there are several.
fn member(need: &Need<'_>, value: &Sealed, name: &str) -> Result<Option<Sealed>, Problem> {
    let members = gjson::members(value.expose()).map_err(|_| no_object(need))?;
    let found = members.take(MOST_MEMBERS).filter(|(found, _)| found == name).last();
    Ok(found.map(|(_, member)| Sealed::new(member.as_extracted().into_owned())))
}

fn look_up(need: &Need<'_>, value: &Sealed, property: &str) -> Result<Option<Sealed>, Problem> {
    let found = gjson::get(value.expose(), property).map_err(|error| {
        Problem::new(format!("{}.property", path(need)), error.to_string(), "write it as a path that is supported")
    })?;
    Ok(found.map(|value| Sealed::new(value.as_bytes().into_owned())))
}

fn no_object(need: &Need<'_>) -> Problem {
    let wants = if need.secret_key.is_some() { "to have properties" } else { "to be extracted" };
    Problem::new(
        path(need),
        format!("the value of {:?} is not the JSON object that it must be {wants}", need.key.key),
        "store a JSON object at the provider, or read the value whole by an entry of spec.data without property",
    )
}

fn absent(need: &Need<'_>, deletion: DeletionPolicy) -> Problem {
    let (cause, cure) = match deletion {
        DeletionPolicy::Retain => ("does not exist at the provider", "create it, or correct the key or the version"),
        DeletionPolicy::Delete | DeletionPolicy::Merge => (
            "does not exist at the provider; until that is confirmed by later polls the target stays as it is",
            "wait for two intervals, or create it again",
        ),
    };
    Problem::new(format!("{}.key", path(need)), format!("{:?} {cause}", need.key.key), cure)
}

fn failed(need: &Need<'_>, why: &str) -> Problem {
    Problem::new(
        format!("{}.key", path(need)),
        format!("{:?}: {why}", need.key.key),
        "the target keeps its last good value meanwhile",
    )
}

/// The path of the need's remote reference.
fn path(need: &Need<'_>) -> String {
    let part = if need.secret_key.is_some() { "remoteRef" } else { "extract" };
    format!("{}.{part}", need.field)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(value: serde_json::Value) -> ExternalSecretSpec {
        let mut spec: ExternalSecretSpec = serde_json::from_value(value).unwrap();
        spec.secret_store_ref = Some(StoreRef { name: "store".into(), kind: None });
        spec
    }

    fn assembled(value: serde_json::Value, answers: &[Answer<'_>]) -> Result<Assembly, Problem> {
        let spec = spec(value);
        assemble(&needs(&spec), answers, spec.target.deletion_policy.unwrap_or_default())
    }

    fn value(sealed: &Sealed) -> Answer<'_> {
        Answer::Value(sealed, Dialect::EscapedFirst)
    }

    fn texts(assembly: &Assembly) -> Vec<(&str, &str)> {
        let text = |sealed: &'_ Sealed| String::from_utf8(sealed.expose().to_vec()).unwrap().leak() as &str;
        assembly.data.iter().map(|(key, sealed)| (key.as_str(), text(sealed))).collect()
    }

    fn one(remote: &serde_json::Value) -> serde_json::Value {
        json!({"data": [{"secretKey": "a", "remoteRef": remote}]})
    }

    #[test]
    fn extracts_come_first_and_data_overrides_them() {
        let both = json!({
            "dataFrom": [{"extract": {"key": "x"}}, {"extract": {"key": "y"}}],
            "data": [{"secretKey": "a", "remoteRef": {"key": "z"}}],
        });
        let (x, y, z) = (Sealed::from(r#"{"a":1,"b":2}"#), Sealed::from(r#"{"b":3,"c":"s"}"#), Sealed::from("z"));
        let whole = assembled(both, &[value(&x), value(&y), value(&z)]).unwrap();
        assert_eq!(texts(&whole), [("a", "z"), ("b", "3"), ("c", "s")]);
    }

    #[test]
    fn a_property_with_dots_is_a_name_before_it_is_a_path() {
        let sealed = Sealed::from(r#"{"a.b":"name","a":{"b":"path","c":"only path"}}"#);
        let found = |property: &str| {
            let whole = assembled(one(&json!({"key": "k", "property": property})), &[value(&sealed)]).unwrap();
            texts(&whole)[0].1.to_owned()
        };
        assert_eq!(found("a.b"), "name");
        assert_eq!(found("a.c"), "only path");
        let by_path = [Answer::Value(&sealed, Dialect::Path)];
        let whole = assembled(one(&json!({"key": "k", "property": "a.b"})), &by_path).unwrap();
        assert_eq!(texts(&whole), [("a", "path")]);
    }

    #[test]
    fn with_vault_an_exact_name_comes_first_and_extracted_numbers_are_floats() {
        let sealed = Sealed::from(r#"{"*":"star","a.b":1.50,"a":{"b":"path","z":1.0},"big":12345678901234567890}"#);
        let answers = [Answer::Value(&sealed, Dialect::ExactFirst)];
        for (property, text) in [("a.b", "1.50"), ("*", "star"), ("a.z", "1"), ("big", "12345678901234567890")] {
            let whole = assembled(one(&json!({"key": "k", "property": property})), &answers).unwrap();
            assert_eq!(texts(&whole), [("a", text)], "{property}");
        }
        let sealed = Sealed::from(r#"{"a":{"b":"path","z":1.0},"big":12345678901234567890,"n":1.50}"#);
        let extracted = json!({"dataFrom": [{"extract": {"key": "k"}}]});
        let whole = assembled(extracted, &[Answer::Value(&sealed, Dialect::ExactFirst)]).unwrap();
        let (object, big) = (r#"{"b":"path","z":1}"#, "12345678901234567000");
        assert_eq!(texts(&whole), [("a", object), ("big", big), ("n", "1.5")]);
    }

    #[test]
    fn what_is_missing_or_no_json_is_named_and_never_shown() {
        let plain = Sealed::from("s3cr3t text");
        let cases = [
            (one(&json!({"key": "k", "property": "p"})), "spec.data[0].remoteRef"),
            (json!({"dataFrom": [{"extract": {"key": "k"}}]}), "spec.dataFrom[0].extract"),
        ];
        for (spec, field) in cases {
            let problem = assembled(spec, &[value(&plain)]).unwrap_err();
            assert_eq!(problem.field, field);
            assert!(!problem.to_string().contains("s3cr3t"));
        }
        let object = Sealed::from(r#"{"q":"s3cr3t"}"#);
        let problem = assembled(one(&json!({"key": "k", "property": "p"})), &[value(&object)]).unwrap_err();
        assert_eq!(problem.field, "spec.data[0].remoteRef.property");
        assert!(!problem.to_string().contains("s3cr3t"));
    }

    #[test]
    fn one_entry_that_fails_fails_all() {
        let two = json!({"data": [
            {"secretKey": "a", "remoteRef": {"key": "1"}},
            {"secretKey": "b", "remoteRef": {"key": "2"}},
        ]});
        let good = Sealed::from("x");
        let problem = assembled(two, &[value(&good), Answer::Failed("no answer")]).unwrap_err();
        assert_eq!(problem.field, "spec.data[1].remoteRef.key");
    }

    #[test]
    fn a_missing_secret_is_passed_over_only_where_the_policy_allows_and_when_confirmed() {
        let with = |policy: &str, confirmed| {
            let mut spec = one(&json!({"key": "k"}));
            spec["target"] = json!({"deletionPolicy": policy});
            assembled(spec, &[Answer::Absent { confirmed }])
        };
        assert!(with("Retain", true).is_err() && with("Retain", false).is_err());
        for policy in ["Delete", "Merge"] {
            assert!(with(policy, false).is_err(), "{policy}");
            assert_eq!(with(policy, true).unwrap().missing, [("spec.data[0]".to_owned(), "k".to_owned())]);
        }
    }

    #[test]
    fn a_versions_and_a_metadata_policy_are_part_of_what_is_read() {
        let spec = spec(json!({"data": [
            {"secretKey": "a", "remoteRef": {"key": "k", "version": "v1"}},
            {"secretKey": "b", "remoteRef": {"key": "k", "metadataPolicy": "Fetch"}},
            {"secretKey": "c", "remoteRef": {"key": "k", "property": "p"}},
        ]}));
        let keys: std::collections::BTreeSet<_> = needs(&spec).into_iter().map(|need| need.key).collect();
        assert_eq!(keys.len(), 3);
    }
}
