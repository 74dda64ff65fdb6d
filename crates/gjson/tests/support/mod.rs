pub mod cases;
pub mod grow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry_gjson::{get, members, valid};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A document and what is looked up in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub json: Vec<u8>,
    pub paths: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    valid: bool,
    /// Nothing if the document is no object.
    members: Option<BTreeMap<String, Vec<u8>>>,
    pub lookups: Vec<Lookup>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    Nothing,
    Found {
        kind: String,
        text: Vec<u8>,
        raw: Vec<u8>,
    },
    /// Go's gjson has died of it.
    Panic,
    /// Over a limit that Go does not have.
    Limit(String),
}

impl Case {
    pub fn new<'a>(json: impl AsRef<[u8]>, paths: impl IntoIterator<Item = &'a str>) -> Self {
        Self { json: json.as_ref().to_vec(), paths: paths.into_iter().map(str::to_owned).collect() }
    }

    pub fn to_json(&self) -> Json {
        let text = match std::str::from_utf8(&self.json) {
            Ok(text) => json!({ "t": text }),
            Err(_) => json!({ "b": STANDARD.encode(&self.json) }),
        };
        json!({ "json": text, "paths": self.paths })
    }

    /// As the oracle reads it.
    pub fn to_line(&self) -> String {
        self.to_json().to_string()
    }

    pub fn from_json(json: &Json) -> Self {
        let paths = list(&json["lookups"]).map(|lookup| lookup["path"].as_str().unwrap());
        Self::new(bytes(&json["json"]), paths)
    }

    pub fn run(&self) -> Answer {
        let members = members(&self.json).ok();
        let members = members.map(|all| all.map(|(key, value)| (key, value.as_extracted().into_owned())).collect());
        let lookups = self.paths.iter().map(|path| self.look(path)).collect();
        Answer { valid: valid(&self.json).is_ok(), members, lookups }
    }

    fn look(&self, path: &str) -> Lookup {
        match get(&self.json, path) {
            Ok(Some(value)) => Lookup::Found {
                kind: format!("{:?}", value.kind()).to_uppercase(),
                text: value.as_bytes().into_owned(),
                raw: value.raw().to_vec(),
            },
            Ok(None) => Lookup::Nothing,
            Err(error) => Lookup::Limit(error.to_string()),
        }
    }

    /// The document's beginning, for messages.
    pub fn show(&self) -> String {
        self.json.get(..1000).unwrap_or(&self.json).escape_ascii().to_string()
    }
}

/// The bytes of `{"t": text}` or `{"b": base64}`.
fn bytes(json: &Json) -> Vec<u8> {
    match json["b"].as_str() {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => json["t"].as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}

fn list(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

impl Answer {
    pub fn from_json(json: &Json) -> Self {
        let member = |member: &Json| (member["key"].as_str().unwrap().to_owned(), bytes(&member["value"]));
        Self {
            valid: json["valid"].as_bool().unwrap(),
            members: json["object"].as_bool().unwrap().then(|| list(&json["members"]).map(member).collect()),
            lookups: list(&json["lookups"]).map(Lookup::from_json).collect(),
        }
    }

    /// Whether the document is JSON, and its members if it is an object.
    pub fn about_all(&self) -> (bool, &Option<BTreeMap<String, Vec<u8>>>) {
        (self.valid, &self.members)
    }
}

impl Lookup {
    fn from_json(json: &Json) -> Self {
        if json["panic"].as_bool() == Some(true) {
            return Self::Panic;
        }
        let Some(kind) = json["kind"].as_str() else { return Self::Nothing };
        let text = bytes(&json["text"]);
        // The raw text is only written where it differs.
        let raw = if json["raw"].is_null() { text.clone() } else { bytes(&json["raw"]) };
        Self::Found { kind: kind.to_uppercase(), text, raw }
    }

    pub fn show(&self) -> String {
        match self {
            Self::Nothing => "nothing".into(),
            Self::Found { kind, text, raw } => format!("{kind} `{}` raw `{}`", text.escape_ascii(), raw.escape_ascii()),
            Self::Panic => "a panic".into(),
            Self::Limit(error) => error.clone(),
        }
    }
}
