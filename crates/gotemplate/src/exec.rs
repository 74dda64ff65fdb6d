//! Executes a template. Control structures lie on a stack of our own; only expressions nest on the machine's, and the
//! parser bounds them.

mod argument;
mod command;
mod field;
mod range;

use crate::error::{Budget, Details, Error, ErrorKind, FuncError, Stop};
use crate::function::Call;
use crate::limits::Meter;
use crate::node::{Branch, List, Node, Pipe, Shown, ShownAction, Template as TemplateNode, Word};
use crate::template::Template;
use crate::value::{Operand, Value};
use range::Turns;

/// What is executed, from the outside to the inside.
enum Frame<'t> {
    List {
        nodes: std::slice::Iter<'t, Node>,
        dot: Operand,
    },
    /// The end of a block, where its variables go out of scope.
    End {
        variables: usize,
    },
    /// The end of a loop's `else`. Go counts it to the loop where a `break` is in it, but not a `continue`.
    EndElse {
        variables: usize,
    },
    Range(Box<Turns<'t>>),
    /// The end of a called template: the caller's name and variables.
    Return {
        name: &'t [u8],
        variables: Vec<Variable<'t>>,
    },
}

struct Variable<'t> {
    name: &'t str,
    value: Operand,
}

/// The node that an error would be about.
#[derive(Clone, Copy)]
enum Place<'t> {
    Start,
    Pipe(&'t Pipe),
    Word(&'t Word),
    Command(&'t crate::node::Command),
    Action(usize, &'t Pipe),
    Template(&'t TemplateNode),
}

struct State<'t, 'm> {
    template: &'t Template,
    name: &'t [u8],
    place: Place<'t>,
    frames: Vec<Frame<'t>>,
    variables: Vec<Variable<'t>>,
    calls: usize,
    call: Call<'m>,
    out: Vec<u8>,
}

/// Executes the template `name` of a set.
pub(crate) fn execute(template: &Template, name: &[u8], data: &Value, meter: &Meter<'_>) -> Result<Vec<u8>, Error> {
    let dot = Operand::plain(data.clone());
    let mut state = State {
        template,
        name: template.name().as_bytes(),
        place: Place::Start,
        frames: Vec::new(),
        variables: vec![Variable { name: "$", value: dot.clone() }],
        calls: 0,
        call: Call::new(meter),
        out: Vec::new(),
    };
    let Some((name, list)) = template.tree(name) else {
        let quoted = crate::quote::quoted(name);
        return state.fail(format!("no template {quoted} associated with template {:?}", template.name()));
    };
    state.name = name;
    state.push_list(list, dot);
    state.run()?;
    Ok(state.out)
}

impl<'t> State<'t, '_> {
    fn fail<T>(&self, cause: impl Into<String>) -> Result<T, Error> {
        Err(self.error(ErrorKind::Execute, cause.into()))
    }

    fn error(&self, kind: ErrorKind, cause: String) -> Error {
        let (at, context) = match self.place {
            Place::Start => (None, String::new()),
            Place::Pipe(pipe) => (Some(pipe.at), pipe.shown()),
            Place::Word(word) => (Some(word.at), word.shown()),
            Place::Command(command) => (Some(command.first.at), command.shown()),
            Place::Action(at, pipe) => (Some(at), ShownAction(pipe).shown()),
            Place::Template(node) => (Some(node.at), node.shown()),
        };
        let place = at.map(|at| self.template.line_and_column(at));
        Error::new(Details {
            kind,
            source: self.template.name().into(),
            executing: Some(String::from_utf8_lossy(self.name).into_owned()),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            context,
            cause,
        })
    }

    fn stop(&self, stop: Stop) -> Error {
        match stop {
            Stop::Budget(budget) => self.error(ErrorKind::Budget(budget), budget.to_string()),
            Stop::Interrupted => self.error(ErrorKind::Interrupted, "interrupted".into()),
        }
    }

    /// The error of a function that was called by `name`.
    fn func_error(&self, name: &str, error: FuncError) -> Error {
        match error {
            FuncError::Message(message) => self.error(ErrorKind::Execute, format!("error calling {name}: {message}")),
            FuncError::Stop(stop) => self.stop(stop),
        }
    }

    fn step(&self) -> Result<(), Error> {
        self.call.meter().step(1).map_err(|stop| self.stop(stop))
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let limit = self.call.meter().limits().output;
        if text.len() > limit - self.out.len() {
            return Err(self.stop(Stop::Budget(Budget::Output(limit))));
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn push_list(&mut self, list: &'t List, dot: Operand) {
        if !list.is_empty() {
            self.frames.push(Frame::List { nodes: list.iter(), dot });
        }
    }

    fn run(&mut self) -> Result<(), Error> {
        while let Some(frame) = self.frames.last_mut() {
            match frame {
                Frame::List { nodes, dot } => {
                    if let Some(node) = nodes.next() {
                        let dot = dot.clone();
                        self.node(node, &dot)?;
                        continue;
                    }
                }
                Frame::Range(_) => {
                    if self.turn()? {
                        continue;
                    }
                }
                Frame::End { .. } | Frame::EndElse { .. } | Frame::Return { .. } => {}
            }
            self.leave();
        }
        Ok(())
    }

    /// Takes the innermost frame away.
    fn leave(&mut self) {
        match self.frames.pop() {
            Some(Frame::End { variables } | Frame::EndElse { variables }) => self.variables.truncate(variables),
            Some(Frame::Range(turns)) => self.variables.truncate(turns.variables),
            Some(Frame::Return { name, variables }) => {
                (self.name, self.variables) = (name, variables);
                self.calls -= 1;
            }
            Some(Frame::List { .. }) | None => {}
        }
    }

    /// Takes frames away until one that is `wanted` is the innermost.
    fn leave_until(&mut self, wanted: impl Fn(&Frame<'_>) -> bool) {
        while self.frames.last().is_some_and(|frame| !wanted(frame)) {
            self.leave();
        }
    }

    fn node(&mut self, node: &'t Node, dot: &Operand) -> Result<(), Error> {
        self.step()?;
        match node {
            Node::Text(text) => self.write(text),
            Node::Action { at, pipe } => self.action(*at, pipe, dot),
            Node::If(branch) => self.branch(branch, dot, false),
            Node::With(branch) => self.branch(branch, dot, true),
            Node::Range(range) => self.range(range, dot),
            Node::Template(template) => self.template(template, dot),
            Node::Break => {
                self.leave_until(|frame| matches!(frame, Frame::Range(_) | Frame::EndElse { .. }));
                self.leave();
                Ok(())
            }
            Node::Continue => {
                self.leave_until(|frame| matches!(frame, Frame::Range(_)));
                Ok(())
            }
        }
    }

    fn action(&mut self, at: usize, pipe: &'t Pipe, dot: &Operand) -> Result<(), Error> {
        let value = self.pipeline(pipe, dot)?;
        if pipe.variables.is_empty() { self.print(at, pipe, &value.value) } else { Ok(()) }
    }

    fn print(&mut self, at: usize, pipe: &'t Pipe, value: &Value) -> Result<(), Error> {
        self.place = Place::Action(at, pipe);
        match value {
            Value::Nil => self.write(b"<no value>"),
            Value::Str(text) => self.write(text),
            Value::Func(function) => {
                let shown = ShownAction(pipe).shown();
                self.fail(format!("can't print {shown} of type {}", function.type_name()))
            }
            _ => {
                let printed = crate::fmt::sprint(std::slice::from_ref(value), self.call.meter());
                let printed = printed.map_err(|stop| self.stop(stop))?;
                self.write(&printed)
            }
        }
    }

    fn branch(&mut self, branch: &'t Branch, dot: &Operand, with: bool) -> Result<(), Error> {
        self.frames.push(Frame::End { variables: self.variables.len() });
        for (pipe, list) in &branch.arms {
            let value = self.pipeline(pipe, dot)?;
            if value.value.is_true() {
                self.push_list(list, if with { value } else { dot.clone() });
                return Ok(());
            }
        }
        self.push_list(&branch.otherwise, dot.clone());
        Ok(())
    }

    fn template(&mut self, node: &'t TemplateNode, dot: &Operand) -> Result<(), Error> {
        self.place = Place::Template(node);
        let Some((name, list)) = self.template.tree(&node.name) else {
            return self.fail(format!("template {} not defined", crate::quote::quoted(&node.name)));
        };
        let limit = self.call.meter().limits().calls;
        if self.calls >= limit {
            return Err(self.stop(Stop::Budget(Budget::Calls(limit))));
        }
        let dot = match &node.pipe {
            Some(pipe) => self.pipeline(pipe, dot)?,
            None => Operand::NONE,
        };
        let variables = vec![Variable { name: "$", value: dot.clone() }];
        let variables = std::mem::replace(&mut self.variables, variables);
        let name = std::mem::replace(&mut self.name, name);
        self.calls += 1;
        self.frames.push(Frame::Return { name, variables });
        self.push_list(list, dot);
        Ok(())
    }

    /// Where the innermost variable of a name is. The search takes steps: there may be many.
    fn find_variable(&self, name: &str) -> Result<usize, Error> {
        let index = self.variables.iter().rposition(|variable| variable.name == name);
        let searched = self.variables.len() - index.unwrap_or(0);
        self.call.meter().step(searched / 16).map_err(|stop| self.stop(stop))?;
        index.map_or_else(|| self.fail(format!("undefined variable: {name}")), Ok)
    }

    fn set_variable(&mut self, name: &str, value: Operand) -> Result<(), Error> {
        let index = self.find_variable(name)?;
        if let Some(variable) = self.variables.get_mut(index) {
            variable.value = value;
        }
        Ok(())
    }

    fn variable(&self, name: &str) -> Result<Operand, Error> {
        let index = self.find_variable(name)?;
        Ok(self.variables.get(index).map_or(Operand::NONE, |variable| variable.value.clone()))
    }
}
