//! Base64, base32, hex and hashes.

mod base32;
mod base64;
mod hash;
mod hex;

use crate::arguments::{Outcome, texts};
use crate::output::walk;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    let coders = vec![
        ("b64enc", of_text(base64::encode)),
        ("b64dec", of_text(base64::decode)),
        ("b32enc", of_text(base32::encode)),
        ("b32dec", of_text(base32::decode)),
        ("hexdec", of_text(hex::decode)),
    ];
    [coders, hash::family()].concat()
}

/// `func(string) string`, of a function that has its steps taken before.
fn of_text(run: fn(&Call<'_>, &[u8]) -> Result<Vec<u8>, FuncError>) -> Function {
    let run = move |call: &mut Call<'_>, arguments: &[Value]| -> Outcome {
        let [text] = texts(arguments)?;
        walk(call, text.len())?;
        run(call, text).map(Value::str)
    };
    Function::new(&[Type::String], run).named("func(string) string")
}

/// What sprig makes of data that cannot be decoded: not an error, but the error's text.
fn corrupt(encoding: &str, place: usize) -> Vec<u8> {
    format!("illegal {encoding} data at input byte {place}").into_bytes()
}
