//! What of Azure's answers is no plain value: an object's tags, certificates, and keys; by ESO's rules.

use std::collections::BTreeMap;

use super::problem::Problem;
use super::select::{self, Dialect, MOST_MEMBERS, Need, lacks, look_up, no_object, path};
use crate::api::external_secret::{Part, RemoteKey, RemoteRef};
use crate::sealed::Sealed;

/// An answer with rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vaulted {
    /// Tags and times by their names, as JSON; of a secret where it may be extracted.
    Tags { of_secret: bool },
    /// Bytes, of which there are no properties.
    Certificate,
    /// JSON that is not extracted.
    Key,
}

impl Vaulted {
    /// None where the answer is a plain value.
    pub(super) fn of(key: &RemoteKey) -> Option<Self> {
        match (key.part, key.key.split_once('/').map(|(of, _)| of)) {
            (Part::Metadata, of) => Some(Self::Tags { of_secret: !matches!(of, Some("cert" | "key")) }),
            (Part::Value, Some("cert")) => Some(Self::Certificate),
            (Part::Value, Some("key")) => Some(Self::Key),
            (Part::Value, _) => None,
        }
    }

    /// What an entry of `data` takes.
    pub(super) fn selected(self, need: &Need<'_>, reference: &RemoteRef, value: &Sealed) -> Result<Sealed, Problem> {
        match (self, asked(reference)) {
            (Self::Key, _) => select::property(need, reference, value, Dialect::Vaulted),
            // ESO gives the whole certificate, whatever property is named.
            (Self::Certificate, _) | (Self::Tags { .. }, None) => Ok(value.clone()),
            (Self::Tags { .. }, Some(property)) => {
                tag(need, &tags(need, value)?, property)?.ok_or_else(|| lacks(need, property))
            }
        }
    }

    /// What an entry of `dataFrom.extract` takes: tags by the secret's name and their own.
    pub(super) fn members(
        self,
        need: &Need<'_>,
        reference: &RemoteRef,
        value: &Sealed,
    ) -> Result<BTreeMap<String, Sealed>, Problem> {
        let Self::Tags { of_secret: true } = self else {
            return Err(Problem::new(
                format!("{}.key", path(need)),
                "a certificate or a key cannot be extracted",
                "read it whole by an entry of spec.data",
            ));
        };
        let tags = tags(need, value)?;
        let all = spread(second_part(&reference.key), &tags);
        let Some(property) = asked(reference) else { return Ok(all) };
        tag(need, &tags, property)?.ok_or_else(|| lacks(need, property))?;
        let name = format!("{}_{property}", reference.key);
        // As in ESO, empty where the key was written with its type in front.
        let value = tag(need, &all, &name)?.unwrap_or_default();
        Ok(BTreeMap::from([(name, value)]))
    }
}

fn asked(reference: &RemoteRef) -> Option<&str> {
    reference.property.as_deref().filter(|property| !property.is_empty())
}

/// The name in a key that may have a type before it.
fn second_part(key: &str) -> &str {
    let mut parts = key.split('/');
    let first = parts.next().unwrap_or_default();
    parts.next().unwrap_or(first)
}

fn tags(need: &Need<'_>, value: &Sealed) -> Result<BTreeMap<String, Sealed>, Problem> {
    let members = gjson::members(value.expose()).map_err(|_| no_object(need))?;
    Ok(members.take(MOST_MEMBERS).map(|(name, tag)| (name, Sealed::new(tag.as_extracted().into_owned()))).collect())
}

/// The tag of this name; else what is before the first dot names it, and the rest is a path in its value.
fn tag(need: &Need<'_>, tags: &BTreeMap<String, Sealed>, property: &str) -> Result<Option<Sealed>, Problem> {
    if let Some(tag) = tags.get(property) {
        return Ok(Some(tag.clone()));
    }
    let Some((name, rest)) = property.split_once('.') else { return Ok(None) };
    let Some(tag) = tags.get(name) else { return Ok(None) };
    if rest.is_empty() {
        return Ok(Some(tag.clone()));
    }
    if gjson::valid(tag.expose()).is_err() {
        return Ok(None);
    }
    match look_up(need, tag, rest)? {
        None if rest.contains('.') => look_up(need, tag, &gjson::escape(rest)),
        found => Ok(found),
    }
}

/// `NAME_TAG`, and of a tag whose value is an object of texts `NAME_TAG_MEMBER` for each.
fn spread(name: &str, tags: &BTreeMap<String, Sealed>) -> BTreeMap<String, Sealed> {
    let each = |(tag, value): (&String, &Sealed)| match texts(value) {
        Some(members) => members.into_iter().map(|(member, value)| (format!("{name}_{tag}_{member}"), value)).collect(),
        None => vec![(format!("{name}_{tag}"), value.clone())],
    };
    tags.iter().flat_map(each).collect()
}

