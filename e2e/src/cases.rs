//! Tables of cases: `e2e/tests/data/*.yaml`, which say in one place what is admitted and what is not.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::raw::Reply;
use crate::settings::repository;

/// What the API server is to say to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// Yes.
    Allowed,
    /// No right, or a policy refuses it: 403.
    Denied,
    /// The object is not what the request takes it for: 409.
    Conflict,
    /// The API's own validation refuses it: 422.
    Invalid,
}

impl Expectation {
    /// What is wrong with `reply` to the case `name`, which should say `message` too; nothing if it is as expected.
    pub fn verdict(self, name: &str, message: &str, reply: &Reply) -> Option<String> {
        let met = match self {
            Self::Allowed => reply.is_success(),
            Self::Denied => reply.status == 403,
            Self::Conflict => reply.status == 409,
            Self::Invalid => reply.status == 422,
        };
        let as_expected = met && reply.message.contains(message);
        (!as_expected).then(|| format!("{name}: expected {self:?}, got {} {}", reply.status, reply.message))
    }
}

/// Reads a table, with each `(placeholder, text)` of `known` put in first; placeholders begin with `$`.
pub fn read<T: DeserializeOwned>(name: &str, known: &[(&str, &str)]) -> Result<T> {
    let path = repository().join("e2e/tests/data").join(name);
    let mut text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    for (placeholder, value) in known {
        text = text.replace(placeholder, value);
    }
    serde_saphyr::from_str(&text).with_context(|| format!("read {}", path.display()))
}
