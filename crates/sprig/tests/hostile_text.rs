//! No text, number or expression may make a function of strings, paths, URLs, encodings or regular expressions panic, hang
//! or use more than the budget, and no error shows a value.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed setup is a failed test")]

use keyferry_gotemplate::{Budget, Error, ErrorKind, Limits, Map, Parser, Template, Value};
use keyferry_sprig::{System, functions};
use std::time::{Duration, Instant};

const MEMORY: Budget = Budget::Memory(16 << 20);
const STEPS: Budget = Budget::Steps(500_000);

/// Renders with `.x` as the value, in little time even in a build without optimisation.
fn render(source: &str, x: &Value) -> Result<Vec<u8>, Error> {
    let data = Value::from(Map::any([("x", x.clone())]));
    let template = Template::parse("t", source, &functions(System)).unwrap();
    let start = Instant::now();
    let result = template.render(&data);
    assert!(start.elapsed() < Duration::from_secs(10), "{source} took {:?}", start.elapsed());
    result
}

fn budget(source: &str, x: impl AsRef<[u8]>) -> Budget {
    match render(source, &Value::str(x)).map_err(|error| error.kind()) {
        Err(ErrorKind::Budget(budget)) => budget,
        other => panic!("{source}: {:?}", other.map(|output| output.len())),
    }
}

