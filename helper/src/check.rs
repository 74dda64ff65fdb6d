//! `keyferry-helper check`.

pub mod environment;
pub mod executable;
pub mod finding;
pub mod mountinfo;
pub mod options;
pub mod rights;
