//! Values as Go source, which some of Go's errors have in them.

use super::decode::Data;
use super::resolve::Plain;
use keyferry_gotemplate::{Call, FuncError, UintKind, Value};

const MAP: &str = "map[interface {}]interface {}{";

/// As `%#v` writes it.
pub(super) fn go_syntax(call: &Call<'_>, data: &Data) -> Result<Vec<u8>, FuncError> {
    let mut out = Vec::new();
    match data {
        Data::Plain(plain) => out = plain_syntax(call, plain)?,
        Data::List(items) => {
            out.extend_from_slice(b"[]interface {}{");
            for (index, item) in items.iter().enumerate() {
                out.extend_from_slice(if index > 0 { b", " } else { b"" });
                out.append(&mut call.meter().deeper(|| inner(call, item))?);
            }
            out.push(b'}');
        }
        Data::Map(entries) => {
            out.extend_from_slice(MAP.as_bytes());
            let mut list: Vec<_> = entries.list.iter().collect();
            list.sort_by(|(one, _), (two, _)| super::sort::for_printing(one, two));
            for (index, (key, value)) in list.into_iter().enumerate() {
                out.extend_from_slice(if index > 0 { b", " } else { b"" });
                out.append(&mut inner(call, &Data::Plain(key.clone()))?);
                out.push(b':');
                out.append(&mut call.meter().deeper(|| inner(call, value))?);
            }
            out.push(b'}');
        }
    }
    call.meter().allocate(out.len())?;
    Ok(out)
}

/// Within something a nil has its type.
fn inner(call: &Call<'_>, data: &Data) -> Result<Vec<u8>, FuncError> {
    match data {
        Data::Plain(Plain::Null) => Ok(b"interface {}(nil)".to_vec()),
        _ => go_syntax(call, data),
    }
}

fn plain_syntax(call: &Call<'_>, plain: &Plain) -> Result<Vec<u8>, FuncError> {
    let value = match plain {
        Plain::Null | Plain::Date => return Ok(b"<nil>".to_vec()),
        Plain::Bool(truth) => Value::Bool(*truth),
        Plain::Int(number) => Value::int(*number),
        Plain::Uint(number) => Value::Uint(*number, UintKind::Uint64),
        Plain::Float(number) => Value::from(*number),
        Plain::Text(text) => Value::str(text),
    };
    call.sprintf(b"%#v", &[value])
}
