//! Values to JSON text.

use super::number::float;
use super::write::Writer;
use crate::dates::Time;
use crate::versions::{Plain, Version};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use keyferry_gotemplate::{Bytes, Call, FuncError, Object, Value};

/// How the text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    indent: Option<&'static str>,
    html: bool,
}

impl Style {
    /// On one line, safe within HTML.
    pub(crate) const COMPACT: Self = Self { indent: None, html: true };
    /// A line for each element, safe within HTML.
    pub(crate) const PRETTY: Self = Self { indent: Some("  "), html: true };
    /// On one line, `<`, `>` and `&` as they are.
    pub(crate) const RAW: Self = Self { indent: None, html: false };
}

/// The JSON text of a value. A message is an error of Go's; deeper than the budget's depth is an end.
pub(crate) fn encode(call: &Call<'_>, value: &Value, style: Style) -> Result<Vec<u8>, FuncError> {
    let mut writer = Writer::new(call, style.indent, style.html);
    write(call, &mut writer, value)?;
    Ok(writer.finish())
}

fn write(call: &Call<'_>, writer: &mut Writer<'_, '_>, value: &Value) -> Result<(), FuncError> {
    match value {
        Value::Nil => writer.raw("null")?,
        Value::Bool(truth) => writer.raw(truth.to_string())?,
        Value::Int(number, _) => writer.raw(number.to_string())?,
        Value::Uint(number, _) => writer.raw(number.to_string())?,
        Value::Float(number, kind) if number.is_finite() => writer.raw(float(*number, *kind))?,
        Value::Float(..) => return Err("json: unsupported value: not a finite number".into()),
        Value::Str(text) => writer.string(text)?,
        Value::Bytes(bytes) => base64(call, writer, bytes)?,
        Value::Object(object) => self::object(call, writer, &**object)?,
        Value::Complex(..) | Value::Func(_) => return Err(unsupported(value)),
        _ if value.is_nil() => writer.raw("null")?,
        Value::List(_) | Value::Map(_) => call.meter().deeper(|| container(call, writer, value))?,
    }
    Ok(())
}

fn container(call: &Call<'_>, writer: &mut Writer<'_, '_>, value: &Value) -> Result<(), FuncError> {
    match value {
        Value::List(list) => writer.container(["[", "]"], list.items(), |writer, item| write(call, writer, item)),
        Value::Map(map) => {
            call.meter().step(map.len())?;
            writer.container(["{", "}"], map.entries(), |writer, (key, item)| {
                writer.string(&key)?;
                writer.colon()?;
                write(call, writer, &item)
            })
        }
        _ => Ok(()),
    }
}

fn base64(call: &Call<'_>, writer: &mut Writer<'_, '_>, bytes: &Bytes) -> Result<(), FuncError> {
    if bytes.is_nil() {
        return Ok(writer.raw("null")?);
    }
    call.meter().step(bytes.len() / super::write::BYTES_OF_A_STEP)?;
    call.meter().allocate(bytes.len().div_ceil(3).saturating_mul(4))?;
    writer.raw("\"")?;
    writer.raw(BASE64_STANDARD.encode(bytes.as_slice()))?;
    Ok(writer.raw("\"")?)
}

/// A value of a named type: as it says itself, its number, or its exported fields.
fn object(call: &Call<'_>, writer: &mut Writer<'_, '_>, object: &dyn Object) -> Result<(), FuncError> {
    if let Some(time) = object.as_any().downcast_ref::<Time>() {
        return Ok(writer.string(&time.rfc3339()?)?);
    }
    let version = object.as_any().downcast_ref::<Plain>().map(|plain| &plain.0);
    if let Some(version) = version.or_else(|| object.as_any().downcast_ref::<Version>()) {
        return Ok(writer.string(version.text().as_bytes())?);
    }
    if let Some(plain) = object.underlying() {
        return write(call, writer, &plain);
    }
    let exported = object.fields().into_iter().filter(|(name, _)| name.starts_with(|c: char| c.is_ascii_uppercase()));
    call.meter().deeper(|| {
        writer.container(["{", "}"], exported, |writer, (name, value)| {
            writer.string(name.as_bytes())?;
            writer.colon()?;
            write(call, writer, &value)
        })
    })
}

fn unsupported(value: &Value) -> FuncError {
    let name = value.type_of().map(|kind| kind.to_string()).unwrap_or_default();
    FuncError::Message(format!("json: unsupported type: {name}"))
}
