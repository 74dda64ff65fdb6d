//! Values of the host's own types, such as `time.Time`.

use crate::types::Type;
use crate::{Call, FuncError, Value};

/// A value with fields and methods, which the host defines. All but its type's name may stay as it is.
pub trait Object: Send + Sync {
    /// Its Go type, such as `time.Time`; a pointer's begins with `*`.
    fn type_name(&self) -> &'static str;

    /// The value of a field and the type it is declared with; nothing if there is no such field.
    fn field(&self, name: &str) -> Option<(Value, Type)> {
        let _ = name;
        None
    }

    /// The parameters of a method; nothing if there is no such method.
    fn method(&self, name: &str) -> Option<Signature> {
        let _ = name;
        None
    }

    /// Calls a method, with arguments that fit [`Object::method`].
    fn call(&self, call: &mut Call<'_>, name: &str, arguments: &[Value]) -> Result<Value, FuncError> {
        let _ = (call, arguments);
        Err(format!("no method {name}").into())
    }

    /// What its `String` or `Error` method says; nothing if it has neither.
    fn text(&self) -> Option<Vec<u8>> {
        None
    }

    /// What its `GoString` method says, for `%#v`; nothing if it has none.
    fn go_text(&self) -> Option<Vec<u8>> {
        None
    }

    /// The value that an integer literal stands for where one of its methods takes the host's type `name`: `5` is a
    /// `time.Duration` to `Add`. Without this a literal is refused there, as one is for a type that is no integer.
    fn literal(&self, name: &str, number: i64) -> Option<Value> {
        let _ = (name, number);
        None
    }

    /// The value that it is without its name, if its kind is a basic one: an `int64` for a `time.Duration`.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// The value of the same type with another number, if [`Object::underlying`] is an integer: what `range` counts with.
    /// Without this it counts with the plain number.
    fn counting(&self, number: i64) -> Option<Value> {
        let _ = number;
        None
    }

    /// The names and values of a struct's fields in the order of declaration, for printing.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Whether both are equal to Go's `==`; nothing if the type cannot be compared.
    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let _ = other;
        None
    }

    /// Itself as [`Any`](std::any::Any), so that the host's functions find their own type again.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// The parameters of a function or method.
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    /// Their types. The last one of a variadic function is that of each further argument.
    pub parameters: &'static [Type],
    /// Whether the last may stand any number of times.
    pub variadic: bool,
}
