//! What templates are about: the reference, the consumer's namespace, and the Secrets that the store names.

use std::collections::BTreeMap;
use std::fmt;

use gotemplate::{Map, Type, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::provider::RemoteKey;
use crate::sealed::Sealed;

/// What Go's `url.QueryEscape` leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Go's `map[string]string`, which is what every name stands for.
static STRINGS: Type = Type::Map(&Type::String);

const REFERENCE: &str = "remoteRef";

/// What is the same for all requests of a session.
pub(super) struct Words {
    pub(super) namespace: String,
    pub(super) secrets: BTreeMap<String, BTreeMap<String, Sealed>>,
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Words").field("secrets", &self.secrets.keys()).finish_non_exhaustive()
    }
}

/// Whether the reference's own words are escaped for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As they are.
    Plain,
    /// As Go's `url.QueryEscape` has them. What Secrets hold, and the namespace, are never escaped.
    Escaped,
}

impl Words {
    /// The data of a template for one reference.
    pub(super) fn about(&self, key: &RemoteKey, form: Form) -> Value {
        let said = |word: Option<&str>| match form {
            Form::Plain => word.unwrap_or_default().to_owned(),
            Form::Escaped => escape(word.unwrap_or_default()),
        };
        let reference = [
            ("key", said(Some(&key.key))),
            ("version", said(key.version.as_deref())),
            ("property", said(key.property.as_deref())),
            ("namespace", self.namespace.clone()),
        ];
        let reference = reference.map(|(name, word)| (name.to_owned(), Value::from(word)));
        let mut words = BTreeMap::from([(REFERENCE, BTreeMap::from(reference))]);
        for (name, secret) in &self.secrets {
            let entries = secret.iter().map(|(key, value)| (key.clone(), Value::str(value.expose())));
            words.entry(name.as_str()).or_default().extend(entries);
        }
        let maps = words.into_iter().map(|(name, entries)| (name, Value::Map(Map::of(&Type::String, entries))));
        Value::Map(Map::of(&STRINGS, maps))
    }
}

fn escape(word: &str) -> String {
    // No percent sign of the word's own is left, so this is every blank and nothing else.
    utf8_percent_encode(word, PLAIN).to_string().replace("%20", "+")
}

/// Whether a template could learn the consumer's namespace: it names it, or takes hold of what holds it. Where that is not
/// plain to see the answer is yes.
pub(super) fn may_see_namespace(template: &str) -> bool {
    // From the first action to the end of the last: what stands between actions can only make it yes.
    let Some((_, actions)) = template.split_once("{{") else { return false };
    actions.contains('$') || actions.split('.').skip(1).collect::<Vec<_>>().windows(2).any(names) || ends_bare(actions)
}

/// Of the parts between dots: a bare dot, or the reference with anything behind it that is not one of its own words.
fn names(parts: &[&str]) -> bool {
    let [part, next] = parts else { return false };
    let name: String = part.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
    let goes_on = name.len() == part.len();
    let word: String = next.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
    name.is_empty() || (name == REFERENCE && !(goes_on && matches!(word.as_str(), "key" | "version" | "property")))
}

/// The same of the last part, which has no next one.
fn ends_bare(actions: &str) -> bool {
    actions.rsplit_once('.').is_some_and(|(_, last)| {
        let name: String =
            last.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
        name.is_empty() || name == REFERENCE
    })
}

#[cfg(test)]
mod tests {
    use gotemplate::{Functions, Template};

    use super::*;

    fn rendered(template: &str, form: Form) -> String {
        let secret = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), Sealed::from(value))]);
        let secrets = BTreeMap::from([("auth".to_owned(), secret("token", "t/ö &"))]);
        let words = Words { namespace: "team a".into(), secrets };
        let key = RemoteKey {
            key: "a/b c*~".into(),
            version: Some("v=1".into()),
            part: crate::provider::Part::Value,
            property: Some("ö%20".into()),
        };
        let template = Template::parse("t", template, &Functions::new()).unwrap();
        String::from_utf8(template.render(&words.about(&key, form)).unwrap()).unwrap()
    }

    #[test]
    fn the_reference_is_escaped_for_a_url_and_nothing_else_is() {
        let all = "{{ .remoteRef.key }} {{ .remoteRef.version }} {{ .remoteRef.property }} {{ .remoteRef.namespace }} {{ .auth.token }}";
        assert_eq!(rendered(all, Form::Plain), "a/b c*~ v=1 ö%20 team a t/ö &");
        assert_eq!(rendered(all, Form::Escaped), "a%2Fb+c%2A~ v%3D1 %C3%B6%2520 team a t/ö &");
    }

    #[test]
    fn what_is_missing_prints_as_in_go() {
        assert_eq!(rendered("{{ .auth.x }}|{{ .x.y }}|{{ index .auth \"x\" }}", Form::Plain), "<no value>|<no value>|");
        assert_eq!(rendered("{{ printf \"%T\" . }}", Form::Plain), "map[string]map[string]string");
    }

    #[test]
    fn who_may_learn_the_namespace_is_told_by_the_template_alone() {
        for template in [
            "https://a.example.com/x.y/",
            "https://a/{{ .remoteRef.key }}?v={{ .remoteRef.version }}&p={{.remoteRef.property}}",
            "Basic {{ print .auth.username \":\" .auth.password | b64enc }}",
            "{{ .remoteRef.key | trim }}.example.com/{{ if .remoteRef.version }}x{{ end }}",
            "{\"a\": \"{{ .remoteRef.key }}\", \"b\": 1.5}",
        ] {
            assert!(!may_see_namespace(template), "{template}");
        }
        for template in [
            "{{ .remoteRef.namespace }}",
            "{{if.remoteRef.namespace}}{{end}}",
            "{{ index .remoteRef \"name\" }}",
            "{{ with .remoteRef }}{{ .namespace }}{{ end }}",
            "{{ .remoteRef }}",
            "{{.remoteRef}}",
            "{{ . }}",
            "{{.}}",
            "{{ range $x := .auth }}{{ $.remoteRef.key }}{{ end }}",
            "{{ template \"x\" . }}",
            "{{ (index . \"remoteRef\").namespace }}",
            "{{ print \"}}\" .remoteRef.namespace }}",
            "{{ .remoteRef.key }}{{ toJson . }}",
            "{{ .remoteRef .namespace }}",
            "{{ .remoteRef.keys }}",
        ] {
            assert!(may_see_namespace(template), "{template}");
        }
    }
}