/// The members of an object of texts; none for whatever else Go would not read as one.
fn texts(value: &Sealed) -> Option<Vec<(String, Sealed)>> {
    gjson::valid(value.expose()).ok()?;
    if value.expose().trim_ascii() == b"null" {
        return Some(Vec::new());
    }
    let text = |member: gjson::Value<'_>| {
        let is_text = matches!(member.kind(), gjson::Kind::String | gjson::Kind::Null);
        is_text.then(|| Sealed::new(member.as_extracted().into_owned()))
    };
    let members = gjson::members(value.expose()).ok()?.take(MOST_MEMBERS);
    members.map(|(name, member)| Some((name, text(member)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::select::{Answer, assemble, needs};
    use super::*;
    use crate::api::external_secret::{DeletionPolicy, ExternalSecretSpec};

    fn data(spec: Value, answer: &str) -> Result<Vec<(String, String)>, String> {
        let mut spec = spec;
        spec["secretStoreRef"] = json!({"name": "store"});
        let spec: ExternalSecretSpec = serde_json::from_value(spec).unwrap();
        let sealed = Sealed::from(answer);
        let functions = sprig::functions(sprig::System);
        let answers = [Answer::Value(&sealed, Dialect::Vaulted)];
        let whole = assemble(&needs(&spec), &answers, DeletionPolicy::Retain, &functions);
        let whole = whole.map_err(|problem| problem.to_string())?;
        let text = |sealed: Sealed| String::from_utf8(sealed.expose().to_vec()).unwrap();
        Ok(whole.data.into_iter().map(|(key, value)| (key, text(value))).collect())
    }

    fn one(key: &str, property: &str, metadata: bool, answer: &str) -> Result<String, String> {
        let policy = if metadata { "Fetch" } else { "None" };
        let remote = json!({"key": key, "property": property, "metadataPolicy": policy});
        data(json!({"data": [{"secretKey": "a", "remoteRef": remote}]}), answer).map(|mut data| data.remove(0).1)
    }

    fn extracted(key: &str, property: &str, answer: &str) -> Result<Vec<(String, String)>, String> {
        data(json!({"dataFrom": [{"extract": {"key": key, "property": property, "metadataPolicy": "Fetch"}}]}), answer)
    }

    #[test]
    fn a_property_is_a_path_before_it_is_a_name() {
        let value = r#"{"a.b":"name","a":{"b":"path"},"c.d":"only name"}"#;
        for (property, found) in [("a.b", "path"), ("c.d", "only name"), ("", value)] {
            assert_eq!(one("k", property, false, value).as_deref(), Ok(found), "{property}");
            assert_eq!(one("key/k", property, false, value).as_deref(), Ok(found), "{property}");
        }
        assert!(one("k", "none", false, value).unwrap_err().contains("no property"));
    }

    #[test]
    fn a_certificate_is_whole_whatever_property_is_named() {
        assert_eq!(one("cert/web", "", false, "der").as_deref(), Ok("der"));
        assert_eq!(one("cert/web", "tls.crt", false, "der").as_deref(), Ok("der"));
    }

    #[test]
    fn a_tag_is_found_by_its_name_and_its_members_behind_a_dot() {
        let tags = r#"{"attribute.created":"2023","env":"prod","json":"{\"a\":{\"b\":1},\"c.d\":\"x\"}","x.y":"dots"}"#;
        for (property, found) in [
            ("env", "prod"),
            ("x.y", "dots"),
            ("attribute.created", "2023"),
            ("json.a.b", "1"),
            ("json.c.d", "x"),
            ("env.", "prod"),
            ("", tags),
        ] {
            assert_eq!(one("secret/k", property, true, tags).as_deref(), Ok(found), "{property}");
        }
        for property in ["none", "env.a", "json.z", ".env"] {
            assert!(one("k", property, true, tags).unwrap_err().contains("no property"), "{property}");
        }
    }

    #[test]
    fn extracted_tags_have_the_secrets_name_before_theirs_and_objects_of_texts_are_spread() {
        let tags = r#"{"env":"prod","n":"null","o":"{\"a\":\"1\",\"b\":null}","mixed":"{\"a\":1}"}"#;
        let wanted = [("db_env", "prod"), ("db_mixed", r#"{"a":1}"#), ("db_o_a", "1"), ("db_o_b", "")];
        let wanted: Vec<_> = wanted.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(extracted("db", "", tags), Ok(wanted.clone()));
        assert_eq!(extracted("secret/db", "", tags), Ok(wanted));
        assert_eq!(extracted("db", "env", tags), Ok(vec![("db_env".to_owned(), "prod".to_owned())]));
        assert_eq!(extracted("secret/db", "env", tags), Ok(vec![("secret_db_env".to_owned(), String::new())]));
        assert!(extracted("db", "none", tags).is_err());
    }

    #[test]
    fn certificates_and_keys_are_not_extracted() {
        for key in ["cert/a", "key/a"] {
            let plain = data(json!({"dataFrom": [{"extract": {"key": key}}]}), "{}");
            assert!(plain.unwrap_err().contains("cannot be extracted"), "{key}");
            assert!(extracted(key, "", "{}").unwrap_err().contains("cannot be extracted"), "{key}");
        }
    }
}
