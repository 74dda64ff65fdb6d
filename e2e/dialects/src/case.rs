//! One operation that both sides measure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{document, rewrite, template};

/// What is done. Only the fields that it needs are there; Go reads the same.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind")]
pub(crate) enum Work {
    #[serde(rename = "parse+execute")]
    ParseAndExecute { template: &'static str, data: BTreeMap<&'static str, String> },
    #[serde(rename = "execute")]
    Execute { template: &'static str, data: BTreeMap<&'static str, String> },
    #[serde(rename = "gjson")]
    Path { document: &'static str, path: &'static str },
    #[serde(rename = "compile+replace")]
    CompileAndReplace { pattern: &'static str, text: &'static str, replacement: &'static str },
    #[serde(rename = "replace")]
    Replace { pattern: &'static str, text: &'static str, replacement: &'static str },
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Case {
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) work: Work,
}

/// All of them, and the documents that they name.
#[derive(Debug, Serialize)]
pub(crate) struct Cases {
    pub(crate) documents: BTreeMap<&'static str, String>,
    pub(crate) cases: Vec<Case>,
}

impl Cases {
    /// Those with one of the words in their name; all without words.
    pub(crate) fn with(words: &[&str]) -> Self {
        let all = template::cases().into_iter().chain(document::cases()).chain(rewrite::cases());
        let wanted = |case: &Case| words.is_empty() || words.iter().any(|word| case.name.contains(word));
        Self { documents: document::all(), cases: all.filter(wanted).collect() }
    }
}
