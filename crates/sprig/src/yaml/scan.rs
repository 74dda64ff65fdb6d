//! A stream to tokens, as YAML 1.1's reference implementation and its heirs find them.

use super::source::{Mark, Source};
use super::token::{Kind, Token};
use keyferry_gotemplate::{Call, FuncError};
use std::collections::{BTreeMap, VecDeque};

/// Where a simple key may have begun: a key that is known for one by the colon after it.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    number: usize,
    mark: Mark,
}

pub(super) struct Scanner<'c, 'a> {
    pub(super) call: &'c Call<'a>,
    pub(super) source: Source,
    tokens: VecDeque<Token>,
    /// How many tokens have been taken.
    parsed: usize,
    available: bool,
    started: bool,
    pub(super) key_allowed: bool,
    keys: Vec<SimpleKey>,
    /// Which of the keys a token may begin.
    key_of: BTreeMap<usize, usize>,
    pub(super) flow: usize,
    /// The column of the block that is open; -1 is the stream.
    pub(super) indent: isize,
    indents: Vec<isize>,
}

/// How long a simple key can be, in characters.
const LONGEST_KEY: usize = 1024;

/// How many bytes of YAML take about the time of a step.
const BYTES_OF_A_STEP: usize = 4;

pub(super) type Done = Result<(), FuncError>;

impl<'c, 'a> Scanner<'c, 'a> {
    pub(super) fn new(call: &'c Call<'a>, bytes: &[u8]) -> Result<Self, FuncError> {
        call.meter().step(bytes.len() / BYTES_OF_A_STEP)?;
        call.meter().allocate(bytes.len())?;
        Ok(Self {
            call,
            source: Source::new(if bytes.is_empty() { b"\n" } else { bytes }),
            tokens: VecDeque::new(),
            parsed: 0,
            available: false,
            started: false,
            key_allowed: false,
            keys: Vec::new(),
            key_of: BTreeMap::new(),
            flow: 0,
            indent: -1,
            indents: Vec::new(),
        })
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Result<&Token, FuncError> {
        if !self.available {
            self.fetch_enough()?;
        }
        self.tokens.front().ok_or_else(|| "yaml: unknown problem parsing YAML content".into())
    }

    /// Takes the token that [`Scanner::peek`] has shown.
    pub(super) fn pop(&mut self) -> Option<Token> {
        self.available = false;
        self.parsed += 1;
        self.tokens.pop_front()
    }

    /// Scans on for as long as the next token may turn out to be in a key.
    fn fetch_enough(&mut self) -> Done {
        loop {
            if !self.tokens.is_empty() {
                match self.key_of.get(&self.parsed).copied() {
                    Some(key) if self.is_valid(key)? => {}
                    _ => break,
                }
            }
            self.call.meter().step(1)?;
            let fetched = self.fetch();
            if let Some(problem) = self.source.failure() {
                return Err(FuncError::Message(format!("yaml: {problem}")));
            }
            fetched?;
        }
        self.available = true;
        Ok(())
    }

    /// A problem here; Go leaves out the first line's number.
    pub(super) fn fail(&self, problem: &str) -> FuncError {
        FuncError::Message(match self.source.mark.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {}: {problem}", line + 1),
        })
    }

