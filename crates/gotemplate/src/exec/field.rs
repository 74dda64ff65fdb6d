//! Fields, keys and methods.

use super::command::{Callable, Given};
use super::{Place, State};
use crate::error::Error;
use crate::node::{Expression, Word};
use crate::template::MissingKey;
use crate::types::Type;
use crate::value::{Operand, Value};
use crate::{Map, Object};
use std::sync::Arc;

impl<'t> State<'t, '_> {
    pub(super) fn fields_of_dot(
        &mut self,
        word: &'t Word,
        fields: &'t [String],
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        self.place = Place::Word(word);
        self.fields(word, fields, dot.clone(), dot, given)
    }

    pub(super) fn fields_of_variable(
        &mut self,
        word: &'t Word,
        name: &str,
        fields: &'t [String],
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        self.place = Place::Word(word);
        let value = self.variable(name)?;
        if fields.is_empty() {
            self.refuse_arguments(word, &given)?;
            return Ok(value);
        }
        self.fields(word, fields, value, dot, given)
    }

    pub(super) fn chain(
        &mut self,
        word: &'t Word,
        of: &'t Word,
        fields: &'t [String],
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        self.place = Place::Word(word);
        let value = match &of.kind {
            Expression::Pipe(pipe) => {
                self.place = Place::Word(of);
                self.pipeline(pipe, dot)?
            }
            Expression::Function(name) => self.function(of, Place::Word(of), name, dot, Given::NOTHING)?,
            _ => self.constant(of)?,
        };
        self.fields(word, fields, value, dot, given)
    }

    /// Only the last field can be a method with arguments.
    fn fields(
        &mut self,
        word: &'t Word,
        fields: &'t [String],
        mut value: Operand,
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        let Some((last, fields)) = fields.split_last() else { return Ok(value) };
        for field in fields {
            value = self.field(word, field, &value, dot, Given::NOTHING)?;
        }
        self.field(word, last, &value, dot, given)
    }

    fn field(
        &mut self,
        word: &'t Word,
        name: &'t str,
        receiver: &Operand,
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        self.step()?;
        if !receiver.is_valid() {
            if self.template.missing_key() == MissingKey::Error {
                return self.fail(format!("nil data; no entry for key {name:?}"));
            }
            return Ok(Operand::NONE);
        }
        let of = receiver.static_type();
        match &receiver.value {
            Value::Nil => self.fail(format!("nil pointer evaluating {of}.{name}")),
            Value::Object(object) => self.member(word, name, object, of, dot, given),
            Value::Map(map) => {
                if !given.is_empty() {
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                self.entry(map, name)
            }
            _ => self.fail(format!("can't evaluate field {name} in type {of}")),
        }
    }

    fn entry(&self, map: &Map, name: &str) -> Result<Operand, Error> {
        let element = *map.element();
        match (map.get(name), self.template.missing_key()) {
            (Some(value), _) => Ok(Operand::element(value, element)),
            (None, MissingKey::Invalid) => Ok(Operand::NONE),
            (None, MissingKey::Zero) => Ok(Operand::element(Value::zero(element), element)),
            (None, MissingKey::Error) => self.fail(format!("map has no entry for key {name:?}")),
        }
    }

    fn member(
        &mut self,
        word: &'t Word,
        name: &'t str,
        object: &Arc<dyn Object>,
        of: Type,
        dot: &Operand,
        given: Given<'t>,
    ) -> Result<Operand, Error> {
        if let Some(signature) = object.method(name) {
            return self.call(&Callable::Method(object, signature), Place::Word(word), name, dot, given);
        }
        let Some((value, declared)) = object.field(name) else {
            return self.fail(format!("can't evaluate field {name} in type {of}"));
        };
        if !given.is_empty() {
            return self.fail(format!("{name} has arguments but cannot be invoked as function"));
        }
        Ok(Operand::element(value, declared))
    }
}
