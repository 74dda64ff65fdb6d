//! The parsed template. Every node knows where it stands in the source, and how Go would write it in an error.

use crate::number::Number;
use std::sync::Arc;

/// What stands between `define` and `end`, or in a branch.
pub(crate) type List = Vec<Node>;

/// Text, an action, or a control structure with all its branches.
pub(crate) enum Node {
    Text(Box<[u8]>),
    Action { at: usize, pipe: Pipe },
    If(Branch),
    With(Branch),
    Range(Box<Range>),
    Template(Template),
    Break,
    Continue,
}

/// `if` or `with`, each `else if` or `else with`, and `else`.
pub(crate) struct Branch {
    pub(crate) arms: Vec<(Pipe, List)>,
    pub(crate) otherwise: List,
}

pub(crate) struct Range {
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) otherwise: List,
}

pub(crate) struct Template {
    pub(crate) at: usize,
    pub(crate) name: Vec<u8>,
    pub(crate) pipe: Option<Pipe>,
}

/// Commands, each of which gets what the one before it gave, and the variables that get the result.
pub(crate) struct Pipe {
    pub(crate) at: usize,
    pub(crate) assigns: bool,
    pub(crate) variables: Vec<String>,
    pub(crate) commands: Vec<Command>,
}

/// A function or value, and arguments. There is at least one word.
pub(crate) struct Command {
    pub(crate) first: Word,
    pub(crate) arguments: Vec<Word>,
}

/// One word of a command.
pub(crate) struct Word {
    pub(crate) at: usize,
    pub(crate) kind: Expression,
}

pub(crate) enum Expression {
    Bool(bool),
    Nil,
    Dot,
    Number {
        text: Box<[u8]>,
        number: Number,
    },
    Str {
        quoted: Box<[u8]>,
        text: Arc<[u8]>,
    },
    /// `.a.b`.
    Field(Vec<String>),
    /// `$x.a`: the first is the variable, with its dollar.
    Variable {
        name: String,
        fields: Vec<String>,
    },
    Function(String),
    Pipe(Box<Pipe>),
    /// `(pipe).a.b`, or a function without arguments and a field of its result.
    Chain {
        of: Box<Word>,
        fields: Vec<String>,
    },
}

/// How Go writes a node in an error.
pub(crate) trait Shown {
    fn show(&self, out: &mut Vec<u8>);

    fn shown(&self) -> String {
        let mut out = Vec::new();
        self.show(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl Shown for Pipe {
    fn show(&self, out: &mut Vec<u8>) {
        if !self.variables.is_empty() {
            out.extend_from_slice(self.variables.join(", ").as_bytes());
            out.extend_from_slice(if self.assigns { b" = " } else { b" := " });
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b" | ");
            }
            command.show(out);
        }
    }
}

impl Shown for Command {
    fn show(&self, out: &mut Vec<u8>) {
        self.first.show_in_command(out);
        for word in &self.arguments {
            out.push(b' ');
            word.show_in_command(out);
        }
    }
}

impl Word {
    fn show_in_command(&self, out: &mut Vec<u8>) {
        match &self.kind {
            Expression::Pipe(pipe) => show_in_parentheses(pipe, out),
            _ => self.show(out),
        }
    }
}

fn show_in_parentheses(pipe: &Pipe, out: &mut Vec<u8>) {
    out.push(b'(');
    pipe.show(out);
    out.push(b')');
}

fn show_fields(fields: &[String], out: &mut Vec<u8>) {
    for field in fields {
        out.push(b'.');
        out.extend_from_slice(field.as_bytes());
    }
}

impl Shown for Word {
    fn show(&self, out: &mut Vec<u8>) {
        match &self.kind {
            Expression::Bool(truth) => out.extend_from_slice(truth.to_string().as_bytes()),
            Expression::Nil => out.extend_from_slice(b"nil"),
            Expression::Dot => out.push(b'.'),
            Expression::Number { text, .. } => out.extend_from_slice(text),
            Expression::Str { quoted, .. } => out.extend_from_slice(quoted),
            Expression::Field(fields) => show_fields(fields, out),
            Expression::Variable { name, fields } => {
                out.extend_from_slice(name.as_bytes());
                show_fields(fields, out);
            }
            Expression::Function(name) => out.extend_from_slice(name.as_bytes()),
            Expression::Pipe(pipe) => pipe.show(out),
            Expression::Chain { of, fields } => {
                of.show_in_command(out);
                show_fields(fields, out);
            }
        }
    }
}

impl Shown for Template {
    fn show(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{{template ");
        crate::quote::quote(out, &self.name, false);
        if let Some(pipe) = &self.pipe {
            out.push(b' ');
            pipe.show(out);
        }
        out.extend_from_slice(b"}}");
    }
}

/// An action in its delimiters.
pub(crate) struct ShownAction<'t>(pub(crate) &'t Pipe);

impl Shown for ShownAction<'_> {
    fn show(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{{");
        self.0.show(out);
        out.extend_from_slice(b"}}");
    }
}

/// Whether there is nothing in a template but white space, so that another definition may take its place.
pub(crate) fn is_blank(list: &List) -> bool {
    list.iter().all(|node| match node {
        Node::Text(text) => crate::unicode::characters(text).all(|(character, _)| character.is_whitespace()),
        _ => false,
    })
}
