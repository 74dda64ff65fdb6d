//! A target's template as a list of texts, each with the place where its result goes, in the order in which later results
//! override earlier ones.

use std::collections::BTreeMap;

use super::super::problem::Problem;
use super::texts::{Holder, Mention, Texts, mentions};
use crate::api::external_secret::{DecodingStrategy, Template, TemplateFrom, TemplateScope};
use crate::sealed::Sealed;

/// A text that is rendered by itself.
#[derive(Clone, Debug)]
pub(super) struct Unit<'a> {
    /// The field of the ExternalSecret that it comes from.
    pub(super) field: String,
    /// What the text says.
    pub(super) source: &'a [u8],
    /// Whether the text is a secret, so that errors may quote nothing of it.
    pub(super) hidden: bool,
    /// The key whose value it makes; none where it makes a map of keys and values.
    pub(super) key: Option<&'a str>,
    /// Where that goes.
    pub(super) target: Target,
    /// How the values are decoded afterwards.
    pub(super) decoding: DecodingStrategy,
}

/// A map of the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Data,
    Labels,
    Annotations,
}

impl Target {
    /// Reads `templateFrom.target`, in any case.
    pub(super) fn of(entry: &TemplateFrom) -> Option<Self> {
        match entry.target.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "data" => Some(Self::Data),
            "labels" => Some(Self::Labels),
            "annotations" => Some(Self::Annotations),
            _ => None,
        }
    }
}

/// All units of a template.
///
/// # Errors
/// A source or a key of it that `texts` does not have.
pub(super) fn all<'a>(template: &'a Template, texts: &'a Texts) -> Result<Vec<Unit<'a>>, Problem> {
    let mut units = Vec::new();
    for (index, entry) in template.template_from.iter().enumerate() {
        let Some(target) = Target::of(entry) else { continue };
        let decoding = entry.values_decoding_strategy.unwrap_or_default();
        for mention in mentions(index, entry) {
            named(&mention, texts, target, decoding, &mut units)?;
        }
        units.extend(literal(index, entry));
    }
    units.extend(own(template));
    Ok(units)
}

/// The units whose text stands in the ExternalSecret itself.
pub(super) fn inline(template: &Template) -> Vec<Unit<'_>> {
    let literals = template.template_from.iter().enumerate().filter_map(|(index, entry)| literal(index, entry));
    literals.chain(own(template)).collect()
}

fn literal(index: usize, entry: &TemplateFrom) -> Option<Unit<'_>> {
    Some(Unit {
        field: format!("spec.target.template.templateFrom[{index}].literal"),
        source: entry.literal.as_deref()?.as_bytes(),
        hidden: false,
        key: None,
        target: Target::of(entry)?,
        decoding: entry.values_decoding_strategy.unwrap_or_default(),
    })
}

/// What is written key by key; it wins over `templateFrom`.
fn own(template: &Template) -> impl Iterator<Item = Unit<'_>> {
    let metadata = template.metadata.iter();
    let labels = metadata.clone().flat_map(|metadata| keyed("metadata.labels", &metadata.labels, Target::Labels));
    let annotations =
        metadata.flat_map(|metadata| keyed("metadata.annotations", &metadata.annotations, Target::Annotations));
    keyed("data", &template.data, Target::Data).chain(labels).chain(annotations)
}

fn keyed<'a>(
    map: &'static str,
    texts: &'a BTreeMap<String, String>,
    target: Target,
) -> impl Iterator<Item = Unit<'a>> + use<'a> {
    texts.iter().map(move |(key, text)| Unit {
        field: format!("spec.target.template.{map}[{key:?}]"),
        source: text.as_bytes(),
        hidden: false,
        key: Some(key),
        target,
        decoding: DecodingStrategy::None,
    })
}

fn named<'a>(
    mention: &Mention<'a>,
    texts: &'a Texts,
    target: Target,
    decoding: DecodingStrategy,
    units: &mut Vec<Unit<'a>>,
) -> Result<(), Problem> {
    let text = texts.get(&mention.source).ok_or_else(|| super::texts::missing(&mention.source, &mention.field))?;
    for (index, item) in mention.named.items.iter().enumerate() {
        let source = text.get(&item.key).ok_or_else(|| no_such_key(mention, index, text))?;
        units.push(Unit {
            field: format!("{}.items[{index}]", mention.field),
            source: source.expose(),
            hidden: mention.source.holder == Holder::Secret,
            key: (item.template_as.unwrap_or_default() == TemplateScope::Values).then_some(item.key.as_str()),
            target,
            decoding,
        });
    }
    Ok(())
}

fn no_such_key(mention: &Mention<'_>, index: usize, text: &BTreeMap<String, Sealed>) -> Problem {
    let key = mention.named.items.get(index).map(|item| item.key.as_str()).unwrap_or_default();
    let source = &mention.source;
    Problem::new(
        format!("{}.items[{index}].key", mention.field),
        format!("the {} {:?} has no key {key:?}{}", source.holder.word(), source.name, super::words::keys(text.keys())),
        "correct the key, or add it there",
    )
}
