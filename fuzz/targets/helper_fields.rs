//! Any file: its fields are those that `serde_json` finds, with the same text.

#![no_main]

use keyferry_helper::fields::{Error, Fields};
use libfuzzer_sys::fuzz_target;
use sealed::Sealed;
use serde_json::{Map, Value};

fuzz_target!(|file: &[u8]| {
    let fields = Fields::parse(&Sealed::new(file.to_vec()));
    // It refuses what is nested too deeply and half of a surrogate pair, so it decides nothing alone.
    let Ok(expected) = serde_json::from_slice::<Map<String, Value>>(file) else { return };
    let fields = match fields {
        Ok(fields) => fields,
        Err(error) => return assert_eq!(error, Error::TooMany),
    };
    for (name, value) in &expected {
        let found = fields.get(name).map(|value| String::from_utf8(value.expose().to_vec()).expect("a field is text"));
        match (value, found) {
            (_, Err(Error::Twice)) => {}
            (Value::String(text), found) => assert_eq!(found.as_ref(), Ok(text)),
            (Value::Bool(value), found) => assert_eq!(found, Ok(value.to_string())),
            // Parsed by the same parser, since its last digit is not always the nearest one.
            (Value::Number(number), found) => {
                assert_eq!(serde_json::from_str(&found.expect("a number is text")).ok().as_ref(), Some(number));
            }
            (Value::Null, found) => assert_eq!(found, Err(Error::Null)),
            (Value::Array(_) | Value::Object(_), found) => assert_eq!(found, Err(Error::Nested)),
        }
    }
});
