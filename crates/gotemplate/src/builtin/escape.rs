//! `html`, `js` and `urlquery`.

use crate::error::FuncError;
use crate::function::Call;
use crate::unicode::{characters, is_print};
use crate::value::Value;

/// The arguments as one text; what is nothing is `<no value>`, as where it is printed.
fn joined(call: &Call<'_>, mut values: Vec<Value>) -> Result<Vec<u8>, FuncError> {
    for value in &mut values {
        if matches!(value, Value::Nil) {
            *value = Value::str("<no value>");
        }
    }
    call.sprint(&values)
}

/// Each byte by `escape`, within the budget.
fn escaped(call: &Call<'_>, text: &[u8], escape: impl Fn(u8, &mut Vec<u8>)) -> Result<Vec<u8>, FuncError> {
    let mut out = Vec::new();
    for chunk in text.chunks(4096) {
        let before = out.len();
        for &byte in chunk {
            escape(byte, &mut out);
        }
        call.meter().allocate(out.len() - before)?;
    }
    Ok(out)
}

pub(super) fn html(call: &Call<'_>, values: Vec<Value>) -> Result<Vec<u8>, FuncError> {
    escaped(call, &joined(call, values)?, |byte, out| match byte {
        0 => out.extend_from_slice("\u{fffd}".as_bytes()),
        b'"' => out.extend_from_slice(b"&#34;"),
        b'\'' => out.extend_from_slice(b"&#39;"),
        b'&' => out.extend_from_slice(b"&amp;"),
        b'<' => out.extend_from_slice(b"&lt;"),
        b'>' => out.extend_from_slice(b"&gt;"),
        _ => out.push(byte),
    })
}

pub(super) fn urlquery(call: &Call<'_>, values: Vec<Value>) -> Result<Vec<u8>, FuncError> {
    escaped(call, &joined(call, values)?, |byte, out| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
        b' ' => out.push(b'+'),
        _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
    })
}

pub(super) fn js(call: &Call<'_>, values: Vec<Value>) -> Result<Vec<u8>, FuncError> {
    let text = joined(call, values)?;
    let (mut out, mut charged) = (Vec::new(), 0);
    for (character, bytes) in characters(&text) {
        js_character(character, bytes, &mut out);
        if out.len() > charged + 4096 {
            call.meter().allocate(out.len() - charged)?;
            charged = out.len();
        }
    }
    call.meter().allocate(out.len() - charged)?;
    Ok(out)
}

fn js_character(character: char, bytes: &[u8], out: &mut Vec<u8>) {
    match character {
        '\\' | '\'' | '"' => {
            out.push(b'\\');
            out.extend_from_slice(bytes);
        }
        '\0'..='\x1f' | '<' | '>' | '&' | '=' => {
            out.extend_from_slice(format!("\\u{:04X}", u32::from(character)).as_bytes());
        }
        // A byte that is no UTF-8 is printable to Go, as the sign that stands for it is.
        _ if character.is_ascii() || is_print(character) => out.extend_from_slice(bytes),
        _ => out.extend_from_slice(format!("\\u{:04X}", u32::from(character)).as_bytes()),
    }
}
