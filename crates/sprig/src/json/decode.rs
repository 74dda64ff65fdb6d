//! JSON text to values.

use super::write::BYTES_OF_A_STEP;
use keyferry_gotemplate::{Call, FuncError, List, Map, Type, Value};

/// What a text says.
pub(crate) struct Decoded {
    pub(crate) value: Value,
    /// Whether there is a number beyond `float64`. It is `nil` then, and the rest is as it should be.
    pub(crate) overflow: bool,
}

/// The value of a whole text. A message says that it is no JSON; deeper than the budget's depth is an end.
pub(crate) fn decode(call: &Call<'_>, source: &[u8]) -> Result<Decoded, FuncError> {
    call.meter().step(source.len() / BYTES_OF_A_STEP)?;
    let mut reader = Reader { call, rest: source, overflow: false };
    let value = reader.value()?;
    reader.space();
    match reader.rest {
        [] => Ok(Decoded { value, overflow: reader.overflow }),
        _ => Err("invalid character after top-level value".into()),
    }
}

struct Reader<'c, 'a, 's> {
    call: &'c Call<'a>,
    rest: &'s [u8],
    overflow: bool,
}

impl<'s> Reader<'_, '_, 's> {
    fn value(&mut self) -> Result<Value, FuncError> {
        self.call.meter().step(1)?;
        self.space();
        match self.rest {
            [b'{', ..] => self.nested(Self::object),
            [b'[', ..] => self.nested(Self::array),
            [b'"', ..] => Ok(Value::str(self.string()?)),
            [b't', ..] => self.word("true", Value::Bool(true)),
            [b'f', ..] => self.word("false", Value::Bool(false)),
            [b'n', ..] => self.word("null", Value::Nil),
            [b'-' | b'0'..=b'9', ..] => self.number(),
            _ => Err(self.invalid("looking for beginning of value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, FuncError>) -> Result<Value, FuncError> {
        let meter = self.call.meter();
        meter.deeper(|| read(self))
    }

    fn array(&mut self) -> Result<Value, FuncError> {
        let mut items = Vec::new();
        self.elements(b']', |reader| {
            reader.call.meter().allocate(size_of::<Value>())?;
            items.push(reader.value()?);
            Ok(())
        })?;
        Ok(List::any(items).into())
    }

    fn object(&mut self) -> Result<Value, FuncError> {
        let mut entries = Vec::new();
        self.elements(b'}', |reader| {
            if reader.rest.first() != Some(&b'"') {
                return Err(reader.invalid("looking for beginning of object key string"));
            }
            reader.call.meter().allocate(ENTRY)?;
            let key = reader.string()?;
            reader.space();
            if !reader.take(b':') {
                return Err(reader.invalid("after object key"));
            }
            entries.push((key, reader.value()?));
            Ok(())
        })?;
        Ok(Map::of(&Type::Any, entries).into())
    }

    /// What stands between brackets, commas apart.
    fn elements(
        &mut self,
        close: u8,
        mut element: impl FnMut(&mut Self) -> Result<(), FuncError>,
    ) -> Result<(), FuncError> {
        self.advance(1);
        self.space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            self.space();
            element(self)?;
            self.space();
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.invalid("after array element or object value"));
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, FuncError> {
        match self.rest.strip_prefix(word.as_bytes()) {
            Some(rest) => self.rest = rest,
            None => return Err(self.invalid("in literal")),
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, FuncError> {
        let length = number_length(self.rest).ok_or_else(|| self.invalid("in numeric literal"))?;
        let literal = self.advance(length);
        self.call.meter().step(literal.len() / BYTES_OF_A_STEP)?;
        let number: f64 = std::str::from_utf8(literal).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::INFINITY);
        if number.is_infinite() {
            self.overflow = true;
            return Ok(Value::Nil);
        }
        Ok(number.into())
    }

    fn string(&mut self) -> Result<Vec<u8>, FuncError> {
        self.advance(1);
        let mut out = Vec::new();
        loop {
            let plain = self.rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..b' ')).count();
            self.text(plain, &mut out)?;
            match self.rest {
                [b'"', ..] => {
                    self.advance(1);
                    return Ok(out);
                }
                [b'\\', ..] => self.escape(&mut out)?,
                [] => return Err("unexpected end of JSON input".into()),
                _ => return Err(self.invalid("in string literal")),
            }
        }
    }

    /// Each byte that is no UTF-8 is U+FFFD.
    fn text(&mut self, length: usize, out: &mut Vec<u8>) -> Result<(), FuncError> {
        for chunk in self.advance(length).utf8_chunks() {
            self.call.meter().allocate(chunk.valid().len() + 3 * chunk.invalid().len())?;
            out.extend_from_slice(chunk.valid().as_bytes());
            out.extend("\u{fffd}".bytes().cycle().take(3 * chunk.invalid().len()));
        }
        Ok(())
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), FuncError> {
        let byte = match self.rest {
            [_, byte @ (b'"' | b'\\' | b'/'), ..] => *byte,
            [_, b'b', ..] => 8,
            [_, b'f', ..] => 12,
            [_, b'n', ..] => b'\n',
            [_, b'r', ..] => b'\r',
            [_, b't', ..] => b'\t',
            [_, b'u', ..] => return self.unicode(out),
            _ => return Err(self.invalid("in string escape code")),
        };
        self.advance(2);
        self.call.meter().allocate(1)?;
        out.push(byte);
        Ok(())
    }

    /// A pair of surrogates is one character; one alone is U+FFFD.
    fn unicode(&mut self, out: &mut Vec<u8>) -> Result<(), FuncError> {
        let first = unit(self.rest).ok_or_else(|| self.invalid("in \\u hexadecimal character escape"))?;
        self.advance(6);
        let pair = unit(self.rest).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
        let character = match char::decode_utf16([first]).next() {
            Some(Ok(character)) => character,
            _ => match pair {
                Some(character) => {
                    self.advance(6);
                    character
                }
                None => char::REPLACEMENT_CHARACTER,
            },
        };
        self.call.meter().allocate(character.len_utf8())?;
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        self.advance(usize::from(found));
        found
    }

    fn advance(&mut self, length: usize) -> &'s [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// The character itself may be part of a secret.
    fn invalid(&self, place: &str) -> FuncError {
        match self.rest {
            [] => "unexpected end of JSON input".into(),
            _ => FuncError::Message(format!("invalid character {place}")),
        }
    }
}

/// About what an entry of a map takes besides its key.
const ENTRY: usize = 2 * size_of::<Value>();

/// The code unit of an escape such as `\u00e4`.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

/// How long the number at the start is; nothing if there is none.
fn number_length(text: &[u8]) -> Option<usize> {
    let mut at = usize::from(text.first() == Some(&b'-'));
    let digits = |at: usize| text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    at += match text.get(at)? {
        b'0' => 1,
        _ => Some(digits(at)).filter(|count| *count > 0)?,
    };
    if text.get(at) == Some(&b'.') {
        at += 1 + Some(digits(at + 1)).filter(|count| *count > 0)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        at += Some(digits(at)).filter(|count| *count > 0)?;
    }
    Some(at)
}
