//! What a template may cost. Go has next to no bounds; a template is its tenant's input.

use crate::error::{Budget, Stop};
use std::cell::Cell;

/// The bounds of parsing and of one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of source. Default 1 MiB.
    pub source: usize,
    /// Actions and parentheses that are open at once in the source. Default 200; Go takes 10,000 parentheses.
    pub nesting: usize,
    /// Texts, actions, commands and words in the source: each takes some hundred bytes when parsed. Default 100,000.
    pub nodes: usize,
    /// Bytes of output. Default 10 MiB.
    pub output: usize,
    /// Bytes of all intermediate results together, whether still in use or not. Default 16 MiB.
    pub memory: usize,
    /// Nodes evaluated, turns of loops, values printed, and what functions add. Default 500,000, some 20 ms.
    pub steps: usize,
    /// `template` calls that are open at once. Default 10,000; Go takes 100,000.
    pub calls: usize,
    /// Lists and maps within each other that are printed. Default 200.
    pub depth: usize,
    /// Milliseconds that functions say they will take where that is long: to make a key or to hash a password. They are
    /// taken before the work is done, as on a common machine; nothing is measured. Default 5,000: five RSA keys of 4096
    /// bits, or fifty password hashes.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source: 1 << 20,
            nesting: 200,
            nodes: 100_000,
            output: 10 << 20,
            memory: 16 << 20,
            steps: 500_000,
            calls: 10_000,
            depth: 200,
            work: 5_000,
        }
    }
}

/// How many bytes are compared in about the time of a step.
pub(crate) const BYTES_OF_A_STEP: usize = 1024;

/// Steps between two questions whether to stop.
const INTERVAL: usize = 256;

/// What is left of the limits in one execution. Functions get it by [`Call::meter`](crate::Call::meter).
pub struct Meter<'a> {
    limits: Limits,
    steps: Cell<usize>,
    memory: Cell<usize>,
    depth: Cell<usize>,
    work: Cell<usize>,
    next: Cell<usize>,
    interrupt: &'a dyn Fn() -> bool,
}

impl<'a> Meter<'a> {
    /// A full budget. `interrupt` is asked every few hundred steps and ends the execution by saying true.
    pub fn new(limits: Limits, interrupt: &'a dyn Fn() -> bool) -> Self {
        Self {
            limits,
            steps: Cell::new(0),
            memory: Cell::new(0),
            depth: Cell::new(0),
            work: Cell::new(0),
            next: Cell::new(INTERVAL),
            interrupt,
        }
    }

    /// The bounds themselves.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes `count` steps. A function takes one for each element it makes or looks at, before it does.
    pub fn step(&self, count: usize) -> Result<(), Stop> {
        let steps = self.steps.get().saturating_add(count);
        self.steps.set(steps);
        if steps > self.limits.steps {
            return Err(Stop::Budget(Budget::Steps(self.limits.steps)));
        }
        if steps >= self.next.get() {
            self.next.set(steps.saturating_add(INTERVAL));
            return self.check();
        }
        Ok(())
    }

    /// Asks whether to stop, at once: for functions that do long pieces of work that steps do not measure well.
    pub fn check(&self) -> Result<(), Stop> {
        if (self.interrupt)() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// Takes `bytes` of memory, before they are allocated.
    pub fn allocate(&self, bytes: usize) -> Result<(), Stop> {
        let memory = self.memory.get().saturating_add(bytes);
        if memory > self.limits.memory {
            return Err(Stop::Budget(Budget::Memory(self.limits.memory)));
        }
        self.memory.set(memory);
        Ok(())
    }

    /// Takes what will last some `milliseconds`, before it is begun, and asks whether to stop.
    pub fn work(&self, milliseconds: usize) -> Result<(), Stop> {
        let work = self.work.get().saturating_add(milliseconds);
        if work > self.limits.work {
            return Err(Stop::Budget(Budget::Work(self.limits.work)));
        }
        self.work.set(work);
        if (self.interrupt)() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// The bytes that may still be allocated.
    pub fn memory_left(&self) -> usize {
        self.limits.memory - self.memory.get()
    }

    /// Runs `step` one level deeper in nested values. After an error the level is not restored: nothing goes on then.
    pub fn deeper<T, E: From<Stop>>(&self, step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let depth = self.depth.get();
        if depth >= self.limits.depth {
            return Err(Stop::Budget(Budget::Depth(self.limits.depth)).into());
        }
        self.depth.set(depth + 1);
        let result = step()?;
        self.depth.set(depth);
        Ok(result)
    }
}
