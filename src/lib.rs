//! Keyferry.

pub mod api;
pub mod cluster;
pub mod controller;
pub mod duration;
pub mod ops;
pub mod plan;
pub mod poll;
pub mod provider;
pub mod sealed;
