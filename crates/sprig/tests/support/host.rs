//! The functions under test, and values of types that only they have.

use keyferry_gotemplate::{Functions, Value};
use keyferry_sprig::System;
use std::sync::LazyLock;

pub fn functions() -> &'static Functions {
    static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| keyferry_sprig::functions(System));
    &FUNCTIONS
}

/// A value of a type that Go's `time` has.
pub fn object(kind: &str, text: &str) -> Value {
    panic!("no kind {kind} for {text}")
}
