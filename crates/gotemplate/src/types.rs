//! Go's types, as far as templates can tell them apart.

use std::fmt;

/// A signed integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are Go's names")]
pub enum IntKind {
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
}

/// An unsigned integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are Go's names")]
pub enum UintKind {
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
}

/// A floating-point type, or the parts of a complex one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are Go's names")]
pub enum FloatKind {
    Float32,
    Float64,
}

/// The type of a value, of a list's elements, or of a function's parameter. [`Display`](fmt::Display) writes it as Go's
/// `reflect` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `interface {}`: takes every value.
    Any,
    /// `reflect.Value`: takes every value, and `nil` where a literal stands.
    Reflect,
    /// `bool`.
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// A floating-point number.
    Float(FloatKind),
    /// A complex number; the kind is that of its parts.
    Complex(FloatKind),
    /// `string`.
    String,
    /// A slice.
    List(&'static Type),
    /// A map from strings.
    Map(&'static Type),
    /// A function; the text is its Go type, such as `func(string) int`.
    Func(&'static str),
    /// A type of the host's, by its Go name, such as `time.Time` or `*url.URL`.
    Object(&'static str),
}

impl Type {
    /// `int`.
    pub const INT: Self = Self::Int(IntKind::Int);
    /// `int64`.
    pub const INT64: Self = Self::Int(IntKind::Int64);
    /// `float64`.
    pub const FLOAT64: Self = Self::Float(FloatKind::Float64);
    /// `[]byte`, which `reflect` calls `[]uint8`.
    pub const BYTES: Self = Self::List(&Self::Uint(UintKind::Uint8));
    /// `[]interface {}`.
    pub const LIST: Self = Self::List(&Self::Any);
    /// `[]string`.
    pub const STRINGS: Self = Self::List(&Self::String);
    /// `map[string]interface {}`.
    pub const MAP: Self = Self::Map(&Self::Any);

    /// Whether an untyped `nil` can be this.
    pub(crate) fn can_be_nil(self) -> bool {
        match self {
            Self::Any | Self::Reflect | Self::List(_) | Self::Map(_) | Self::Func(_) => true,
            Self::Object(name) => name.starts_with('*'),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("interface {}"),
            Self::Reflect => f.write_str("reflect.Value"),
            Self::Bool => f.write_str("bool"),
            Self::Int(kind) => f.write_str(kind.name()),
            Self::Uint(kind) => f.write_str(kind.name()),
            Self::Float(FloatKind::Float32) => f.write_str("float32"),
            Self::Float(FloatKind::Float64) => f.write_str("float64"),
            Self::Complex(FloatKind::Float32) => f.write_str("complex64"),
            Self::Complex(FloatKind::Float64) => f.write_str("complex128"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "[]{element}"),
            Self::Map(element) => write!(f, "map[string]{element}"),
            Self::Func(name) | Self::Object(name) => f.write_str(name),
        }
    }
}

impl IntKind {
    fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
        }
    }
}

impl UintKind {
    fn name(self) -> &'static str {
        match self {
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Uintptr => "uintptr",
        }
    }
}

impl IntKind {
    /// The number as Go converts it: what does not fit is cut off.
    pub fn wrap(self, number: i64) -> i64 {
        let bits = match self {
            Self::Int8 => 8,
            Self::Int16 => 16,
            Self::Int32 => 32,
            Self::Int | Self::Int64 => 64,
        };
        number << (64 - bits) >> (64 - bits)
    }
}

impl UintKind {
    /// The number as Go converts it: what does not fit is cut off.
    pub fn wrap(self, number: u64) -> u64 {
        match self {
            Self::Uint8 => number & 0xff,
            Self::Uint16 => number & 0xffff,
            Self::Uint32 => number & 0xffff_ffff,
            Self::Uint | Self::Uint64 | Self::Uintptr => number,
        }
    }
}

impl FloatKind {
    /// The nearest number of this kind.
    #[expect(clippy::cast_possible_truncation, reason = "that is the point")]
    pub fn round(self, number: f64) -> f64 {
        match self {
            Self::Float32 => f64::from(number as f32),
            Self::Float64 => number,
        }
    }
}
