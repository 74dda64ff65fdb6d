//! The language as one operator speaks it: functions, delimiters, budgets, and what it has parsed already.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gotemplate::{Error, Functions, Limits, MissingKey, Parser, Template};

use super::cache::{Cache, key};

/// The longest that all templates of one object may take together, keys that are made among it. Whoever renders looks at
/// the clock.
pub const LONGEST: Duration = Duration::from_secs(5);

/// What the templates of one object may take together: room to make the mebibyte that a Secret holds, and time for two RSA
/// keys of 4096 bits.
pub(super) const LIMITS: Limits = Limits {
    source: 1 << 20,
    nesting: 200,
    nodes: 100_000,
    output: 4 << 20,
    memory: 16 << 20,
    steps: 500_000,
    work: 2_500,
    calls: 10_000,
    depth: 200,
};

/// Parses templates; shared by all objects.
pub struct Engine {
    functions: Functions,
    left: String,
    right: String,
    parsed: Mutex<Cache>,
}

impl Engine {
    /// With these functions; `delimiters` open and close an action.
    pub fn new(functions: Functions, delimiters: (String, String)) -> Self {
        let (left, right) = delimiters;
        Self { functions, left, right, parsed: Mutex::default() }
    }

    /// What templates may call.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The template of a source. One that may be a secret (`hidden`) is parsed each time and kept nowhere.
    pub(super) fn parse(&self, name: &str, source: &[u8], hidden: bool) -> Result<Template, Error> {
        if hidden {
            return self.parse_anew(name, source);
        }
        let key = key(name, source);
        if let Some(known) = self.known(|cache| cache.get(&key)) {
            return Ok(known);
        }
        let template = self.parse_anew(name, source)?;
        self.known(|cache| cache.put(key, template.clone(), source.len()));
        Ok(template)
    }

    fn parse_anew(&self, name: &str, source: &[u8]) -> Result<Template, Error> {
        let parser = Parser { left: &self.left, right: &self.right, missing_key: MissingKey::Error, limits: LIMITS };
        parser.parse(name, source, &self.functions)
    }

    fn known<T>(&self, act: impl FnOnce(&mut Cache) -> T) -> T {
        act(&mut self.parsed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Engine({} … {})", self.left, self.right)
    }
}
