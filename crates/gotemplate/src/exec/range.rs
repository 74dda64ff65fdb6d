//! Loops.

use super::{Frame, State, Variable};
use crate::error::Error;
use crate::node::Range;
use crate::types::{IntKind, Type, UintKind};
use crate::value::{Operand, Value};
use crate::{Bytes, List, Object};
use std::sync::Arc;

/// A loop that is running.
pub(super) struct Turns<'t> {
    range: &'t Range,
    items: Items,
    /// How many variables there were before the loop, and with its own.
    pub(super) variables: usize,
    inner: usize,
}

/// What is still to come.
enum Items {
    Ints { next: i64, end: i64, kind: IntKind, named: Option<Arc<dyn Object>> },
    Uints { next: u64, end: u64, kind: UintKind },
    List { next: usize, list: List },
    Bytes { next: usize, bytes: Bytes },
    Map { entries: std::vec::IntoIter<(Arc<[u8]>, Value)>, element: &'static Type },
}

impl Iterator for Items {
    /// Index or key, and element.
    type Item = (Operand, Operand);

    fn next(&mut self) -> Option<Self::Item> {
        let index = |next: &mut usize| {
            let index = Value::int(i64::try_from(*next).unwrap_or(i64::MAX));
            *next += 1;
            Operand::plain(index)
        };
        match self {
            Self::Ints { next, end, kind, named } => (*next < *end).then(|| {
                let named = named.as_ref().and_then(|object| object.counting(*next));
                let number = named.unwrap_or(Value::Int(*next, *kind));
                *next += 1;
                (Operand::NONE, Operand::plain(number))
            }),
            Self::Uints { next, end, kind } => (*next < *end).then(|| {
                *next += 1;
                (Operand::NONE, Operand::plain(Value::Uint(*next - 1, *kind)))
            }),
            Self::List { next, list } => {
                let item = Operand::element(list.items().get(*next)?.clone(), *list.element());
                Some((index(next), item))
            }
            Self::Bytes { next, bytes } => {
                let item = Operand::plain(Value::from(*bytes.as_slice().get(*next)?));
                Some((index(next), item))
            }
            Self::Map { entries, element } => {
                let (key, value) = entries.next()?;
                Some((Operand::plain(Value::Str(key)), Operand::element(value, **element)))
            }
        }
    }
}

fn object(value: &Value) -> Option<Arc<dyn Object>> {
    if let Value::Object(object) = value { Some(Arc::clone(object)) } else { None }
}

impl<'t> State<'t, '_> {
    pub(super) fn range(&mut self, range: &'t Range, dot: &Operand) -> Result<(), Error> {
        let variables = self.variables.len();
        let value = self.pipeline(&range.pipe, dot)?.value;
        let items = self.items(range, &value)?;
        let turns = Turns { range, items, variables, inner: self.variables.len() };
        self.frames.push(Frame::Range(Box::new(turns)));
        if !self.turn()? {
            // The variables are those of the loop in its `else` as well.
            self.frames.pop();
            self.frames.push(Frame::EndElse { variables });
            self.push_list(&range.otherwise, dot.clone());
        }
        Ok(())
    }

    fn items(&self, range: &Range, value: &Value) -> Result<Items, Error> {
        let number = matches!(value.plain(), Value::Int(..) | Value::Uint(..));
        if let Some(name) = value.type_of().filter(|_| number && range.pipe.variables.len() > 1) {
            return self.fail(format!("can't use {name} to iterate over more than one variable"));
        }
        Ok(match value.plain() {
            Value::Nil => Items::List { next: 0, list: List::nil(&Type::Any) },
            Value::Int(end, kind) => Items::Ints { next: 0, end, kind, named: object(value) },
            Value::Uint(end, kind) => Items::Uints { next: 0, end, kind },
            Value::List(list) => Items::List { next: 0, list },
            Value::Bytes(bytes) => Items::Bytes { next: 0, bytes },
            Value::Map(map) => {
                self.call.meter().step(map.len()).map_err(|stop| self.stop(stop))?;
                Items::Map { entries: map.entries().into_iter(), element: map.element() }
            }
            _ => {
                let name = value.type_of().unwrap_or(Type::Any);
                return self.fail(format!("range can't iterate over {name}"));
            }
        })
    }

    /// Begins the next turn of the innermost loop; says no if there is none.
    pub(super) fn turn(&mut self) -> Result<bool, Error> {
        self.step()?;
        let Some(Frame::Range(turns)) = self.frames.last_mut() else { return Ok(false) };
        self.variables.truncate(turns.inner);
        let Some((index, element)) = turns.items.next() else { return Ok(false) };
        let range = turns.range;
        self.declare(range, index, &element)?;
        self.push_list(&range.list, element);
        Ok(true)
    }

    fn declare(&mut self, range: &'t Range, index: Operand, element: &Operand) -> Result<(), Error> {
        match (range.pipe.variables.as_slice(), range.pipe.assigns) {
            ([name], true) => self.set_variable(name, element.clone()),
            ([first, second, ..], true) => {
                self.set_variable(first, index)?;
                self.set_variable(second, element.clone())
            }
            (names, false) => {
                let values = [element.clone(), index];
                for (variable, value) in self.variables.iter_mut().rev().zip(values).take(names.len()) {
                    variable.value = value;
                }
                Ok(())
            }
            ([], true) => Ok(()),
        }
    }

    pub(super) fn declare_variable(&mut self, name: &'t str, value: Operand) {
        self.variables.push(Variable { name, value });
    }
}
