//! From a Secret's key to the remote key that it is read from.

use serde::Deserialize;

use super::document::Source;
use super::problem::Problem;

/// The most rules of a file.
const MOST_RULES: usize = 10_000;

/// Rules in order; the first that fits holds. Without one, the remote key is the Secret's name and the property its key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The rules.
    #[serde(default)]
    rules: Vec<Rule>,
}

/// What a rule fits, and what it says. `{namespace}`, `{secret}` and `{key}` stand for what the handle names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// A namespace, as a word or with `*` for any letters.
    #[serde(default)]
    namespace: Option<String>,
    /// A Secret's name, likewise.
    #[serde(default)]
    secret: Option<String>,
    /// A key, likewise.
    #[serde(default)]
    key: Option<String>,
    /// The remote key.
    remote: String,
    /// The property in it; empty for the whole remote secret. By default the key.
    #[serde(default)]
    property: Option<String>,
}

/// A remote key and what of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remote {
    /// The remote key.
    pub key: String,
    /// The property; none for the whole.
    pub property: Option<String>,
}

impl Mapping {
    /// Reads a file of rules, or takes one pattern such as `prod/{namespace}/{secret}` or `{secret}#{key}` for all.
    ///
    /// # Errors
    /// A file that has not the form.
    pub fn read(source: &Source) -> Result<Self, Problem> {
        let place = || source.name.clone();
        let cure = "write `rules: [{secret: NAME, key: NAME, remote: TEXT, property: TEXT}]`";
        let tree = super::yaml::read(&source.text, 1)
            .map_err(|error| Problem::new(format!("{}:{}", source.name, error.line), error.cause, cure))?;
        let value = tree.map(|node| super::yaml::value(&node)).unwrap_or_default();
        let mapping: Self =
            serde_json::from_value(value).map_err(|error| Problem::new(place(), error.to_string(), cure))?;
        if mapping.rules.len() > MOST_RULES {
            return Err(Problem::new(place(), "it has too many rules", "use patterns with * and {secret}"));
        }
        Ok(mapping)
    }

    /// One rule for every key: the remote key, and behind a `#` the property, which is none where nothing follows.
    pub fn pattern(text: &str) -> Self {
        let (remote, property) = match text.split_once('#') {
            Some((remote, property)) => (remote, Some(property.to_owned())),
            None => (text, None),
        };
        Self { rules: vec![Rule { namespace: None, secret: None, key: None, remote: remote.to_owned(), property }] }
    }

    /// Where a key of a Secret is read from.
    pub fn remote(&self, namespace: Option<&str>, secret: &str, key: &str) -> Remote {
        let filled = |text: &str| fill(text, namespace.unwrap_or_default(), secret, key);
        let rule = self.rules.iter().find(|rule| rule.fits(namespace.unwrap_or_default(), secret, key));
        let Some(rule) = rule else { return Remote { key: secret.to_owned(), property: Some(key.to_owned()) } };
        let property = rule.property.as_deref().map_or_else(|| key.to_owned(), filled);
        Remote { key: filled(&rule.remote), property: Some(property).filter(|property| !property.is_empty()) }
    }
}

impl Rule {
    fn fits(&self, namespace: &str, secret: &str, key: &str) -> bool {
        let fits =
            |pattern: &Option<String>, text: &str| pattern.as_deref().is_none_or(|pattern| matches(pattern, text));
        fits(&self.namespace, namespace) && fits(&self.secret, secret) && fits(&self.key, key)
    }
}

/// In one pass, so that a name with a brace in it is not read again.
fn fill(text: &str, namespace: &str, secret: &str, key: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let names = [("namespace}", namespace), ("secret}", secret), ("key}", key)];
        let found = names.iter().find_map(|(name, value)| Some((after.strip_prefix(name)?, value)));
        rest = if let Some((behind, value)) = found {
            out.push_str(value);
            behind
        } else {
            out.push('{');
            after
        };
    }
    out + rest
}

/// Whether `text` is `pattern`, in which a `*` stands for any letters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<_> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(text: &str) -> Result<Mapping, Problem> {
        Mapping::read(&Source { name: "map.yaml".into(), text: text.into() })
    }

    fn remote(key: &str, property: Option<&str>) -> Remote {
        Remote { key: key.into(), property: property.map(Into::into) }
    }

    #[test]
    fn without_a_rule_the_secret_is_the_remote_key_and_the_key_its_property() {
        assert_eq!(Mapping::default().remote(None, "db", "password"), remote("db", Some("password")));
    }

    #[test]
    fn the_first_rule_that_fits_holds_and_its_names_are_filled_in() {
        let text = "rules:\n- {secret: db, key: tls.*, remote: '{key}', property: ''}\n- {secret: d*, remote: 'prod/{namespace}/{secret}'}\n";
        let mapping = mapping(text).unwrap();
        assert_eq!(mapping.remote(Some("ns"), "db", "tls.crt"), remote("tls.crt", None));
        assert_eq!(mapping.remote(Some("ns"), "db", "user"), remote("prod/ns/db", Some("user")));
        assert_eq!(mapping.remote(Some("ns"), "x", "user"), remote("x", Some("user")));
    }

    #[test]
    fn a_pattern_holds_for_all() {
        assert_eq!(Mapping::pattern("{secret}-{key}#").remote(None, "db", "user"), remote("db-user", None));
        assert_eq!(Mapping::pattern("p/{secret}").remote(None, "{key}", "user"), remote("p/{key}", Some("user")));
    }

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, text, fits) in
            [("*", "", true), ("a*", "abc", true), ("*c", "abc", true), ("a*b*c", "aXbYc", true), ("a*a", "a", false)]
        {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_file_of_another_form_is_refused_with_its_name_and_the_form() {
        let problem = mapping("rules: [{secret: a}]").unwrap_err().to_string();
        assert!(
            problem.contains("map.yaml") && problem.contains("`remote`") && problem.contains("rules: ["),
            "{problem}"
        );
    }
}
