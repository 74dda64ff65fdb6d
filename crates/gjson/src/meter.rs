//! The budget of one lookup. Go's gjson has none: a path of a few bytes there can double its output with every pipe.

use crate::Error;
use std::cell::Cell;

/// What one lookup may cost. The default serves every document that fits into a Kubernetes Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a path. Default 4096.
    pub path: usize,
    /// Nested steps: components of a path, queries in queries, and levels for modifiers that go down. Default 128.
    pub depth: usize,
    /// Bytes read and written, counted generously, and 64 for each step. Default 32 MiB, which is less than 50 ms.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { path: 4096, depth: 128, work: 32 << 20 }
    }
}

/// How many bytes are read in about the time of a step.
const STEP: usize = 64;

/// What is left of the limits.
pub(crate) struct Meter {
    limits: Limits,
    work: Cell<usize>,
    depth: Cell<usize>,
}

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, work: Cell::new(limits.work), depth: Cell::new(0) }
    }

    /// Takes `bytes` from the budget, and what a step over nothing costs.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Error> {
        let left = self.work.get().checked_sub(bytes.saturating_add(STEP)).ok_or(Error::TooMuchWork)?;
        self.work.set(left);
        Ok(())
    }

    /// Runs `step` one level deeper. After an error the level is not restored: nothing goes on then.
    pub(crate) fn deeper<T>(&self, step: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let depth = self.depth.get();
        if depth >= self.limits.depth {
            return Err(Error::TooDeep { limit: self.limits.depth });
        }
        self.depth.set(depth + 1);
        let result = step()?;
        self.depth.set(depth);
        Ok(result)
    }

    pub(crate) fn admit(&self, path: &[u8]) -> Result<(), Error> {
        let limit = self.limits.path;
        if path.len() > limit { Err(Error::PathTooLong { limit }) } else { Ok(()) }
    }
}
