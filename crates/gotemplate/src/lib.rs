#![doc = include_str!("../README.md")]

mod builtin;
mod called;
mod error;
mod exec;
mod fmt;
mod function;
mod lex;
mod limits;
mod list;
mod map;
mod node;
mod number;
mod object;
mod parse;
mod quote;
mod tables;
mod template;
mod types;
mod unicode;
pub mod utf8;
mod value;

pub use error::{Budget, Error, ErrorKind, FuncError, Stop};
pub use function::{Call, Function, Functions};
pub use limits::{Limits, Meter};
pub use list::{Bytes, List};
pub use map::Map;
pub use number::{FloatError, parse_float, parse_int};
pub use object::{Object, Signature};
pub use template::{MissingKey, Parser, Template};
pub use types::{FloatKind, IntKind, Type, UintKind};
pub use value::Value;