    fn fetch(&mut self) -> Done {
        if !self.started {
            self.start();
            return Ok(());
        }
        self.skip_to_token();
        self.unroll(self.column());
        let (first, white) = (self.source.byte(0), self.source.is_white_or_end(1));
        let flow = self.flow > 0;
        match first {
            0 => self.end(),
            b'%' if self.source.mark.column == 0 => self.directive(),
            _ if self.source.is_indicator(b'-') => self.document_indicator(Kind::DocumentStart),
            _ if self.source.is_indicator(b'.') => self.document_indicator(Kind::DocumentEnd),
            b'[' => self.open(Kind::FlowSequenceStart),
            b'{' => self.open(Kind::FlowMappingStart),
            b']' => self.close(Kind::FlowSequenceEnd),
            b'}' => self.close(Kind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if white => self.block_entry(),
            b'?' if flow || white => self.key(),
            b':' if flow || white => self.value(),
            b'*' | b'&' => self.word(Self::scan_anchor),
            b'!' => self.word(Self::scan_tag),
            b'|' | b'>' if !flow => self.block_scalar(first == b'|'),
            b'\'' => self.word(|scanner| scanner.scan_quoted(true)),
            b'"' => self.word(|scanner| scanner.scan_quoted(false)),
            _ if self.begins_plain(first, white) => self.word(Self::scan_plain),
            _ => Err(self.fail("found character that cannot start any token")),
        }
    }

    fn begins_plain(&self, first: u8, white: bool) -> bool {
        match first {
            b'-' => !self.source.is_blank(1),
            b'?' | b':' => self.flow == 0 && !white,
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
            | b'`' => false,
            _ => !self.source.is_white_or_end(0),
        }
    }

    fn column(&self) -> isize {
        isize::try_from(self.source.mark.column).unwrap_or(isize::MAX)
    }

    fn start(&mut self) {
        self.started = true;
        self.key_allowed = true;
        self.keys.push(SimpleKey::default());
        self.append(Kind::StreamStart, 0);
    }

    fn end(&mut self) -> Done {
        if self.source.mark.column != 0 {
            self.source.mark.column = 0;
            self.source.mark.line += 1;
        }
        self.leave_blocks()?;
        self.append_here(Kind::StreamEnd);
        Ok(())
    }

    /// Closes all blocks; no key can begin here.
    fn leave_blocks(&mut self) -> Done {
        self.unroll(-1);
        self.remove_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn directive(&mut self) -> Done {
        self.leave_blocks()?;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn document_indicator(&mut self, kind: Kind) -> Done {
        self.leave_blocks()?;
        self.append_here(kind);
        self.source.skip(3);
        Ok(())
    }

    fn open(&mut self, kind: Kind) -> Done {
        self.save_key()?;
        self.keys.push(SimpleKey { number: self.next_number(), mark: self.source.mark, ..SimpleKey::default() });
        self.flow += 1;
        self.key_allowed = true;
        self.sign(kind);
        Ok(())
    }

    fn close(&mut self, kind: Kind) -> Done {
        self.remove_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            if let Some(key) = self.keys.pop() {
                self.key_of.remove(&key.number);
            }
        }
        self.key_allowed = false;
        self.sign(kind);
        Ok(())
    }

    fn flow_entry(&mut self) -> Done {
        self.remove_key()?;
        self.key_allowed = true;
        self.sign(Kind::FlowEntry);
        Ok(())
    }

    fn block_entry(&mut self) -> Done {
        self.begin_block(Kind::BlockSequenceStart, "block sequence entries are not allowed in this context")?;
        self.remove_key()?;
        self.key_allowed = true;
        self.sign(Kind::BlockEntry);
        Ok(())
    }

    fn key(&mut self) -> Done {
        self.begin_block(Kind::BlockMappingStart, "mapping keys are not allowed in this context")?;
        self.remove_key()?;
        self.key_allowed = self.flow == 0;
        self.sign(Kind::Key);
        Ok(())
    }

    fn value(&mut self) -> Done {
        let last = self.keys.len().saturating_sub(1);
        if self.is_valid(last)? {
            let key = self.keys.get(last).copied().unwrap_or_default();
            self.insert(key.number, Kind::Key, key.mark.line);
            let column = isize::try_from(key.mark.column).unwrap_or(isize::MAX);
            self.roll(column, Some(key.number), Kind::BlockMappingStart, key.mark.line);
            if let Some(key) = self.keys.last_mut() {
                key.possible = false;
                self.key_of.remove(&key.number);
            }
            self.key_allowed = false;
        } else {
            self.begin_block(Kind::BlockMappingStart, "mapping values are not allowed in this context")?;
            self.key_allowed = self.flow == 0;
        }
        self.sign(Kind::Value);
        Ok(())
    }

    /// Outside of brackets a sign begins a block, if a key could stand here.
    fn begin_block(&mut self, kind: Kind, problem: &str) -> Done {
        if self.flow > 0 {
            return Ok(());
        }
        if !self.key_allowed {
            return Err(self.fail(problem));
        }
        self.roll(self.column(), None, kind, self.source.mark.line);
        Ok(())
    }

    /// A token that may be a key.
    fn word(&mut self, scan: impl FnOnce(&mut Self) -> Result<Token, FuncError>) -> Done {
        self.save_key()?;
        self.key_allowed = false;
        let token = scan(self)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn block_scalar(&mut self, literal: bool) -> Done {
        self.remove_key()?;
        self.key_allowed = true;
        let token = self.scan_block(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }

    /// A token of one character.
    fn sign(&mut self, kind: Kind) {
        self.append_here(kind);
        self.source.skip(1);
    }

    fn append_here(&mut self, kind: Kind) {
        self.append(kind, self.source.mark.line);
    }

    fn append(&mut self, kind: Kind, line: usize) {
        self.tokens.push_back(Token { kind, line });
    }

    /// Puts a token before the one of a number; if that has been taken already it comes last, as in Go.
    fn insert(&mut self, number: usize, kind: Kind, line: usize) {
        match number.checked_sub(self.parsed) {
            Some(place) if place <= self.tokens.len() => self.tokens.insert(place, Token { kind, line }),
            _ => self.append(kind, line),
        }
    }

    fn next_number(&self) -> usize {
        self.parsed + self.tokens.len()
    }

    fn is_valid(&mut self, index: usize) -> Result<bool, FuncError> {
        let here = self.source.mark;
        let Some(key) = self.keys.get_mut(index).filter(|key| key.possible) else { return Ok(false) };
        if key.mark.line >= here.line && key.mark.index + LONGEST_KEY >= here.index {
            return Ok(true);
        }
        key.possible = key.required;
        if key.required { Err(self.missing_colon()) } else { Ok(false) }
    }

    fn missing_colon(&self) -> FuncError {
        self.fail("could not find expected ':'")
    }

    fn save_key(&mut self) -> Done {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow == 0 && self.indent == self.column();
        let key = SimpleKey { possible: true, required, number: self.next_number(), mark: self.source.mark };
        self.remove_key()?;
        let index = self.keys.len().saturating_sub(1);
        if let Some(last) = self.keys.last_mut() {
            *last = key;
            self.key_of.insert(key.number, index);
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Done {
        let Some(key) = self.keys.last_mut().filter(|key| key.possible) else { return Ok(()) };
        if key.required {
            return Err(self.missing_colon());
        }
        key.possible = false;
        self.key_of.remove(&key.number);
        Ok(())
    }

    /// Opens a block if the column lies deeper than the one that is open.
    fn roll(&mut self, column: isize, number: Option<usize>, kind: Kind, line: usize) {
        if self.flow > 0 || self.indent >= column {
            return;
        }
        self.indents.push(std::mem::replace(&mut self.indent, column));
        match number {
            Some(number) => self.insert(number, kind, line),
            None => self.append(kind, line),
        }
    }

    /// Closes the blocks that lie deeper.
    fn unroll(&mut self, column: isize) {
        while self.flow == 0 && self.indent > column {
            self.append_here(Kind::BlockEnd);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Passes white space and comments. A tab is none where a key could begin.
    fn skip_to_token(&mut self) {
        loop {
            if self.source.mark.index == 0 && self.source.byte(0) == 0xef && self.source.byte(1) == 0xbb {
                self.source.skip(usize::from(self.source.byte(2) == 0xbf));
            }
            let tabs = self.flow > 0 || !self.key_allowed;
            while self.source.byte(0) == b' ' || (tabs && self.source.byte(0) == b'\t') {
                self.source.skip(1);
            }
            self.source.skip_comment();
            if !self.source.is_break(0) {
                return;
            }
            self.source.skip_break();
            self.key_allowed = self.key_allowed || self.flow == 0;
        }
    }
}
