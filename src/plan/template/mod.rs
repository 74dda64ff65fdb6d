//! What `spec.target.template` makes of the assembled values: Go's `text/template` with the functions that the [`Engine`]
//! was given, as External Secrets Operator applies it.
//!
//! A target is rendered from its *inputs*: the template, the texts of its sources, the values. Whoever calls [`render`]
//! compares [`inputs`] first and does not call it for the same ones again, since templates may read a clock or make a
//! password. `unit` says which texts there are and where their results go, `render` makes them, `words` says what is wrong
//! with one, `volatile` which results are another each time. Nothing here knows a clock: the caller says when to stop.

mod cache;
mod engine;
mod metadata;
mod render;
mod scalar;
mod texts;
mod unit;
mod volatile;
mod words;
mod yaml;

use std::collections::BTreeMap;

use crate::api::external_secret::{MergePolicy, Template};
use crate::sealed::Sealed;

pub use engine::{Engine, LONGEST};
pub use render::{check, render};
pub use texts::{Holder, Source, Texts, inputs, missing, sources};
pub use volatile::Volatile;
pub use words::Failure;

/// Everything of a target but its name and owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// What of it another rendering of the same inputs would make anew.
    pub volatile: Volatile,
}

/// A target without a template: the values, with the ExternalSecret's own `labels` and `annotations`.
pub fn plain(
    values: BTreeMap<String, Sealed>,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
) -> Rendered {
    Rendered { data: values, labels: labels.clone(), annotations: annotations.clone(), ..Rendered::default() }
}

/// Whether the provider's values are part of the target by themselves: where the template has no data or merges.
fn keeps_values(template: &Template) -> bool {
    let nothing = template.data.is_empty() && template.template_from.is_empty();
    nothing || template.merge_policy == Some(MergePolicy::Merge)
}
