//! Searches that are paid for piece by piece.
//!
//! A search of `regex-automata` cannot be stopped, and how far it looks cannot be known before. So where that matters a walk
//! of our own through a lazy DFA finds out first where the match ends. It tells of its work as it goes on.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{Compiler, Config};
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::Hir;

/// Bytes of text between two tellings.
const PIECE: usize = 256;

/// How many bytes of text are passed in the time in which one byte of a state is made.
const MADE: usize = 8;

/// An expression as a lazy DFA.
#[derive(Debug)]
pub(crate) struct Gauge {
    dfa: DFA,
    capacity: usize,
}

/// The states that a walk has made, for the next one.
#[derive(Debug)]
pub(crate) struct States {
    cache: Cache,
    /// Bytes that all states ever made took, with what the cache has at first.
    made: usize,
}

impl States {
    /// Whether there was no room for all of them: then searches fall back on slower ones.
    pub(crate) fn overflowed(&self) -> bool {
        self.cache.clear_count() > 0
    }
}

impl Gauge {
    /// Nothing if the expression is too large for that.
    pub(crate) fn new(hir: &Hir, program: usize, capacity: usize) -> Option<Self> {
        let config = Config::new().utf8(true).nfa_size_limit(Some(program));
        let nfa = Compiler::new().configure(config).build_from_hir(hir).ok()?;
        let config =
            DFA::config().match_kind(MatchKind::LeftmostFirst).cache_capacity(capacity).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        Some(Self { dfa, capacity })
    }

    pub(crate) fn states(&self) -> States {
        let cache = self.dfa.create_cache();
        States { made: cache.memory_usage(), cache }
    }

    /// Where the leftmost match from `start` on ends. `pay` is told of bytes of text, and of states as if they were text.
    pub(crate) fn end<E>(
        &self,
        states: &mut States,
        text: &[u8],
        start: usize,
        pay: &mut dyn FnMut(usize) -> Result<(), E>,
    ) -> Result<Option<usize>, E> {
        let input = Input::new(text).span(start..text.len());
        // The errors are of a cache that may give up and of bytes that end a search: there are neither.
        let Ok(mut state) = self.dfa.start_state_forward(&mut states.cache, &input) else { return Ok(None) };
        let (mut end, mut at) = (None, start);
        for piece in text.get(start..).unwrap_or_default().chunks(PIECE) {
            let walked = self.walk(&mut states.cache, &mut state, piece, at, &mut end);
            pay(walked.saturating_add(self.built(states)))?;
            if walked < piece.len() {
                return Ok(end);
            }
            at += walked;
        }
        let state = self.dfa.next_eoi_state(&mut states.cache, state).ok();
        pay(self.built(states))?;
        Ok(if state.is_some_and(|state| state.is_match()) { Some(text.len()) } else { end })
    }

    /// Goes through a piece that begins at `at`, and says how far it came before nothing could match any more.
    fn walk(
        &self,
        cache: &mut Cache,
        state: &mut LazyStateID,
        piece: &[u8],
        at: usize,
        end: &mut Option<usize>,
    ) -> usize {
        for (index, byte) in piece.iter().enumerate() {
            let Ok(next) = self.dfa.next_state(cache, *state, *byte) else { return index };
            *state = next;
            if next.is_match() {
                *end = Some(at + index);
            } else if next.is_dead() || next.is_quit() {
                return index;
            }
        }
        piece.len()
    }

    /// What the states took that were made since the last time.
    fn built(&self, states: &mut States) -> usize {
        let made = states.cache.clear_count().saturating_mul(self.capacity).saturating_add(states.cache.memory_usage());
        made.saturating_sub(std::mem::replace(&mut states.made, made)).saturating_mul(MADE)
    }
}
