//! The end-to-end tests: one binary, so that all of them share one control plane.

mod ground;
