//! The JSON of a key.

use super::from_any_base64;
use keyferry_gotemplate::FuncError;
use serde_json::{Deserializer, Map, Value as Json};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

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

impl Jwk {
    /// The key of a JSON object. Members that are no part of a key are ignored, as is what follows the object.
    pub(super) fn read(json: &[u8]) -> Result<Self, FuncError> {
        let mut values = Deserializer::from_slice(json).into_iter::<Map<String, Json>>();
        let members = values.next().and_then(Result::ok).ok_or("the key is not a JSON object")?;
        let is_text = |value: &Json| value.is_string() || value.is_null();
        let is_list = |value: &Json| value.is_null() || value.as_array().is_some_and(|list| list.iter().all(is_text));
        let are =
            |names: &[&str], fits: &dyn Fn(&Json) -> bool| names.iter().all(|name| members.get(*name).is_none_or(fits));
        if !are(TEXTS, &is_text) || !are(LISTS, &is_list) {
            return Err("a member of the key has the wrong type".into());
        }
        let text = |name: &str| members.get(name).and_then(Json::as_str).map(str::to_owned);
        let kind = text("kty").ok_or("the key has no kty")?;
        // RSA keys have no curve, so it may be anything.
        if kind != "RSA" && !are(&["crv"], &is_text) {
            return Err("the crv of the key is not a string".into());
        }
        let is_private = members.contains_key("d");
        let mut numbers = BTreeMap::new();
        for name in numbers_of(&kind, is_private) {
            if let Some(value) = members.get(*name) {
                numbers.insert(*name, number(value)?);
            }
        }
        Ok(Self { kind, curve: text("crv"), is_private, numbers })
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
