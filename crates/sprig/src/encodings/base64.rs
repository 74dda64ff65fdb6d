//! Base64 with `+`, `/` and padding.

use super::corrupt;
use ::base64::prelude::{BASE64_STANDARD, Engine as _};
use keyferry_gotemplate::{Call, FuncError};

pub(super) fn encode(call: &Call<'_>, bytes: &[u8]) -> Result<Vec<u8>, FuncError> {
    call.meter().allocate(bytes.len().div_ceil(3).saturating_mul(4))?;
    Ok(BASE64_STANDARD.encode(bytes).into_bytes())
}

/// Line ends anywhere are left out, bits that are too many do not matter.
pub(super) fn decode(call: &Call<'_>, text: &[u8]) -> Result<Vec<u8>, FuncError> {
    call.meter().allocate(text.len())?;
    let (mut out, mut rest) = (Vec::with_capacity(text.len() / 4 * 3), Rest { text, place: 0 });
    loop {
        match rest.quantum() {
            Ok(None) => return Ok(out),
            Ok(Some((bytes, length))) => out.extend_from_slice(bytes.get(..length).unwrap_or_default()),
            Err(place) => return Ok(corrupt("base64", place)),
        }
    }
}

/// What is still to be decoded.
struct Rest<'t> {
    text: &'t [u8],
    place: usize,
}

impl Rest<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.text.get(self.place).copied();
        self.place += usize::from(byte.is_some());
        byte
    }

    fn skip_line_ends(&mut self) {
        while let Some(b'\r' | b'\n') = self.text.get(self.place) {
            self.place += 1;
        }
    }

    /// The bytes of the next four characters, and how many they are; nothing at the end. An error is where it is.
    fn quantum(&mut self) -> Result<Option<([u8; 3], usize)>, usize> {
        let (mut bits, mut read) = (0_u32, 0);
        while read < 4 {
            self.skip_line_ends();
            let Some(byte) = self.next() else {
                return if read == 0 { Ok(None) } else { Err(self.place - read) };
            };
            let Some(value) = digit(byte) else {
                self.padding(byte, read)?;
                break;
            };
            bits = bits << 6 | value;
            read += 1;
        }
        let [_, a, b, c] = (bits << (6 * (4 - read))).to_be_bytes();
        Ok(Some(([a, b, c], read - 1)))
    }

    /// Reads what padding there must be after `read` characters, `byte` the first of it.
    fn padding(&mut self, byte: u8, read: usize) -> Result<(), usize> {
        if byte != b'=' || read < 2 {
            return Err(self.place - 1);
        }
        if read == 2 {
            self.skip_line_ends();
            match self.text.get(self.place) {
                Some(b'=') => self.place += 1,
                Some(_) => return Err(self.place - 1),
                None => return Err(self.text.len()),
            }
        }
        self.skip_line_ends();
        if self.place < self.text.len() { Err(self.place) } else { Ok(()) }
    }
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}
