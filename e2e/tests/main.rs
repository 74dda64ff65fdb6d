//! The end-to-end tests: one binary, so that all of them share one control plane.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what went wrong by panicking")]
#![allow(clippy::format_collect, clippy::large_futures, reason = "nobody counts the bytes of a test")]
#![allow(
    clippy::similar_names,
    clippy::unchecked_time_subtraction,
    reason = "what a test names and measures is its own"
)]

mod api;
mod chart;
mod faults;
mod ground;
mod helper;
mod nudge;
mod provider;
mod render;
mod sync;
mod template;
mod tenants;
mod trials;
