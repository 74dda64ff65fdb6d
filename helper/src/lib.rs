//! Secrets as files for agents: resolves handles to files beneath a mounted root, and says what is wrong with a mount.
//!
//! It has no network code, needs no right at the Kubernetes API, and prints a value only as an answer of the protocol.

pub mod check;
pub mod configuration;
pub mod handle;
pub mod mount;
pub mod names;
