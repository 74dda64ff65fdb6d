//! Three tokens of look-ahead. Go's line numbers in errors are that of the slot filled last, so the slots are Go's.

use super::Parser;
use crate::lex::{Kind, Token};

#[derive(Default)]
pub(super) struct Tokens<'s> {
    slots: [Option<Token<'s>>; 3],
    ahead: usize,
}

impl Tokens<'_> {
    pub(super) fn line(&self) -> usize {
        let [first, ..] = &self.slots;
        first.as_ref().map_or(0, |token| token.line)
    }
}

impl<'s> Parser<'s> {
    pub(super) fn next(&mut self) -> Token<'s> {
        let tokens = &mut self.scope.tokens;
        if tokens.ahead > 0 {
            tokens.ahead -= 1;
            if let Some(token) = tokens.slots.get(tokens.ahead).cloned().flatten() {
                return token;
            }
        }
        let token = self.lexer.next();
        let [first, ..] = &mut self.scope.tokens.slots;
        first.insert(token).clone()
    }

    pub(super) fn back_up(&mut self) {
        self.scope.tokens.ahead += 1;
    }

    /// Puts back `earlier` and the token before the one that is in the first slot.
    pub(super) fn back_up_to(&mut self, earlier: Token<'s>, between: Option<Token<'s>>) {
        let tokens = &mut self.scope.tokens;
        let [_, second, third] = &mut tokens.slots;
        match between {
            None => (*second, tokens.ahead) = (Some(earlier), 2),
            Some(between) => (*second, *third, tokens.ahead) = (Some(between), Some(earlier), 3),
        }
    }

    pub(super) fn peek(&mut self) -> Token<'s> {
        let token = self.next();
        self.back_up();
        token
    }

    pub(super) fn next_non_space(&mut self) -> Token<'s> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token<'s> {
        let token = self.next_non_space();
        self.back_up();
        token
    }
}
