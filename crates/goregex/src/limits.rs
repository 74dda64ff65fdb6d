//! What an expression may cost.

/// The bounds of one expression. Go has three of them: nesting, repeats, and a program of 128 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the expression. Default 32 KiB.
    pub pattern: usize,
    /// Ranges of characters in all classes together; `\pL` has some 650. With `(?i)`, 4 characters that
    /// have other cases count as one more. Default 100,000.
    pub ranges: usize,
    /// Bytes of the compiled program. Default 4 MiB.
    pub program: usize,
    /// Bytes that a search may take to remember where groups began and ended: many groups make less program possible.
    /// Default 16 MiB.
    pub groups: usize,
    /// Bytes of the states that searches keep for later, for each thread that searches at once. More makes searches
    /// faster; it is never an error. Default 1 MiB.
    pub cache: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pattern: 32 << 10, ranges: 100_000, program: 4 << 20, groups: 16 << 20, cache: 1 << 20 }
    }
}

/// As Go: the height of the tree that an expression is.
pub(crate) const NESTING: usize = 1000;

/// As Go: how often something may be repeated, repeats of repeats multiplied.
pub(crate) const REPEAT: u32 = 1000;

/// What a state takes of a program's bytes at least.
const STATE: usize = 24;

/// What a search remembers of a group for each state: two ends.
const GROUP: usize = 16;

impl Limits {
    /// The bytes of program that both bounds leave to an expression with `groups` groups, the whole match included.
    pub(crate) fn program_of(&self, groups: usize) -> usize {
        let states = self.groups / GROUP.saturating_mul(groups.max(1));
        self.program.min(states.saturating_mul(STATE))
    }
}
