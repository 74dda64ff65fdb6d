//! Tables of cases: `e2e/tests/data/*.yaml`, which say in one place what is admitted and what is not.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::settings::repository;

/// Reads a table, with each `(placeholder, text)` of `known` put in first; placeholders begin with `$`.
pub fn read<T: DeserializeOwned>(name: &str, known: &[(&str, &str)]) -> Result<T> {
    let path = repository().join("e2e/tests/data").join(name);
    let mut text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    for (placeholder, value) in known {
        text = text.replace(placeholder, value);
    }
    serde_saphyr::from_str(&text).with_context(|| format!("read {}", path.display()))
}
