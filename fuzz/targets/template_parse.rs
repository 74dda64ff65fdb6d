//! Any bytes as a template's source, with either pair of delimiters: it parses within the limits, or the error says which
//! line is wrong. What has parsed is executed within its budget, with no functions but Go's own.

#![no_main]

use gotemplate::{Functions, Limits, Map, Parser, Value};
use keyferry_fuzz::in_time;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    source: 8192,
    nesting: 50,
    nodes: 4000,
    output: 1 << 20,
    memory: 1 << 20,
    steps: 20_000,
    calls: 200,
    depth: 50,
    work: 4,
};

fuzz_target!(|source: &[u8]| {
    for (left, right) in [("", ""), ("[[", "]]")] {
        in_time(|| parse(&Parser { left, right, limits: Limits::default(), ..Parser::default() }, source));
        in_time(|| parse(&Parser { left, right, limits: LIMITS, ..Parser::default() }, source));
    }
});

fn parse(parser: &Parser<'_>, source: &[u8]) {
    let template = match parser.parse("t", source, &Functions::new()) {
        Ok(template) => template,
        Err(error) => {
            let lines = source.split(|&byte| byte == b'\n').count();
            assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error}");
            return assert!(error.to_string().starts_with("template: t:"), "{error}");
        }
    };
    assert!(source.len() <= parser.limits.source);
    assert!(template.defined().count() <= parser.limits.nodes);
    let data = Value::from(Map::strings([("a", "b")]));
    if let Ok(output) = template.render(&data) {
        assert!(output.len() <= parser.limits.output);
    }
}
