//! `keyferry-helper check`.

pub mod environment;
pub mod executable;
pub mod finding;
pub mod handles;
pub mod mountinfo;
pub mod options;
pub mod rights;
pub mod root;
pub mod token;
