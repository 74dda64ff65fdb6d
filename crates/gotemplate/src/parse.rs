//! From tokens to nodes. Blocks that are open lie on a stack of our own, so that none of the machine's is used up.

mod control;
mod pipeline;
mod tokens;

use crate::Limits;
use crate::error::{Budget, Details, Error, ErrorKind};
use crate::lex::{Keyword, Kind, Lexer, Token};
use crate::node::{List, Node, is_blank};
use control::{Level, Open};
use std::collections::{BTreeMap, HashMap};
use tokens::Tokens;

/// What the parser needs to know besides the source.
pub(crate) struct Settings<'s> {
    pub(crate) name: &'s str,
    pub(crate) delimiters: (&'s [u8], &'s [u8]),
    pub(crate) limits: Limits,
    pub(crate) has_function: &'s dyn Fn(&str) -> bool,
}

/// All templates that a source defines: itself, under its own name, and its `define`s and `block`s.
pub(crate) type Trees = BTreeMap<Vec<u8>, List>;

pub(crate) fn parse(source: &[u8], settings: &Settings<'_>) -> Result<Trees, Error> {
    let limit = settings.limits.source;
    if source.len() > limit {
        return Err(over_budget(settings, Budget::Source(limit), None));
    }
    let mut lexer = Lexer::new(source, settings.delimiters.0, settings.delimiters.1);
    lexer.loop_words = (!(settings.has_function)("break"), !(settings.has_function)("continue"));
    let scope = Scope::new(settings.name.as_bytes().to_vec());
    let levels = vec![Level::new(Open::Root)];
    let mut parser =
        Parser { settings, lexer, scopes: Vec::new(), scope, levels, parens: 0, nodes: 0, trees: Trees::new() };
    while parser.item()? {}
    Ok(parser.trees)
}

fn over_budget(settings: &Settings<'_>, budget: Budget, line: Option<usize>) -> Error {
    error(settings, ErrorKind::Budget(budget), line, budget.to_string())
}

fn error(settings: &Settings<'_>, kind: ErrorKind, line: Option<usize>, cause: String) -> Error {
    Error::new(Details {
        kind,
        source: settings.name.into(),
        executing: None,
        line,
        column: None,
        context: String::new(),
        cause,
    })
}

/// One template that is being parsed: each has its variables, and its own look-ahead, which Go's line numbers come from.
struct Scope<'s> {
    name: Vec<u8>,
    tokens: Tokens<'s>,
    variables: Vec<String>,
    /// How often each of them is declared.
    declared: HashMap<String, usize>,
    /// Where the action began that is being read.
    action_line: Option<usize>,
    ranges: usize,
}

impl Scope<'_> {
    fn new(name: Vec<u8>) -> Self {
        let declared = HashMap::from([("$".into(), 1)]);
        Self { name, tokens: Tokens::default(), variables: vec!["$".into()], declared, action_line: None, ranges: 0 }
    }
}

struct Parser<'s> {
    settings: &'s Settings<'s>,
    lexer: Lexer<'s>,
    /// Those that wait for `scope` to end.
    scopes: Vec<Scope<'s>>,
    scope: Scope<'s>,
    levels: Vec<Level>,
    parens: usize,
    nodes: usize,
    trees: Trees,
}

impl<'s> Parser<'s> {
    fn fail<T>(&self, cause: impl Into<String>) -> Result<T, Error> {
        Err(error(self.settings, ErrorKind::Parse, Some(self.scope.tokens.line()), cause.into()))
    }

    fn unexpected<T>(&self, token: &Token<'_>, context: &str) -> Result<T, Error> {
        if token.kind != Kind::Error {
            return self.fail(format!("unexpected {} in {context}", token.describe()));
        }
        let message = token.describe();
        let place = self.scope.action_line.filter(|&line| line != token.line).map(|line| {
            let started = format!(" started at {}:{line}", self.settings.name);
            if message.ends_with(" action") { started } else { format!(" in action{started}") }
        });
        self.fail(message + &place.unwrap_or_default())
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token<'s>, Error> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    /// Says no if one more thing cannot be opened.
    fn admit_nesting(&self) -> Result<(), Error> {
        let limit = self.settings.limits.nesting;
        if self.levels.len() + self.parens <= limit {
            return Ok(());
        }
        Err(over_budget(self.settings, Budget::Nesting(limit), Some(self.scope.tokens.line())))
    }

    /// Counts one more node.
    fn admit_node(&mut self) -> Result<(), Error> {
        let limit = self.settings.limits.nodes;
        self.nodes += 1;
        if self.nodes <= limit {
            return Ok(());
        }
        Err(over_budget(self.settings, Budget::Nodes(limit), Some(self.scope.tokens.line())))
    }

    /// Takes one text or action; says whether there may be more.
    fn item(&mut self) -> Result<bool, Error> {
        let token = self.next_non_space();
        self.admit_node()?;
        match token.kind {
            Kind::End => return self.end_of_source().map(|()| false),
            Kind::Text => self.push(Node::Text(token.text.into())),
            Kind::LeftDelim => self.left_delim(&token)?,
            _ => return self.unexpected(&token, "input"),
        }
        Ok(true)
    }

    fn push(&mut self, node: Node) {
        if let Some(level) = self.levels.last_mut() {
            level.nodes.push(node);
        }
    }

    fn end_of_source(&mut self) -> Result<(), Error> {
        match self.levels.pop() {
            Some(Level { open: Open::Root, nodes }) => self.add(nodes),
            _ => self.fail("unexpected EOF"),
        }
    }

    fn left_delim(&mut self, token: &Token<'s>) -> Result<(), Error> {
        let word = self.next_non_space();
        if self.levels.len() == 1 && word.kind == Kind::Keyword(Keyword::Define) {
            return self.define();
        }
        self.scope.action_line = Some(token.line);
        let Kind::Keyword(keyword) = word.kind else { return self.action() };
        match keyword {
            Keyword::Block => self.block(),
            Keyword::Break => self.loop_word("break", Node::Break),
            Keyword::Continue => self.loop_word("continue", Node::Continue),
            Keyword::Else => self.otherwise(),
            Keyword::End => self.end(),
            Keyword::If => self.open("if", Vec::new()),
            Keyword::With => self.open("with", Vec::new()),
            Keyword::Range => self.open_range(),
            Keyword::Template => self.template(),
            Keyword::Define | Keyword::Dot | Keyword::Nil => self.action(),
        }
    }

    /// An action that is none of the keywords; its first word has been read.
    fn action(&mut self) -> Result<(), Error> {
        self.back_up();
        let at = self.peek().at;
        let pipe = self.pipeline("command", Kind::RightDelim)?;
        self.push_action(Node::Action { at, pipe });
        Ok(())
    }

    fn push_action(&mut self, node: Node) {
        self.scope.action_line = None;
        self.push(node);
    }

    /// Stores a template that is complete. One that is blank gives way.
    fn add(&mut self, nodes: List) -> Result<(), Error> {
        let name = self.scope.name.clone();
        if self.trees.get(&name).is_none_or(is_blank) {
            self.trees.insert(name, nodes);
            return Ok(());
        }
        if is_blank(&nodes) {
            return Ok(());
        }
        self.fail(format!("template: multiple definition of template {}", crate::quote::quoted(&name)))
    }

    fn pop_variables(&mut self, to: usize) {
        let Scope { variables, declared, .. } = &mut self.scope;
        for name in variables.drain(to.min(variables.len())..) {
            declared.entry(name).and_modify(|count| *count -= 1);
        }
    }
}
