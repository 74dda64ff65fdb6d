//! What a path may cost on a document.

use crate::Error;
use std::cell::Cell;

/// Bytes of JSON that are looked at, some hundred million of which take a second, and so many for each value that is held.
/// A search at every depth of a real document of 1 MiB takes half of it (`find::tests`), and what is held at once no more
/// than 64 MiB.
const WORK: usize = 128 << 20;
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

    /// Which part of it all is spent.
    #[cfg(test)]
    pub(crate) fn spent(&self) -> f64 {
        1.0 - f64::from(u32::try_from(self.0.get()).unwrap()) / f64::from(u32::try_from(WORK).unwrap())
    }

    /// Takes one value that is about to be held.
    pub(crate) fn hold(&self) -> Result<(), Error> {
        self.look(HELD)
    }
}
