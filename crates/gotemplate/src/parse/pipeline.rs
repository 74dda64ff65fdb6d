//! Pipelines, commands and their words.

use super::Parser;
use crate::error::Error;
use crate::lex::{Keyword, Kind, Token};
use crate::node::{Command, Expression, Pipe, Shown, Word};
use crate::number::Number;

impl<'s> Parser<'s> {
    /// Reads up to and with `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Error> {
        let at = self.peek_non_space().at;
        let mut pipe = Pipe { at, assigns: false, variables: Vec::new(), commands: Vec::new() };
        while self.declaration(&mut pipe, context)? {}
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                self.check(&pipe, context)?;
                pipe.commands.shrink_to_fit();
                return Ok(pipe);
            }
            if !begins_operand(token.kind) {
                return self.unexpected(&token, context);
            }
            self.back_up();
            let command = self.command()?;
            pipe.commands.push(command);
        }
    }

    /// A variable that is declared or assigned; says whether another follows.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Result<bool, Error> {
        let variable = self.peek_non_space();
        if variable.kind != Kind::Variable {
            return Ok(false);
        }
        self.next();
        let after = self.peek();
        let next = self.peek_non_space();
        match next.kind {
            Kind::Assign | Kind::Declare => {
                pipe.assigns = next.kind == Kind::Assign;
                self.next_non_space();
                self.declare(pipe, &variable);
            }
            Kind::Char if next.text == b"," => {
                self.next_non_space();
                self.declare(pipe, &variable);
                if context != "range" || pipe.variables.len() >= 2 {
                    return self.fail(format!("too many declarations in {context}"));
                }
                if !matches!(self.peek_non_space().kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                    return self.fail("range can only initialize variables");
                }
                return Ok(true);
            }
            _ if after.kind == Kind::Space => self.back_up_to(variable, Some(after)),
            _ => self.back_up_to(variable, None),
        }
        Ok(false)
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: &Token<'s>) {
        pipe.variables.push(variable.name());
        self.scope.variables.push(variable.name());
        *self.scope.declared.entry(variable.name()).or_default() += 1;
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Result<(), Error> {
        if pipe.commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if is_literal(&command.first) {
                return self.fail(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command, Error> {
        let mut words = Vec::with_capacity(1);
        self.admit_node()?;
        loop {
            self.peek_non_space();
            words.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.back_up();
                    break;
                }
                Kind::Pipe => break,
                _ => return self.unexpected(&token, "operand"),
            }
        }
        let mut words = words.into_iter();
        match words.next() {
            Some(first) => Ok(Command { first, arguments: words.collect() }),
            None => self.fail("empty command"),
        }
    }

    /// A term and the fields taken of it; nothing if there is no term.
    fn operand(&mut self) -> Result<Option<Word>, Error> {
        let Some(term) = self.term()? else { return Ok(None) };
        self.admit_node()?;
        let at = self.peek().at;
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(field_name(&self.next()));
        }
        if fields.is_empty() {
            return Ok(Some(term));
        }
        let kind = match term.kind {
            Expression::Field(mut first) => {
                first.append(&mut fields);
                Expression::Field(first)
            }
            Expression::Variable { name, .. } => Expression::Variable { name, fields },
            Expression::Function(_) | Expression::Pipe(_) | Expression::Chain { .. } => {
                Expression::Chain { of: Box::new(term), fields }
            }
            _ => {
                let shown = crate::quote::quoted(term.shown().as_bytes());
                return self.fail(format!("unexpected . after term {shown}"));
            }
        };
        Ok(Some(Word { at, kind }))
    }

    fn term(&mut self) -> Result<Option<Word>, Error> {
        let token = self.next_non_space();
        let kind = match token.kind {
            Kind::Identifier => self.function(&token)?,
            Kind::Keyword(Keyword::Dot) => Expression::Dot,
            Kind::Keyword(Keyword::Nil) => Expression::Nil,
            Kind::Variable => self.variable(&token)?,
            Kind::Field => Expression::Field(vec![field_name(&token)]),
            Kind::Bool => Expression::Bool(token.text == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => self.number(&token)?,
            Kind::LeftParen => return self.parenthesized().map(Some),
            Kind::String | Kind::RawString => {
                Expression::Str { quoted: token.text.into(), text: self.unquoted(&token)?.into() }
            }
            _ => {
                self.back_up();
                return Ok(None);
            }
        };
        Ok(Some(Word { at: token.at, kind }))
    }

    fn parenthesized(&mut self) -> Result<Word, Error> {
        self.parens += 1;
        self.admit_nesting()?;
        let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
        self.parens -= 1;
        Ok(Word { at: pipe.at, kind: Expression::Pipe(Box::new(pipe)) })
    }

    fn function(&self, token: &Token<'s>) -> Result<Expression, Error> {
        let name = token.name();
        if (self.settings.has_function)(&name) {
            return Ok(Expression::Function(name));
        }
        self.fail(format!("function {} not defined", crate::quote::quoted(token.text)))
    }

    fn variable(&self, token: &Token<'s>) -> Result<Expression, Error> {
        let name = token.name();
        if self.scope.declared.get(&name).is_some_and(|&count| count > 0) {
            return Ok(Expression::Variable { name, fields: Vec::new() });
        }
        self.fail(format!("undefined variable {}", crate::quote::quoted(token.text)))
    }

    fn number(&self, token: &Token<'s>) -> Result<Expression, Error> {
        let number = match token.kind {
            Kind::CharConstant => Number::character(token.text),
            Kind::Complex => Number::complex(token.text),
            _ => Number::parse(token.text),
        };
        match number {
            Ok(number) => Ok(Expression::Number { text: token.text.into(), number }),
            Err(cause) => self.fail(cause),
        }
    }
}

/// A field's name without its dot.
fn field_name(token: &Token<'_>) -> String {
    token.name().split_off(1)
}

fn begins_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::CharConstant
            | Kind::Complex
            | Kind::Keyword(Keyword::Dot | Keyword::Nil)
            | Kind::Field
            | Kind::Identifier
            | Kind::Number
            | Kind::RawString
            | Kind::String
            | Kind::Variable
            | Kind::LeftParen
    )
}

fn is_literal(word: &Word) -> bool {
    matches!(
        word.kind,
        Expression::Bool(_) | Expression::Dot | Expression::Nil | Expression::Number { .. } | Expression::Str { .. }
    )
}
