//! What searches. Most expressions see a few short texts, and those of a template are compiled for each call: so the engine
//! that is there at once is the one that is built soonest, and a faster one is built when it is worth it.

use crate::error::{Error, Limit};
use crate::gauge::Gauge;
use crate::limits::Limits;
use crate::parse::Parsed;
use regex_automata::meta;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes in all texts together from which on the fast engine has paid for itself.
const MANY: usize = 4096;

#[derive(Debug)]
pub(crate) struct Engines {
    parsed: Parsed,
    limits: Limits,
    simple: meta::Regex,
    /// Nothing in it where it would be over the limits.
    fast: OnceLock<Option<meta::Regex>>,
    /// What tells how far a search will look; nothing in it where it would be over the limits.
    gauge: OnceLock<Option<Gauge>>,
    /// Bytes that were searched.
    searched: AtomicUsize,
}

impl Engines {
    pub(crate) fn new(parsed: Parsed, limits: Limits) -> Result<Self, Error> {
        let simple = build_deep(&parsed, limits, Kind::Simple)?;
        Ok(Self {
            parsed,
            limits,
            simple,
            fast: OnceLock::new(),
            gauge: OnceLock::new(),
            searched: AtomicUsize::new(0),
        })
    }

    /// About how many bytes the program takes.
    pub(crate) fn size(&self) -> usize {
        self.simple.memory_usage()
    }

    /// Nothing if there is no DFA within the limits.
    pub(crate) fn gauge(&self) -> Option<&Gauge> {
        let Self { parsed, limits, gauge, .. } = self;
        let program = limits.program_of(parsed.names.len());
        let make = || on_its_stack(parsed.height, || Gauge::new(&parsed.hir, program, limits.cache));
        gauge.get_or_init(make).as_ref()
    }

    /// The one for a text of `length` bytes.
    pub(crate) fn of(&self, length: usize) -> &meta::Regex {
        let searched = self.searched.load(Ordering::Relaxed).saturating_add(length).saturating_add(SEARCH);
        if searched < MANY {
            self.searched.store(searched, Ordering::Relaxed);
            return &self.simple;
        }
        let fast = self.fast.get_or_init(|| build_deep(&self.parsed, self.limits, Kind::Fast).ok());
        fast.as_ref().unwrap_or(&self.simple)
    }
}

/// How many bytes are searched in about the time that a search takes to begin.
const SEARCH: usize = 32;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Simple,
    Fast,
}

/// Nesting from which on the compiler, which calls itself, gets a stack of its own.
const DEEP: usize = 50;

/// Bytes of that stack: ten times what the deepest expression takes in a build without optimisation.
const STACK: usize = 64 << 20;

fn build_deep(parsed: &Parsed, limits: Limits, kind: Kind) -> Result<meta::Regex, Error> {
    let program = limits.program_of(parsed.names.len());
    let built = on_its_stack(parsed.height, || build(parsed, program, limits, kind));
    built.ok_or(Error::Limit(Limit::Program(program)))
}

/// Does `work`, on a thread of its own for an expression that is deep.
fn on_its_stack<T: Send>(height: usize, work: impl FnOnce() -> Option<T> + Send) -> Option<T> {
    if height <= DEEP {
        return work();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("goregex".into()).stack_size(STACK).spawn_scoped(scope, work);
        thread.ok()?.join().ok()?
    })
}

fn build(parsed: &Parsed, program: usize, limits: Limits, kind: Kind) -> Option<meta::Regex> {
    let fast = kind == Kind::Fast;
    let config = meta::Config::new()
        .utf8_empty(true)
        .nfa_size_limit(Some(program))
        .auto_prefilter(fast)
        .hybrid(fast)
        .hybrid_cache_capacity(limits.cache)
        .onepass(fast)
        .onepass_size_limit(Some(limits.cache));
    meta::Builder::new().configure(config).build_from_hir(&parsed.hir).ok()
}
