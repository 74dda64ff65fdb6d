//! Templates that call every function, made by the input's bytes or written in it behind a `=`: each ends in time, within
//! its budgets, or with an error that says where.

#![no_main]

use std::sync::LazyLock;

use gotemplate::{ErrorKind, Functions, Limits, Parser};
use keyferry_fuzz::host::{Still, data};
use keyferry_fuzz::{grammar, in_time};
use libfuzzer_sys::fuzz_target;

/// Small ones, so that they are met. Keys are made seldom: each takes a while.
const LIMITS: Limits = Limits {
    source: 16 << 10,
    nesting: 50,
    nodes: 4000,
    output: 64 << 10,
    memory: 1 << 20,
    steps: 20_000,
    calls: 200,
    depth: 50,
    work: 4,
};

static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| keyferry_sprig::functions(Still::default()));

fuzz_target!(|input: &[u8]| {
    let source = match input {
        [b'=', source @ ..] => source.to_vec(),
        _ => grammar::source(input, &FUNCTIONS).into_bytes(),
    };
    in_time(|| execute(&source));
});

fn execute(source: &[u8]) {
    let parser = Parser { limits: LIMITS, ..Parser::default() };
    let rendered = parser.parse("t", source, &FUNCTIONS).and_then(|template| template.render(&data()));
    match rendered {
        Ok(output) => assert!(output.len() <= LIMITS.output),
        Err(error) => {
            assert!(error.to_string().starts_with("template: t:"), "{error}");
            assert!(error.kind() != ErrorKind::Interrupted && error.line().is_none_or(|line| line > 0));
        }
    }
}
