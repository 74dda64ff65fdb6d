//! Values as the oracle and the vectors have them: `[kind, content]`.

use super::host::object;
use keyferry_gotemplate::{Bytes, FloatKind, IntKind, List, Map, Type, UintKind, Value};
use serde_json::{Value as Json, json};

pub mod base64 {
    use base64::prelude::{BASE64_STANDARD, Engine as _};

    pub fn encode(bytes: &[u8]) -> String {
        BASE64_STANDARD.encode(bytes)
    }

    pub fn decode(text: &str) -> Vec<u8> {
        BASE64_STANDARD.decode(text).unwrap()
    }
}

pub fn string(bytes: impl AsRef<[u8]>) -> Json {
    json!(["string", base64::encode(bytes.as_ref())])
}

pub fn bytes(bytes: impl AsRef<[u8]>) -> Json {
    json!(["bytes", base64::encode(bytes.as_ref())])
}

pub fn number(kind: &str, number: impl ToString) -> Json {
    json!([kind, number.to_string()])
}

pub fn float(kind: &str, number: f64) -> Json {
    json!([kind, number.to_bits().to_string()])
}

pub fn map<K: AsRef<[u8]>>(kind: &str, entries: impl IntoIterator<Item = (K, Json)>) -> Json {
    let entries: Vec<Json> =
        entries.into_iter().flat_map(|(key, value)| [base64::encode(key.as_ref()).into(), value]).collect();
    json!([kind, entries])
}

static INT: Type = Type::INT;
static ANYS: Type = Type::LIST;
static STRINGS: Type = Type::STRINGS;

pub fn value(json: &Json) -> Value {
    let content = &json[1];
    let items = || content.as_array().unwrap().iter().map(value).collect::<Vec<_>>();
    let entries = || {
        content.as_array().unwrap().chunks(2).map(|pair| (base64::decode(pair[0].as_str().unwrap()), value(&pair[1])))
    };
    match json[0].as_str().unwrap() {
        "nil" => Value::Nil,
        "nilbytes" => Value::Bytes(Bytes::nil()),
        "nillist" => Value::List(List::nil(&Type::Any)),
        "nilstrings" => Value::List(List::nil(&Type::String)),
        "nilmap" => Value::Map(Map::nil(&Type::Any)),
        "nilsmap" => Value::Map(Map::nil(&Type::String)),
        "bool" => Value::Bool(content.as_bool().unwrap()),
        "string" => Value::str(base64::decode(content.as_str().unwrap())),
        "bytes" => Value::Bytes(Bytes::new(base64::decode(content.as_str().unwrap()))),
        "list" => Value::List(List::new(&Type::Any, items())),
        "strings" => Value::List(List::new(&Type::String, items())),
        "ints" => Value::List(List::new(&INT, items())),
        "lists" => Value::List(List::new(&ANYS, items())),
        "map" => Value::Map(Map::of(&Type::Any, entries())),
        "smap" => Value::Map(Map::of(&Type::String, entries())),
        "imap" => Value::Map(Map::of(&INT, entries())),
        "lmap" => Value::Map(Map::of(&STRINGS, entries())),
        kind => scalar(kind, content.as_str().unwrap()),
    }
}

fn scalar(kind: &str, text: &str) -> Value {
    let int = |kind| Value::Int(text.parse().unwrap(), kind);
    let uint = |kind| Value::Uint(text.parse().unwrap(), kind);
    let float = || f64::from_bits(text.parse().unwrap());
    match kind {
        "int" => int(IntKind::Int),
        "int8" => int(IntKind::Int8),
        "int16" => int(IntKind::Int16),
        "int32" => int(IntKind::Int32),
        "int64" => int(IntKind::Int64),
        "uint" => uint(UintKind::Uint),
        "uint8" => uint(UintKind::Uint8),
        "uint16" => uint(UintKind::Uint16),
        "uint32" => uint(UintKind::Uint32),
        "uint64" => uint(UintKind::Uint64),
        "uintptr" => uint(UintKind::Uintptr),
        "float64" => Value::from(float()),
        "float32" => Value::Float(FloatKind::Float32.round(float()), FloatKind::Float32),
        "complex128" => Value::Complex(float(), 1.5, FloatKind::Float64),
        "complex64" => Value::Complex(FloatKind::Float32.round(float()), -2.0, FloatKind::Float32),
        _ => object(kind, text),
    }
}
