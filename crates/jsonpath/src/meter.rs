//! What a path may cost on a document.

use crate::Error;
use std::cell::Cell;

/// Bytes of JSON that are looked at, some hundred million of which take a second, and so many for each value that is held.
const WORK: usize = 32 << 20;
const HELD: usize = 128;

/// What is left.
pub(crate) struct Meter(Cell<usize>);

impl Meter {
    pub(crate) fn new() -> Self {
        Self(Cell::new(WORK))
    }

    /// Takes `bytes` that are about to be looked at.
    pub(crate) fn look(&self, bytes: usize) -> Result<(), Error> {
        let left = self.0.get().checked_sub(bytes.saturating_add(16)).ok_or(Error::TooMuchWork)?;
        self.0.set(left);
        Ok(())
    }

    /// Takes one value that is about to be held.
    pub(crate) fn hold(&self) -> Result<(), Error> {
        self.look(HELD)
    }
}
