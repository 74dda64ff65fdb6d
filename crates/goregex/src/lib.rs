#![doc = include_str!("../README.md")]

mod class;
mod engine;
mod error;
mod expand;
mod gauge;
mod limits;
mod matches;
mod node;
mod parse;
mod quote;
mod regexp;
mod tables;
mod text;

pub use error::{Error, ErrorKind, Limit};
pub use expand::Replacement;
pub use limits::Limits;
pub use matches::{Matches, Submatches};
pub use quote::quote_meta;
pub use regexp::Regexp;
