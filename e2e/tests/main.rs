//! The end-to-end tests: one binary, so that all of them share one control plane.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what went wrong by panicking")]
#![allow(clippy::large_futures, reason = "nobody counts the bytes of a test")]

mod api;
mod chart;
mod faults;
mod ground;
mod provider;
mod sync;
