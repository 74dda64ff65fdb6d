//! Values, with Go's kinds.

use crate::types::{FloatKind, IntKind, Type, UintKind};
use crate::{Bytes, Function, List, Map, Object};
use std::fmt;
use std::sync::Arc;

/// A value of a template. A clone is cheap, and of a map or object it is the same one.
///
/// `Debug` shows types and lengths, and no content: a value may be a secret.
#[derive(Clone)]
pub enum Value {
    /// Nothing: Go's untyped `nil`, and what a missing key is.
    Nil,
    /// A `bool`.
    Bool(bool),
    /// A signed integer. It is within the bounds of its kind.
    Int(i64, IntKind),
    /// An unsigned integer. It is within the bounds of its kind.
    Uint(u64, UintKind),
    /// A floating-point number. A `float32` is one that a `float32` can hold.
    Float(f64, FloatKind),
    /// A complex number: its real and its imaginary part.
    Complex(f64, f64, FloatKind),
    /// A `string`: any bytes.
    Str(Arc<[u8]>),
    /// A `[]byte`.
    Bytes(Bytes),
    /// A slice of anything else.
    List(List),
    /// A map from strings.
    Map(Map),
    /// A function that `call` can call.
    Func(Function),
    /// A value of the host's, with fields and methods.
    Object(Arc<dyn Object>),
}

impl Value {
    /// Go's `int`.
    pub const fn int(number: i64) -> Self {
        Self::Int(number, IntKind::Int)
    }

    /// A `string` of any bytes.
    pub fn str(bytes: impl AsRef<[u8]>) -> Self {
        Self::Str(bytes.as_ref().into())
    }

    /// The type that Go would name; nothing for [`Value::Nil`], which has none.
    pub fn type_of(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_, kind) => Type::Int(*kind),
            Self::Uint(_, kind) => Type::Uint(*kind),
            Self::Float(_, kind) => Type::Float(*kind),
            Self::Complex(_, _, kind) => Type::Complex(*kind),
            Self::Str(_) => Type::String,
            Self::Bytes(_) => Type::BYTES,
            Self::List(list) => Type::List(list.element()),
            Self::Map(map) => Type::Map(map.element()),
            Self::Func(function) => Type::Func(function.type_name()),
            Self::Object(object) => Type::Object(object.type_name()),
        })
    }

    /// What a variable of `type` is before anything is put into it.
    pub fn zero(of: Type) -> Self {
        match of {
            Type::Any | Type::Reflect | Type::Func(_) | Type::Object(_) => Self::Nil,
            Type::Bool => Self::Bool(false),
            Type::Int(kind) => Self::Int(0, kind),
            Type::Uint(kind) => Self::Uint(0, kind),
            Type::Float(kind) => Self::Float(0.0, kind),
            Type::Complex(kind) => Self::Complex(0.0, 0.0, kind),
            Type::String => Self::str(b""),
            Type::BYTES => Self::Bytes(Bytes::nil()),
            Type::List(element) => Self::List(List::nil(element)),
            Type::Map(element) => Self::Map(Map::nil(element)),
        }
    }

    /// Whether `if` takes it for true: not the zero of its type, and not empty.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(truth) => *truth,
            Self::Int(number, _) => *number != 0,
            Self::Uint(number, _) => *number != 0,
            Self::Float(number, _) => *number != 0.0,
            Self::Complex(real, imaginary, _) => *real != 0.0 || *imaginary != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Func(_) => true,
            Self::Object(object) => object.underlying().is_none_or(|value| value.is_true()),
        }
    }

    /// Whether it is `nil`, or the `nil` of a slice or map type.
    pub fn is_nil(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::Bytes(bytes) => bytes.is_nil(),
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// The value without its named type: a `time.Duration` is an `int64` to comparisons and numbers.
    pub(crate) fn plain(&self) -> Self {
        match self {
            Self::Object(object) => object.underlying().unwrap_or_else(|| self.clone()),
            _ => self.clone(),
        }
    }

    /// What an integer is, if it is one; beyond `i64` nothing.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self.plain() {
            Self::Int(number, _) => Some(number),
            Self::Uint(number, _) => i64::try_from(number).ok(),
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match self {
            Self::Str(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
            _ => return self.type_of().map_or(f.write_str("nil"), |name| write!(f, "{name}")),
        };
        write!(f, "{} of {length}", self.type_of().unwrap_or(Type::Any))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// Go's `int64`.
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number, IntKind::Int64)
    }
}

/// Go's `float64`.
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number, FloatKind::Float64)
    }
}

/// Go's `uint8`.
impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Self::Uint(number.into(), UintKind::Uint8)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::str(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::str(text)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

/// A value and whether it lies in a variable of type `interface {}`: Go tells a `nil` in one from no value at all.
#[derive(Clone)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    pub(crate) boxed: bool,
}

impl Operand {
    /// What Go calls an invalid value.
    pub(crate) const NONE: Self = Self::plain(Value::Nil);

    pub(crate) const fn plain(value: Value) -> Self {
        Self { value, boxed: false }
    }

    /// An element of something whose elements have the type `element`.
    pub(crate) fn element(value: Value, element: Type) -> Self {
        Self { value, boxed: element == Type::Any }
    }

    /// Takes it out of its `interface {}`.
    pub(crate) fn unboxed(self) -> Self {
        Self::plain(self.value)
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.boxed || !matches!(self.value, Value::Nil)
    }

    /// The type of the variable, which for a boxed value is not that of the value.
    pub(crate) fn static_type(&self) -> Type {
        if self.boxed { Type::Any } else { self.value.type_of().unwrap_or(Type::Any) }
    }
}
