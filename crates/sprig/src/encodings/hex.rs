//! Hex, which External Secrets Operator decodes as sprig does base64: the text of an error is no error.

use keyferry_gotemplate::{Call, FuncError, IntKind, Value};

pub(super) fn decode(call: &Call<'_>, text: &[u8]) -> Result<Vec<u8>, FuncError> {
    call.meter().allocate(text.len() / 2)?;
    let wrong = text.iter().find(|byte| !byte.is_ascii_hexdigit());
    if let Some(byte) = wrong {
        let character = Value::Int((*byte).into(), IntKind::Int32);
        return call.sprintf(b"encoding/hex: invalid byte: %#U", &[character]);
    }
    if !text.len().is_multiple_of(2) {
        return Ok(b"encoding/hex: odd length hex string".to_vec());
    }
    let (pairs, _) = text.as_chunks();
    Ok(pairs.iter().map(|[high, low]| value(*high) << 4 | value(*low)).collect())
}

fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a') + 10,
    }
}
