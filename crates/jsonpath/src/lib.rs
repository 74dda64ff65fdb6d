#![doc = include_str!("../README.md")]

mod error;
mod find;
mod item;
mod meter;
mod parse;
mod scan;
mod syntax;
mod unquote;

pub use error::Error;
pub use find::Found;

/// The deepest nesting of a document that is followed.
pub const DEPTH: usize = 500;

/// A path that was parsed.
#[derive(Debug, Clone)]
pub struct Path {
    expression: syntax::Expression,
}

impl Path {
    /// Reads a path, for example `$.data.password`.
    ///
    /// # Errors
    /// What is none, with the column at which that shows.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::parse(text).map(|expression| Self { expression })
    }

    /// What `json` has at the path.
    ///
    /// # Errors
    /// A text that is no JSON, a member that is not there, or too much work.
    pub fn find<'a>(&self, json: &'a [u8]) -> Result<Found<'a>, Error> {
        find::find(&self.expression, json)
    }
}
