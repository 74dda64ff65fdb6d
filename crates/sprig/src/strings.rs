//! Strings: case, trimming, parts.

use crate::arguments::{Outcome, int, text};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    vec![("repeat", Function::new(&[Type::INT, Type::String], repeat).named("func(int, string) string"))]
}

fn repeat(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [count, text_] = arguments else { return Err(crate::arguments::unexpected("pair")) };
    let (count, piece) = (int(count)?, text(text_)?);
    let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count")?;
    call.meter().allocate(piece.len().saturating_mul(count))?;
    Ok(Value::str(piece.repeat(count)))
}