/// Whether each source meets this budget with this text.
fn all_meet(met: Budget, cases: &[(&str, String)]) {
    let wrong: Vec<_> = cases.iter().filter(|(source, x)| budget(source, x) != met).map(|(source, _)| source).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// 16 MB, more than fits into the budget once more.
fn huge(byte: &[u8]) -> Vec<u8> {
    byte.repeat((16 << 20) / byte.len() + 1)
}

#[test]
fn what_grows_is_taken_from_the_budget_before_it_is_made() {
    all_meet(
        MEMORY,
        &[
            ("{{ repeat 9223372036854775807 .x }}", "ab".into()),
            ("{{ repeat 20 .x }}", "a".repeat(1 << 20)),
            ("{{ indent 9223372036854775807 .x }}", String::new()),
            ("{{ indent 1000 .x }}", "\n".repeat(20_000)),
            ("{{ nindent 16777216 .x }}", "a".into()),
            ("{{ replace \"a\" .x .x }}", "a".repeat(10_000)),
            ("{{ replace \"\" .x .x }}", "a".repeat(10_000)),
            ("{{ wrapWith 1 .x .x }}", "a".repeat(10_000)),
            ("{{ join .x (splitList \"\" .x) }}", "a".repeat(10_000)),
            ("{{ quote .x .x .x }}", "\\".repeat(3 << 20)),
            ("{{ squote .x .x .x }}", "a".repeat(6 << 20)),
            ("{{ cat .x .x .x }}", "a".repeat(6 << 20)),
            ("{{ splitList \"\" .x }}", "a".repeat(400_000)),
            ("{{ split \"a\" .x }}", "a".repeat(400_000)),
            ("{{ splitn \"a\" 9223372036854775807 .x }}", "a".repeat(400_000)),
            ("{{ regexReplaceAll \"\" .x .x }}", "a".repeat(10_000)),
            ("{{ regexSplit \"\" .x -1 }}", "a".repeat(600_000)),
            ("{{ regexReplaceAllLiteral \"a\" .x .x }}", "a".repeat(10_000)),
        ],
    );
    let many = |call: &str| format!("{{{{ range 20 }}}}{{{{ $y := {call} $.x }}}}{{{{ end }}}}");
    all_meet(
        STEPS,
        &["b64enc", "b32enc", "upper"].map(many).each_ref().map(|source| (source.as_str(), "a".repeat(1 << 20))),
    );
    let all = "$0".repeat(1000);
    assert_eq!(budget(&format!("{{{{ regexReplaceAll \".*\" .x \"{all}\" }}}}"), "a".repeat(100_000)), MEMORY);
}

/// Each of these reads 16 MB, and many a loop calls them again.
#[test]
fn what_is_looked_at_is_counted() {
    let sources = [
        "upper .x",
        "lower .x",
        "title .x",
        "untitle .x",
        "swapcase .x",
        "initials .x",
        "nospace .x",
        "camelcase .x",
        "snakecase .x",
        "kebabcase .x",
        "trim .x",
        "trimAll .x \"a\"",
        "trimAll \"a\" .x",
        "b64enc .x",
        "b64dec .x",
        "b32enc .x",
        "b32dec .x",
        "hexdec .x",
        "sha1sum .x",
        "sha256sum .x",
        "sha512sum .x",
        "adler32sum .x",
        "urlParse .x",
        "urlJoin (dict \"path\" .x)",
        "urlJoin (dict \"userinfo\" .x)",
        "clean .x",
        "dir .x",
        "regexQuoteMeta .x",
        "regexMatch \"ab\" .x",
        "regexFind \"ab\" .x",
        "regexFindAll \"a\" .x -1",
        "regexSplit \"a\" .x -1",
        "regexReplaceAll \"a\" .x \"\"",
        "regexReplaceAll \"b\" \"a\" .x",
        "toStrings .x | join .x",
    ];
    for byte in [b"a".as_slice(), b" ", b"\xff", b"/", "ä".as_bytes()] {
        let x = Value::str(huge(byte));
        for source in sources {
            let result = render(&format!("{{{{ $y := {source} }}}}"), &x);
            let kind = result.map_err(|error| (error.kind(), error.to_string()));
            let over = matches!(kind, Err((ErrorKind::Budget(STEPS | MEMORY), _)));
            assert!(
                over || source.starts_with("dir") || source.starts_with("toStrings") || source.starts_with("trim"),
                "{source}: {kind:?}"
            );
        }
    }
    for source in [
        "contains \"b\" $.x",
        "hasPrefix $.x $.x",
        "hasSuffix $.x $.x",
        "replace \"b\" \"\" $.x",
        "trunc 1 (trim $.x)",
        "base $.x",
        "ext $.x",
        "dir $.x",
        "sortAlpha (list $.x $.x)",
        "regexMatch \"b\" $.x",
        "splitn \"b\" 2 $.x",
        "trimPrefix $.x $.x",
        "trimSuffix $.x $.x",
    ] {
        let loops = format!("{{{{ range 400000 }}}}{{{{ $y := {source} }}}}{{{{ end }}}}");
        let met = budget(&loops, "a".repeat(1 << 20));
        assert!(matches!(met, STEPS | MEMORY), "{source}: {met:?}");
    }
}

#[test]
fn lists_of_what_is_long_are_not_sorted_for_ever() {
    let mut source = "{{ $l := list }}{{ $l = splitList \",\" (repeat 20000 \",\") }}".to_owned();
    source += "{{ range 100 }}{{ $y := sortAlpha $l }}{{ end }}";
    assert_eq!(budget(&source, ""), STEPS);
    let shared = format!("{{{{ $y := sortAlpha (list {}) }}}}", "$.x ".repeat(1000));
    assert_eq!(budget(&shared, "a".repeat(1 << 20)), STEPS);
}

/// Letters `a` and `b` in an order that no expression foresees.
fn noise(length: usize) -> String {
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let mut letter = || {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        if bits & 1 == 0 { 'a' } else { 'b' }
    };
    (0..length).map(|_| letter()).collect()
}

#[test]
fn expressions_are_compiled_and_searched_within_the_budget() {
    let text = noise(200_000);
    all_meet(
        STEPS,
        &[
            ("{{ regexMatch \"[ab]*a[ab]{500}[cd]\" .x }}", text.clone()),
            ("{{ regexFind \"(?:(a|b)*a(a|b){200})\" .x }}", text.clone()),
            ("{{ regexReplaceAll \"((a|b)?){400}\" .x \"$1\" }}", text.clone()),
            ("{{ range 400000 }}{{ $y := regexMatch \"a+b\" \"\" }}{{ end }}", String::new()),
            ("{{ range 400000 }}{{ $y := regexMatch \"\\\\pL{9}\" \"\" }}{{ end }}", String::new()),
            ("{{ range 400000 }}{{ $y := regexMatch $.x \"\" }}{{ end }}", "(".repeat(8000)),
            ("{{ regexFindAll \"b*?a[ab]*c|a\" .x -1 }}", "a".repeat(200_000)),
        ],
    );
    let error = |source: &str, x: String| render(source, &Value::str(x)).unwrap_err().cause().to_owned();
    assert_eq!(
        error("{{ regexMatch .x \"a\" }}", "a".repeat(8193)),
        "error calling regexMatch: regular expression: expression over the limit of 8192 bytes"
    );
    assert_eq!(
        error("{{ regexFind \"\\\\pL{100}\" .x }}", "a".into()),
        "error calling regexFind: regular expression: compiled expression over the limit of 1048576 bytes"
    );
}

/// A search that takes long asks in between.
#[test]
fn the_caller_can_interrupt_searches() {
    let parser = Parser { limits: Limits { steps: usize::MAX, ..Limits::default() }, ..Parser::default() };
    let template = parser.parse("t", "{{ regexFindAll \"b*?a[ab]*c|a\" .x -1 }}", &functions(System)).unwrap();
    let data = Value::from(Map::any([("x", Value::str("a".repeat(50_000)))]));
    let asked = std::cell::Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 5
    };
    let error = template.render_until(&data, &stop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[test]
fn every_number_and_every_byte_is_taken() {
    let numbers =
        ["-9223372036854775808", "-9223372036854775807", "-7", "-1", "0", "1", "3", "6", "9223372036854775807"];
    let functions = [
        "trunc",
        "abbrev",
        "wrap",
        "splitn \"a\"",
        "abbrevboth 0",
        "abbrevboth 9",
        "substr 0",
        "substr 2",
        "substr -1",
        "repeat",
        "indent",
    ];
    let texts: Vec<Value> =
        [b"".to_vec(), b"a".to_vec(), b"a b c d e f g h".to_vec(), (0..=255).collect(), b"\xe4\xb8".to_vec()]
            .into_iter()
            .map(Value::str)
            .collect();
    for function in functions {
        for number in numbers {
            for text in &texts {
                let _ = render(&format!("{{{{ {function} {number} .x }}}}"), text);
                let _ = render(
                    &format!("{{{{ abbrevboth {number} {number} .x }}}}{{{{ substr {number} {number} .x }}}}"),
                    text,
                );
                let _ = render(&format!("{{{{ wrapWith {number} .x .x }}}}"), text);
            }
        }
    }
}

#[test]
fn no_error_shows_a_value() {
    let sources = [
        "urlParse .x",
        "urlParse (print \"http://\" .x)",
        "urlParse (print \"http://a:\" .x)",
        "urlParse (print \"http://[\" .x)",
        "urlParse (print .x \"%zz\")",
        "urlParse (print .x \"\\x00\")",
        "urlJoin (dict \"userinfo\" .x)",
        "urlJoin (dict \"userinfo\" (print \"%\" .x))",
        "urlJoin (dict \"host\" 271828)",
        "urlJoin (dict \"host\" (list .x))",
        "regexFind .x \"\"",
        "mustRegexMatch .x \"\"",
        "regexReplaceAll .x .x .x",
        "regexSplit .x .x -1",
        "regexFindAll .x .x -1",
        "substr 1 0 .x",
        "substr 271828 271829 .x",
        "repeat -271828 .x",
        "indent -271828 .x",
        "trunc .x .x",
    ];
    let mut failed = 0;
    for source in sources {
        let Err(error) = render(&format!("{{{{ $y := {source} }}}}"), &Value::str("hunter2(:%[")) else { continue };
        let shown = error.cause();
        failed += 1;
        assert!(!shown.contains("hunter2") && !shown.contains("271828"), "{source}: {shown}");
    }
    assert!(failed > 15, "{failed}");
}
