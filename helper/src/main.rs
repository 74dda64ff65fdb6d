//! The helper: arguments become one of its modes; no decisions.

fn main() {}
