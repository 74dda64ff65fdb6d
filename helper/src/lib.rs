//! Secrets as files for agents: resolves handles to files beneath a mounted root, and says what is wrong with a mount.
//!
//! It has no network code, needs no right at the Kubernetes API, and prints a value only as an answer of the protocol.
//!
//! A call goes down through these: [`handle`] is what a client wrote; [`reader`] opens the roots once (`view`), one
//! generation of each volume (`volume`), a file beneath it and nothing else ([`beneath`]), and its bytes within [`limits`]
//! (`content`, [`fields`]). What goes wrong is a [`failure::Failure`] of one handle.
//!
//! [`configuration`] finds the handles that a text asks for, and [`check`] says which of them will not work, and what else is
//! wrong where the helper runs.

pub mod allow;
pub mod answer;
pub mod beneath;
pub mod check;
pub mod cli;
pub mod configuration;
mod content;
pub mod failure;
pub mod fields;
pub mod fragment;
pub mod get;
pub mod handle;
pub mod install;
pub mod limits;
pub mod modes;
pub mod mount;
pub mod names;
pub mod protocol;
pub mod reader;
pub mod settings;
mod view;
mod volume;

#[cfg(test)]
mod scratch;
