//! The tests on a real node: `make e2e-node` makes the ground for it and runs them.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what went wrong by panicking")]
#![allow(clippy::format_collect, clippy::large_futures, reason = "nobody counts the bytes of a test")]

mod agent;
mod datadog;
mod escape;
mod figures;
mod generations;
mod ground;
mod lifecycle;
mod operator;
mod rotation;
