//! YAML, by the rules of `sigs.k8s.io/yaml`: what is written has been JSON, and what is read becomes it.

mod compose;
mod decode;
mod emit;
mod node;
mod number;
mod resolve;
mod scalars;
mod scan;
mod show;
mod sort;
mod source;
mod style;
mod token;
mod value;
mod words;

use crate::arguments::{Outcome, text, unexpected};
use crate::json::{Style, encode};
use crate::table::{Family, Shared};
use decode::Data;
use keyferry_gotemplate::{Call, FuncError, Function, Map, Type, Value};
use resolve::Plain;
use scan::Scanner;

pub(crate) fn family(_: &Shared) -> Family {
    vec![
        ("toYaml", Function::new(&[Type::Any], to_yaml).named("func(interface {}) string")),
        ("fromYaml", Function::new(&[Type::String], from_yaml).named("func(string) map[string]interface {}")),
    ]
}

/// What cannot be written is the empty string.
fn to_yaml(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let value = arguments.first().unwrap_or(&Value::Nil);
    match written(call, value) {
        Ok(yaml) => Ok(Value::str(yaml.strip_suffix(b"\n").unwrap_or(&yaml))),
        Err(FuncError::Message(_)) => Ok("".into()),
        Err(stop) => Err(stop),
    }
}

/// By way of JSON, which is read as the YAML that it is.
fn written(call: &Call<'_>, value: &Value) -> Result<Vec<u8>, FuncError> {
    let json = encode(call, value, Style::COMPACT)?;
    emit::emit(call, &document(call, &json)?)
}

/// The first document of a stream; a stream without one is nil.
fn document(call: &Call<'_>, source: &[u8]) -> Result<Data, FuncError> {
    let document = compose::compose(Scanner::new(call, source)?)?;
    document.map_or(Ok(Data::Plain(Plain::Null)), |document| decode::decode(call, &document))
}

/// An error is the value of the key `Error`.
fn from_yaml(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let source = text(arguments.first().ok_or_else(|| unexpected("string"))?)?;
    match read(call, source) {
        Ok(map) => Ok(map.into()),
        Err(FuncError::Message(message)) => {
            let map = call.map();
            call.insert(&map, "Error", call.text(message)?)?;
            Ok(map.into())
        }
        Err(stop) => Err(stop),
    }
}

fn read(call: &Call<'_>, source: &[u8]) -> Result<Map, FuncError> {
    match converted(call, source).map_err(|error| prefixed("error converting YAML to JSON: ", error))? {
        Value::Map(map) => Ok(map),
        Value::Nil => Ok(call.map()),
        other => {
            let (kind, wanted) = (value::kind(&other), "Go value of type map[string]interface {}");
            let message =
                format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into {wanted}");
            Err(FuncError::Message(message))
        }
    }
}

fn converted(call: &Call<'_>, source: &[u8]) -> Outcome {
    let value = value::value(call, &document(call, source)?)?;
    match value::infinite(call, &value)? {
        Some(number) => Err(FuncError::Message(format!("json: unsupported value: {number}"))),
        None => Ok(value),
    }
}

fn prefixed(prefix: &str, error: FuncError) -> FuncError {
    match error {
        FuncError::Message(message) => FuncError::Message(format!("{prefix}{message}")),
        FuncError::Stop(stop) => FuncError::Stop(stop),
    }
}
