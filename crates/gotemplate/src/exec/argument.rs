//! Arguments, which must fit their parameters.

use super::command::Given;
use super::{Place, State};
use crate::error::Error;
use crate::node::{Expression, Shown, Word};
use crate::number::Number;
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'t> State<'t, '_> {
    pub(super) fn argument(&mut self, word: &'t Word, wanted: Type, dot: &Operand) -> Result<Operand, Error> {
        self.place = Place::Word(word);
        let value = match &word.kind {
            Expression::Dot => dot.clone(),
            Expression::Nil if wanted.can_be_nil() => return Ok(nil(wanted)),
            Expression::Nil => return self.fail(format!("cannot assign nil to {wanted}")),
            Expression::Field(fields) => self.fields_of_dot(word, fields, dot, Given::NOTHING)?,
            Expression::Variable { name, fields } => {
                self.fields_of_variable(word, name, fields, dot, Given::NOTHING)?
            }
            Expression::Pipe(pipe) => self.pipeline(pipe, dot)?,
            Expression::Function(name) => self.function(word, Place::Word(word), name, dot, Given::NOTHING)?,
            Expression::Chain { of, fields } => self.chain(word, of, fields, dot, Given::NOTHING)?,
            Expression::Bool(_) | Expression::Number { .. } | Expression::Str { .. } => {
                return self.literal_as(word, wanted);
            }
        };
        self.fit(value, wanted)
    }

    /// A literal is of the type that is wanted, if it can be.
    fn literal_as(&mut self, word: &'t Word, wanted: Type) -> Result<Operand, Error> {
        let value = match (wanted, &word.kind) {
            (Type::Any | Type::Reflect, _) => return self.constant(word),
            (Type::Bool, Expression::Bool(truth)) => Some(Value::Bool(*truth)),
            (Type::String, Expression::Str { text, .. }) => Some(Value::Str(text.clone())),
            (_, Expression::Number { number, .. }) => number_as(number, wanted),
            _ => None,
        };
        let shown = || word.shown();
        match (value, wanted) {
            (Some(value), _) => Ok(Operand::plain(value)),
            (None, Type::Bool) => self.fail(format!("expected bool; found {}", shown())),
            (None, Type::String) => self.fail(format!("expected string; found {}", shown())),
            (None, Type::Int(_)) => self.fail(format!("expected integer; found {}", shown())),
            (None, Type::Uint(_)) => self.fail(format!("expected unsigned integer; found {}", shown())),
            (None, Type::Float(_)) => self.fail(format!("expected float; found {}", shown())),
            (None, Type::Complex(_)) => self.fail(format!("expected complex; found {}", shown())),
            (None, _) => self.fail(format!("can't handle {} for arg of type {wanted}", shown())),
        }
    }

    /// Lets a value through that can be given to a parameter of the type.
    pub(super) fn fit(&self, value: Operand, wanted: Type) -> Result<Operand, Error> {
        if !value.is_valid() {
            if wanted.can_be_nil() {
                return Ok(nil(wanted));
            }
            return self.fail(format!("invalid value; expected {wanted}"));
        }
        match (wanted, value.value.type_of()) {
            (Type::Any | Type::Reflect, _) => Ok(value),
            (_, Some(got)) if got == wanted => Ok(value.unboxed()),
            (_, got) => {
                let got = got.unwrap_or(Type::Any);
                self.fail(format!("wrong type for value; expected {wanted}; got {got}"))
            }
        }
    }
}

/// The `nil` of a type.
fn nil(of: Type) -> Operand {
    Operand { value: Value::zero(of), boxed: of == Type::Any }
}

fn number_as(number: &Number, wanted: Type) -> Option<Value> {
    match wanted {
        Type::Int(kind) => number.int.map(|int| Value::Int(kind.wrap(int), kind)),
        Type::Uint(kind) => number.uint.map(|uint| Value::Uint(kind.wrap(uint), kind)),
        Type::Float(kind) => number.float.map(|float| Value::Float(kind.round(float), kind)),
        Type::Complex(kind) => {
            number.complex.map(|(real, imaginary)| Value::Complex(kind.round(real), kind.round(imaginary), kind))
        }
        _ => None,
    }
}
