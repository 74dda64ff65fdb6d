//! Pipelines and commands: what is called, and with what.

use super::{Place, State};
use crate::builtin::Builtin;
use crate::error::Error;
use crate::function::Function;
use crate::node::{Command, Expression, Pipe, Shown, Word};
use crate::number::Number;
use crate::object::{Object, Signature};
use crate::types::Type;
use crate::value::{Operand, Value};
use std::sync::Arc;

/// What a command calls.
pub(super) enum Callable<'c> {
    Builtin(Builtin),
    Function(&'c Function),
    Method(&'c Arc<dyn Object>, Signature),
}

impl Callable<'_> {
    fn signature(&self) -> Signature {
        match self {
            Self::Builtin(builtin) => builtin.signature(),
            Self::Function(function) => function.signature(),
            Self::Method(_, signature) => *signature,
        }
    }

    /// What an integer literal is to a method that takes a type of the host's.
    fn literal(&self, word: &Word, wanted: Type) -> Option<Value> {
        match (self, wanted, &word.kind) {
            (Self::Method(object, _), Type::Object(name), Expression::Number { number, .. }) => {
                object.literal(name, number.int?)
            }
            _ => None,
        }
    }
}

/// The words after the first, and what the command before gave.
#[derive(Clone)]
pub(super) struct Given<'t> {
    pub(super) words: &'t [Word],
    pub(super) piped: Option<Operand>,
}

impl Given<'_> {
    pub(super) const NOTHING: Self = Self { words: &[], piped: None };

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.piped.is_none()
    }
}

