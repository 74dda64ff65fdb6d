//! What `spec.target.template` makes of the assembled values.
//!
//! Texts without an action (`{{ … }}`) render to themselves and are served here; [`super::valid`] refuses the others.

use std::collections::BTreeMap;

use crate::api::external_secret::{MergePolicy, Template};
use crate::sealed::Sealed;

/// Everything of a target but its name and owner.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// By key.
    pub data: BTreeMap<String, Sealed>,
    /// Copied from the ExternalSecret where there is no template.
    pub labels: BTreeMap<String, String>,
    /// Copied from the ExternalSecret where there is no template.
    pub annotations: BTreeMap<String, String>,
    /// Added to the target's own.
    pub finalizers: Vec<String>,
    /// `Opaque` where absent.
    pub type_: Option<String>,
}

/// Renders a target; `labels` and `annotations` are the ExternalSecret's.
pub fn render(
    template: Option<&Template>,
    values: BTreeMap<String, Sealed>,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
) -> Rendered {
    let Some(template) = template else {
        return Rendered {
            data: values,
            labels: labels.clone(),
            annotations: annotations.clone(),
            ..Rendered::default()
        };
    };
    let metadata = template.metadata.clone().unwrap_or_default();
    Rendered {
        data: data(template, values),
        labels: metadata.labels,
        annotations: metadata.annotations,
        finalizers: metadata.finalizers,
        type_: template.type_.clone().filter(|type_| !type_.is_empty()),
    }
}

/// The template's keys win; the provider's are kept only where it has none of its own or merges.
fn data(template: &Template, values: BTreeMap<String, Sealed>) -> BTreeMap<String, Sealed> {
    let merges = template.merge_policy == Some(MergePolicy::Merge) || template.data.is_empty();
    let mut data = if merges { values } else { BTreeMap::new() };
    data.extend(template.data.iter().map(|(key, text)| (key.clone(), Sealed::from(text.as_str()))));
    data
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(template: Option<serde_json::Value>) -> Rendered {
        let template: Option<Template> = template.map(|template| serde_json::from_value(template).unwrap());
        let values = BTreeMap::from([("a".to_owned(), Sealed::from("1"))]);
        let own = BTreeMap::from([("team".to_owned(), "x".to_owned())]);
        render(template.as_ref(), values, &own, &own)
    }

    fn keys(rendered: &Rendered) -> Vec<&str> {
        rendered.data.keys().map(String::as_str).collect()
    }

    #[test]
    fn without_a_template_the_objects_own_labels_and_annotations_are_copied() {
        let plain = rendered(None);
        assert_eq!((plain.labels.len(), plain.annotations.len(), keys(&plain)), (1, 1, vec!["a"]));
    }

    #[test]
    fn with_a_template_only_its_own_metadata_counts() {
        let typed = rendered(Some(json!({"type": "kubernetes.io/tls", "metadata": {"labels": {"l": "1"}}})));
        assert_eq!(typed.labels, BTreeMap::from([("l".to_owned(), "1".to_owned())]));
        assert!(typed.annotations.is_empty());
        assert_eq!(typed.type_.as_deref(), Some("kubernetes.io/tls"));
        assert_eq!(keys(&typed), ["a"]);
    }

    #[test]
    fn template_keys_replace_the_providers_or_join_them() {
        assert_eq!(keys(&rendered(Some(json!({"data": {"b": "2"}})))), ["b"]);
        assert_eq!(keys(&rendered(Some(json!({"data": {"b": "2"}, "mergePolicy": "Merge"})))), ["a", "b"]);
    }
}
