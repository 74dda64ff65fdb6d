//! The program as it is run: by agents, by an init container, and by whoever wishes it ill.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on may stop")]

#[path = "program/command_line.rs"]
mod command_line;
#[path = "program/conformance.rs"]
mod conformance;
#[path = "program/generations.rs"]
mod generations;
#[path = "program/hostile.rs"]
mod hostile;
#[path = "program/mounts.rs"]
mod mounts;
#[path = "program/run.rs"]
mod run;
#[path = "program/system_calls.rs"]
mod system_calls;