impl<'t> State<'t, '_> {
    pub(super) fn pipeline(&mut self, pipe: &'t Pipe, dot: &Operand) -> Result<Operand, Error> {
        self.step()?;
        self.place = Place::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(command, dot, value)?.unboxed());
        }
        let value = value.unwrap_or(Operand::NONE);
        for name in &pipe.variables {
            if pipe.assigns {
                self.set_variable(name, value.clone())?;
            } else {
                self.declare_variable(name, value.clone());
            }
        }
        Ok(value)
    }

    fn command(&mut self, command: &'t Command, dot: &Operand, piped: Option<Operand>) -> Result<Operand, Error> {
        let first = &command.first;
        let given = Given { words: &command.arguments, piped };
        match &first.kind {
            Expression::Field(fields) => self.fields_of_dot(first, fields, dot, given),
            Expression::Chain { of, fields } => self.chain(first, of, fields, dot, given),
            Expression::Function(name) => self.function(first, Place::Command(command), name, dot, given),
            Expression::Pipe(pipe) => {
                self.refuse_arguments(first, &given)?;
                self.pipeline(pipe, dot)
            }
            Expression::Variable { name, fields } => self.fields_of_variable(first, name, fields, dot, given),
            _ => {
                self.place = Place::Word(first);
                self.refuse_arguments(first, &given)?;
                self.literal(first, dot)
            }
        }
    }

    fn literal(&mut self, word: &'t Word, dot: &Operand) -> Result<Operand, Error> {
        match &word.kind {
            Expression::Dot => Ok(dot.clone()),
            Expression::Nil => self.fail("nil is not a command"),
            _ => self.constant(word),
        }
    }

    /// A literal where nothing says what type is wanted.
    pub(super) fn constant(&mut self, word: &'t Word) -> Result<Operand, Error> {
        self.place = Place::Word(word);
        match &word.kind {
            Expression::Bool(truth) => Ok(Operand::plain(Value::Bool(*truth))),
            Expression::Str { text, .. } => Ok(Operand::plain(Value::Str(text.clone()))),
            Expression::Number { text, number } => self.ideal(text, number),
            _ => {
                let shown = word.shown();
                self.fail(format!("can't handle assignment of {shown} to empty interface argument"))
            }
        }
    }

    /// The type of a number follows from how it is written.
    fn ideal(&self, text: &[u8], number: &Number) -> Result<Operand, Error> {
        let value = if let Some((real, imaginary)) = number.complex {
            Value::Complex(real, imaginary, crate::FloatKind::Float64)
        } else if let Some(float) = number.float.filter(|_| is_written_as_float(text)) {
            Value::from(float)
        } else if let Some(int) = number.int {
            Value::int(int)
        } else {
            return self.fail(format!("{} overflows int", String::from_utf8_lossy(text)));
        };
        Ok(Operand::plain(value))
    }

    pub(super) fn refuse_arguments(&self, first: &Word, given: &Given<'_>) -> Result<(), Error> {
        if given.is_empty() {
            return Ok(());
        }
        self.fail(format!("can't give argument to non-function {}", first.shown()))
    }

    /// Calls a function by its name. `blamed` is what an error of the function is about.
    pub(super) fn function(
        &mut self,
        word: &'t Word,
        blamed: Place<'t>,
        name: &'t str,
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        self.place = Place::Word(word);
        let callable = match (self.template.table().get(name), Builtin::named(name)) {
            (Some(function), _) => Callable::Function(function),
            (None, Some(builtin)) => Callable::Builtin(builtin),
            (None, None) => return self.fail(format!("{name:?} is not a defined function")),
        };
        self.call(&callable, blamed, name, dot, given)
    }

    pub(super) fn call(
        &mut self,
        callable: &Callable<'_>,
        blamed: Place<'t>,
        name: &str,
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        self.step()?;
        let signature = callable.signature();
        self.check_count(name, signature, &given)?;
        if let Callable::Builtin(builtin @ (Builtin::And | Builtin::Or)) = callable {
            return self.short_circuit(*builtin == Builtin::Or, dot, given);
        }
        let callee = match callable {
            Callable::Builtin(Builtin::Call) => given.words.first().map(Shown::shown),
            _ => None,
        };
        let arguments = self.arguments(callable, dot, given)?;
        let outcome = match callable {
            Callable::Builtin(builtin) => builtin.run(&mut self.call, callee, &arguments),
            Callable::Function(function) => self.call.call(function, &values(arguments)).map(result),
            Callable::Method(object, _) => object.call(&mut self.call, name, &values(arguments)).map(result),
        };
        outcome.map_err(|error| {
            self.place = blamed;
            self.func_error(name, error)
        })
    }

    fn check_count(&self, name: &str, signature: Signature, given: &Given<'_>) -> Result<(), Error> {
        let words = given.words.len();
        let count = words + usize::from(given.piped.is_some());
        let wanted = signature.parameters.len();
        if signature.variadic && count + 1 < wanted {
            let least = wanted - 1;
            return self.fail(format!("wrong number of args for {name}: want at least {least} got {words}"));
        }
        if !signature.variadic && count != wanted {
            return self.fail(format!("wrong number of args for {name}: want {wanted} got {count}"));
        }
        Ok(())
    }

    fn arguments(&mut self, callable: &Callable<'_>, dot: &Operand, given: Given<'t>) -> Result<Vec<Operand>, Error> {
        let signature = callable.signature();
        let parameter = |index: usize| signature.parameters.get(index).or(signature.parameters.last()).copied();
        let mut arguments = Vec::with_capacity(given.words.len() + 1);
        for (index, word) in given.words.iter().enumerate() {
            let wanted = parameter(index).unwrap_or(Type::Any);
            arguments.push(match callable.literal(word, wanted) {
                Some(value) => Operand::plain(value),
                None => self.argument(word, wanted, dot)?,
            });
        }
        if let Some(piped) = given.piped {
            let wanted = parameter(given.words.len()).unwrap_or(Type::Any);
            arguments.push(self.fit(piped, wanted)?);
        }
        Ok(arguments)
    }

    /// `and` and `or` evaluate no further than they must.
    fn short_circuit(&mut self, or: bool, dot: &Operand, given: Given<'t>) -> Result<Operand, Error> {
        let mut value = Operand::NONE;
        for word in given.words {
            value = self.argument(word, Type::Reflect, dot)?;
            if value.value.is_true() == or {
                return Ok(value);
            }
        }
        Ok(given.piped.unwrap_or(value))
    }
}

/// A function that gives nil gives an `interface {}`; what else it gives is taken out of one before anybody looks.
fn result(value: Value) -> Operand {
    Operand { boxed: matches!(value, Value::Nil), value }
}

fn values(arguments: Vec<Operand>) -> Vec<Value> {
    arguments.into_iter().map(|argument| argument.value).collect()
}

fn is_written_as_float(text: &[u8]) -> bool {
    let hexadecimal = matches!(text, [b'0', b'x' | b'X', _, ..]) && !text.iter().any(|byte| b"pP".contains(byte));
    !hexadecimal && text.first() != Some(&b'\'') && text.iter().any(|byte| b".eEpP".contains(byte))
}
