//! The JSON of a key.

use super::from_any_base64;
use keyferry_gotemplate::FuncError;
use serde_json::{Deserializer, Map, Value as Json};
use std::collections::BTreeMap;
use zeroize::{Zeroize as _, Zeroizing};

/// A key, with its numbers in bytes.
pub(super) struct Jwk {
    kind: String,
    curve: Option<String>,
    is_private: bool,
    numbers: BTreeMap<&'static str, Zeroizing<Vec<u8>>>,
}

/// Members that are numbers, for each kind.
fn numbers_of(kind: &str, is_private: bool) -> &'static [&'static str] {
    match (kind, is_private) {
        ("RSA", false) => &["n", "e"],
        ("RSA", true) => &["n", "e", "d", "p", "q", "dp", "dq", "qi"],
        ("EC", false) => &["x", "y"],
        ("EC", true) => &["x", "y", "d"],
        ("OKP", false) => &["x"],
        ("OKP", true) => &["x", "d"],
        _ => &[],
    }
}

/// Members that are texts, if they are there.
const TEXTS: &[&str] = &["kty", "kid", "use", "x5u", "x5t", "x5t#S256", "alg"];
/// Members that are lists of texts.
const LISTS: &[&str] = &["key_ops", "x5c"];

/// The members of the object. What they say is wiped in the end.
struct Members(Map<String, Json>);

impl Drop for Members {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            if let Json::String(text) = value {
                text.zeroize();
            }
        }
    }
}

impl Members {
    /// Those of the first object; what follows it counts for nothing.
    fn read(json: &[u8]) -> Option<Self> {
        Deserializer::from_slice(json).into_iter().next()?.ok().map(Self)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Json::as_str).map(str::to_owned)
    }

    /// Whether those of these names that are there are fit.
    fn are(&self, names: &[&str], fit: fn(&Json) -> bool) -> bool {
        names.iter().all(|name| self.0.get(*name).is_none_or(fit))
    }

    /// Whether all members have the types that a key's have. RSA keys have no curve, so it may be anything.
    fn fit(&self, kind: &str) -> bool {
        let curve: &[&str] = if kind == "RSA" { &[] } else { &["crv"] };
        self.are(TEXTS, is_text) && self.are(LISTS, is_list) && self.are(curve, is_text)
    }
}

fn is_text(value: &Json) -> bool {
    value.is_string() || value.is_null()
}

fn is_list(value: &Json) -> bool {
    value.is_null() || value.as_array().is_some_and(|list| list.iter().all(is_text))
}

impl Jwk {
    /// The key of a JSON object. Members that are no part of a key are ignored.
    pub(super) fn read(json: &[u8]) -> Result<Self, FuncError> {
        let members = Members::read(json).ok_or("the key is not a JSON object")?;
        let kind = members.text("kty").ok_or("the key has no kty")?;
        if !members.fit(&kind) {
            return Err("a member of the key has the wrong type".into());
        }
        let is_private = members.0.contains_key("d");
        let mut numbers = BTreeMap::new();
        for name in numbers_of(&kind, is_private) {
            if let Some(value) = members.0.get(*name) {
                numbers.insert(*name, number(value)?);
            }
        }
        Ok(Self { kind, curve: members.text("crv"), is_private, numbers })
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    pub(super) fn curve(&self) -> Option<&str> {
        self.curve.as_deref()
    }

    pub(super) const fn is_private(&self) -> bool {
        self.is_private
    }

    /// A number's bytes, if it is there.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.numbers.get(name).map(|number| number.as_slice())
    }

    /// A number's bytes; it must be there.
    pub(super) fn required(&self, name: &str) -> Result<&[u8], FuncError> {
        self.bytes(name).ok_or_else(|| format!("the key has no {name}").into())
    }
}

fn number(value: &Json) -> Result<Zeroizing<Vec<u8>>, FuncError> {
    let text = match value {
        Json::Null => "",
        Json::String(text) => text,
        _ => return Err("a number of the key is not a string".into()),
    };
    Ok(from_any_base64(text).ok_or("a number of the key is not base64")?)
}
