//! Text that functions read and make, within the budget.

use crate::arguments::Outcome;
use keyferry_gotemplate::{Call, FuncError, Stop, Value};

/// How many bytes a search passes, and how many a look at every character, in about the time of a step.
const SEARCHED: usize = 128;
const WALKED: usize = 16;

/// Takes the steps of a search through `bytes`.
pub(crate) fn search(call: &Call<'_>, bytes: usize) -> Result<(), Stop> {
    call.meter().step(bytes / SEARCHED)
}

/// Takes the steps of a look at each of the characters of `bytes`.
pub(crate) fn walk(call: &Call<'_>, bytes: usize) -> Result<(), Stop> {
    call.meter().step(bytes / WALKED)
}

/// A `string` that grows; each byte is taken from the budget before it is there.
pub(crate) struct Output<'c, 'm> {
    call: &'c Call<'m>,
    bytes: Vec<u8>,
}

impl<'c, 'm> Output<'c, 'm> {
    pub(crate) fn new(call: &'c Call<'m>) -> Self {
        Self { call, bytes: Vec::new() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), FuncError> {
        self.call.meter().allocate(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn push_char(&mut self, character: char) -> Result<(), FuncError> {
        self.push(character.encode_utf8(&mut [0; 4]).as_bytes())
    }

    pub(crate) fn finish(self) -> Value {
        Value::str(self.bytes)
    }
}

/// A part of a `string`, which is the string itself if it is all of it.
pub(crate) fn part_of(call: &Call<'_>, whole: &Value, part: &[u8]) -> Outcome {
    match whole {
        Value::Str(text) if text.len() == part.len() => Ok(whole.clone()),
        _ => call.text(part),
    }
}
