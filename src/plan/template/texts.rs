//! Templates that are kept in ConfigMaps and Secrets, and the inputs of a target as a whole.

use std::collections::BTreeMap;

use sha3::{Digest, Sha3_224};

use super::super::marks::hex;
use super::super::problem::Problem;
use crate::api::external_secret::{Template, TemplateFrom, TemplateSource};
use crate::sealed::Sealed;

/// The kind of object that holds templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// Its text may be shown.
    ConfigMap,
    /// Its text is a secret.
    Secret,
}

impl Holder {
    /// Kubernetes' word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMap",
            Self::Secret => "secret",
        }
    }
}

/// An object of the ExternalSecret's namespace that holds templates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Its kind.
    pub holder: Holder,
    /// Its name.
    pub name: String,
}

/// What stands in each source, by key.
pub type Texts = BTreeMap<Source, BTreeMap<String, Sealed>>;

/// One mention of a source.
#[derive(Clone, Debug)]
pub(super) struct Mention<'a> {
    pub(super) field: String,
    pub(super) source: Source,
    pub(super) named: &'a TemplateSource,
}

/// The sources of an entry, in the order in which they are rendered.
pub(super) fn mentions(index: usize, entry: &TemplateFrom) -> impl Iterator<Item = Mention<'_>> {
    let config_map = entry.config_map.iter().map(|named| (Holder::ConfigMap, named));
    let secret = entry.secret.iter().map(|named| (Holder::Secret, named));
    config_map.chain(secret).map(move |(holder, named)| Mention {
        field: format!("spec.target.template.templateFrom[{index}].{}", holder.field()),
        source: Source { holder, name: named.name.clone() },
        named,
    })
}

/// Every source of a template, and the field that names it first.
pub fn sources(template: &Template) -> BTreeMap<Source, String> {
    let mut found = BTreeMap::new();
    for (index, entry) in template.template_from.iter().enumerate() {
        for mention in mentions(index, entry) {
            found.entry(mention.source).or_insert(mention.field);
        }
    }
    found
}

/// Says that a source is not there.
pub fn missing(source: &Source, field: &str) -> Problem {
    Problem::new(
        format!("{field}.name"),
        format!("the {} {:?} does not exist", source.holder.word(), source.name),
        "create it in the namespace of the ExternalSecret, or correct the name",
    )
}

/// Stands for everything that a target is rendered from: equal only when all of it is. What else stands in a source may
/// change as it likes.
pub fn inputs(template: &Template, texts: &Texts, values: &BTreeMap<String, Sealed>) -> String {
    let mut hash = Sha3_224::new();
    feed(&mut hash, &serde_json::to_vec(template).unwrap_or_default());
    for (index, entry) in template.template_from.iter().enumerate() {
        for mention in mentions(index, entry) {
            feed_used(&mut hash, &mention, texts.get(&mention.source));
        }
    }
    for (key, value) in values {
        feed(&mut hash, key.as_bytes());
        feed(&mut hash, value.expose());
    }
    hex(&hash.finalize())
}

fn feed_used(hash: &mut Sha3_224, mention: &Mention<'_>, text: Option<&BTreeMap<String, Sealed>>) {
    feed(hash, mention.field.as_bytes());
    for item in &mention.named.items {
        let used = text.and_then(|text| text.get(&item.key));
        feed(hash, &[u8::from(used.is_some())]);
        feed(hash, used.map(Sealed::expose).unwrap_or_default());
    }
}

fn feed(hash: &mut Sha3_224, part: &[u8]) {
    hash.update(part.len().to_le_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template() -> Template {
        serde_json::from_value(json!({"templateFrom": [
            {"configMap": {"name": "m", "items": [{"key": "a"}]}},
            {"secret": {"name": "m", "items": [{"key": "a"}]}, "literal": "x: y"},
            {"configMap": {"name": "m", "items": [{"key": "b"}]}},
        ]}))
        .unwrap()
    }

    fn source(holder: Holder) -> Source {
        Source { holder, name: "m".into() }
    }

    #[test]
    fn each_source_is_named_once_by_the_field_that_names_it_first() {
        let found: Vec<_> = sources(&template()).into_iter().collect();
        let field = |index, kind| format!("spec.target.template.templateFrom[{index}].{kind}");
        let expected =
            [(source(Holder::ConfigMap), field(0, "configMap")), (source(Holder::Secret), field(1, "secret"))];
        assert_eq!(found, expected);
    }

    #[test]
    fn inputs_differ_where_a_used_key_or_a_value_does_and_nowhere_else() {
        let texts = |a: &str, other: &str| {
            let keys = [("a", a), ("other", other)].map(|(key, text)| (key.to_owned(), Sealed::from(text)));
            Texts::from([(source(Holder::ConfigMap), BTreeMap::from(keys))])
        };
        let values = |value: &str| BTreeMap::from([("v".to_owned(), Sealed::from(value))]);
        let digest = |a, other, value| inputs(&template(), &texts(a, other), &values(value));
        assert_eq!(digest("1", "x", "v"), digest("1", "y", "v"));
        assert_ne!(digest("1", "x", "v"), digest("2", "x", "v"));
        assert_ne!(digest("1", "x", "v"), digest("1", "x", "w"));
        assert_ne!(digest("1", "x", "v"), inputs(&template(), &Texts::new(), &values("v")));
        assert_ne!(digest("1", "x", "v"), inputs(&Template::default(), &texts("1", "x"), &values("v")));
    }
}
