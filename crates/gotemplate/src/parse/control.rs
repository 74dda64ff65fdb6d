//! Blocks: what opens them, what goes on with `else`, and what `end` makes of them.

use super::{Parser, Scope};
use crate::error::Error;
use crate::lex::{Keyword, Kind, Token};
use crate::node::{Branch, List, Node, Pipe, Range, Template};
use crate::quote::unquote;

/// A block whose `end` was not read yet, with the nodes of its list so far.
pub(super) struct Level {
    pub(super) open: Open,
    pub(super) nodes: List,
}

impl Level {
    pub(super) fn new(open: Open) -> Self {
        Self { open, nodes: List::new() }
    }
}

pub(super) enum Open {
    Root,
    Define,
    Block(Template),
    /// `if` or `with`: the arms that are complete and the pipeline of this one.
    Branch {
        with: bool,
        variables: usize,
        arms: Vec<(Pipe, List)>,
        pipe: Pipe,
    },
    /// Its `else`.
    BranchElse {
        with: bool,
        variables: usize,
        arms: Vec<(Pipe, List)>,
    },
    Range {
        variables: usize,
        pipe: Pipe,
    },
    RangeElse {
        variables: usize,
        pipe: Pipe,
        list: List,
    },
}

impl<'s> Parser<'s> {
    fn enter(&mut self, open: Open) -> Result<(), Error> {
        self.admit_nesting()?;
        self.levels.push(Level::new(open));
        Ok(())
    }

    /// `if` or `with` and its pipeline, or one more arm of it.
    pub(super) fn open(&mut self, context: &str, arms: Vec<(Pipe, List)>) -> Result<(), Error> {
        let variables = self.scope.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.enter(Open::Branch { with: context == "with", variables, arms, pipe })
    }

    pub(super) fn open_range(&mut self) -> Result<(), Error> {
        let variables = self.scope.variables.len();
        let pipe = self.pipeline("range", Kind::RightDelim)?;
        self.scope.ranges += 1;
        self.enter(Open::Range { variables, pipe })
    }

    pub(super) fn loop_word(&mut self, word: &str, node: Node) -> Result<(), Error> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelim {
            return self.unexpected(&token, &format!("{{{{{word}}}}}"));
        }
        if self.scope.ranges == 0 {
            return self.fail(format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        self.push_action(node);
        Ok(())
    }

    pub(super) fn otherwise(&mut self) -> Result<(), Error> {
        let next = self.peek_non_space();
        let chained = match next.kind {
            Kind::Keyword(keyword @ (Keyword::If | Keyword::With)) => Some(keyword),
            _ => self.expect(Kind::RightDelim, "else").map(|_| None)?,
        };
        self.scope.action_line = None;
        let Some(Level { open, nodes }) = self.levels.pop() else { return self.fail("unexpected {{else}}") };
        let open = match open {
            Open::Branch { with, variables, mut arms, pipe } => {
                arms.push((pipe, nodes));
                if chained.is_some_and(|keyword| with == (keyword == Keyword::With)) {
                    self.next_non_space();
                    self.open(if with { "with" } else { "if" }, arms)?;
                    self.keep_variables(variables);
                    return Ok(());
                }
                Open::BranchElse { with, variables, arms }
            }
            Open::Range { variables, pipe } => {
                self.scope.ranges -= 1;
                Open::RangeElse { variables, pipe, list: nodes }
            }
            open => return self.misplaced(&open, "{{else}}"),
        };
        self.enter(open)
    }

    /// The variables of all arms go out of scope together, at the end.
    fn keep_variables(&mut self, from: usize) {
        if let Some(Level { open: Open::Branch { variables, .. }, .. }) = self.levels.last_mut() {
            *variables = from;
        }
    }

    /// Complains about an `else` or `end` where there can be none.
    fn misplaced<T>(&mut self, open: &Open, node: &str) -> Result<T, Error> {
        match open {
            Open::Root => self.fail(format!("unexpected {node}")),
            Open::Define => self.fail(format!("unexpected {node} in define clause")),
            Open::Block(_) => {
                self.leave_scope();
                self.fail(format!("unexpected {node} in block clause"))
            }
            _ => self.fail(format!("expected end; found {node}")),
        }
    }

    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.expect(Kind::RightDelim, "end")?;
        self.scope.action_line = None;
        let Some(Level { open, nodes }) = self.levels.pop() else { return self.fail("unexpected {{end}}") };
        let (node, variables) = match open {
            Open::Root => return self.misplaced(&open, "{{end}}"),
            Open::Define => {
                self.add(nodes)?;
                self.leave_scope();
                return Ok(());
            }
            Open::Block(template) => {
                self.add(nodes)?;
                self.leave_scope();
                self.push_action(Node::Template(template));
                return Ok(());
            }
            Open::Branch { with, variables, mut arms, pipe } => {
                arms.push((pipe, nodes));
                (branch(with, arms, List::new()), variables)
            }
            Open::BranchElse { with, variables, arms } => (branch(with, arms, nodes), variables),
            Open::Range { variables, pipe } => {
                self.scope.ranges -= 1;
                (range(pipe, nodes, List::new()), variables)
            }
            Open::RangeElse { variables, pipe, list } => (range(pipe, list, nodes), variables),
        };
        self.pop_variables(variables);
        self.push(node);
        Ok(())
    }

    fn enter_scope(&mut self, name: Vec<u8>) {
        self.scopes.push(std::mem::replace(&mut self.scope, Scope::new(name)));
    }

    fn leave_scope(&mut self) {
        if let Some(scope) = self.scopes.pop() {
            self.scope = scope;
        }
    }

    /// `define` has been read.
    pub(super) fn define(&mut self) -> Result<(), Error> {
        self.enter_scope(b"definition".to_vec());
        let token = self.next_non_space();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&token, "define clause");
        }
        self.scope.name = self.unquoted(&token)?;
        self.expect(Kind::RightDelim, "define clause")?;
        self.enter(Open::Define)
    }

    /// A `block` is a `define` and a `template` in one.
    pub(super) fn block(&mut self) -> Result<(), Error> {
        let token = self.next_non_space();
        let name = self.template_name(&token, "block clause")?;
        let pipe = Some(self.pipeline("block clause", Kind::RightDelim)?);
        self.enter_scope(name.clone());
        self.enter(Open::Block(Template { at: token.at, name, pipe }))
    }

    pub(super) fn template(&mut self) -> Result<(), Error> {
        let token = self.next_non_space();
        let name = self.template_name(&token, "template clause")?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.back_up();
            pipe = Some(self.pipeline("template clause", Kind::RightDelim)?);
        }
        self.push_action(Node::Template(Template { at: token.at, name, pipe }));
        Ok(())
    }

    fn template_name(&mut self, token: &Token<'s>, context: &str) -> Result<Vec<u8>, Error> {
        match token.kind {
            Kind::String | Kind::RawString => self.unquoted(token),
            _ => self.unexpected(token, context),
        }
    }

    pub(super) fn unquoted(&self, token: &Token<'s>) -> Result<Vec<u8>, Error> {
        unquote(token.text).map_or_else(|| self.fail("invalid syntax"), Ok)
    }
}

fn branch(with: bool, arms: Vec<(Pipe, List)>, otherwise: List) -> Node {
    let branch = Branch { arms, otherwise };
    if with { Node::With(branch) } else { Node::If(branch) }
}

fn range(pipe: Pipe, list: List, otherwise: List) -> Node {
    Node::Range(Box::new(Range { pipe, list, otherwise }))
}
