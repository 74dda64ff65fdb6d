//! Cases of the family `defaults`.

use super::calls::{calls, calls_of};
use super::grow::{Grower, Line};

/// Of every kind, empty and not.
const VALUES: &[&str] = &[
    "nil",
    "0",
    "1",
    "-1",
    "0.0",
    "-0.0",
    "1.5",
    "0i",
    "1i",
    "true",
    "false",
    "'a'",
    r#""""#,
    r#""0""#,
    r#"" ""#,
    "(list)",
    "(list nil)",
    "(rest (list))",
    "(dict)",
    r#"(dict "a" nil)"#,
    ".nil",
    ".bin",
    ".e",
    ".bytes",
    ".empty",
    ".strings",
    ".ints",
    ".smap",
    ".i8",
    ".u64",
    ".f32",
    ".yes",
    ".no",
    ".missing",
    ".when",
    ".took",
    "(slice .bytes 1 1)",
    "",
];

const SEVERAL: &[&str] = &[
    "",
    "nil",
    "nil nil",
    "0 1",
    "1 0",
    r#""" 0 false nil (list) (dict)"#,
    r#""" 0 "x" 1"#,
    "1 2 3",
    "(list) (list 1)",
    ".nil .e .empty .s",
    ".no .yes",
    ".missing 5",
    "0.0 0i 1i",
];

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [
        calls("empty", VALUES),
        calls("default 7", VALUES),
        calls("default nil", VALUES),
        calls("default", SEVERAL),
        calls_of(&["coalesce", "all", "any"], SEVERAL),
        calls("ternary", TERNARIES),
        calls("fail", FAILURES),
        PIPED.to_vec(),
    ]
    .concat()
}

const TERNARIES: &[&str] = &[
    "1 2 true",
    "1 2 false",
    "nil 2 true",
    "1 nil false",
    r#""a" (list) .yes"#,
    r#""a" (list) .no"#,
    "1 2 1",
    "1 2 nil",
    "1 2 .nil",
    r#"1 2 "true""#,
    "1 2",
    "1 2 (eq 1 1)",
    ".map .smap (empty .e)",
];

const FAILURES: &[&str] =
    &[r#""no""#, r#""""#, ".bin", ".s", "1", "nil", "", ".nil", r#"(printf "%d is bad" 7)"#, r#""a" "b""#, ".bytes"];

const PIPED: &[&str] = &[
    r#"{{ .nil | default "x" }}"#,
    r#"{{ .missing | default "x" }}"#,
    "{{ .e | default .s | len }}",
    r#"{{ .missing.deeper | default "x" }}"#,
    r#"{{ true | ternary "a" "b" }}"#,
    "{{ if empty .list }}empty{{ else }}full{{ end }}",
    r#"{{ "no" | fail }}"#,
    r#"{{ if false }}{{ fail "never" }}{{ end }}fine"#,
    r#"{{ coalesce .nil .e (dict) "last" }}"#,
];

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(8) {
        0 | 1 => format!("default {} {}", value(grower), values(grower)),
        2 => format!("empty {}", value(grower)),
        3 => format!("ternary {} {} {}", value(grower), value(grower), truth(grower)),
        4 => format!("fail {}", grower.text()),
        _ => format!("{} {}", grower.one_of(&["coalesce", "all", "any"]), values(grower)),
    }
}

fn truth(grower: &mut Grower<'_>) -> String {
    match grower.random.below(4) {
        0 => grower.any(),
        1 => format!("(empty {})", value(grower)),
        _ => grower.one_of(&["true", "false", ".yes", ".no"]).to_owned(),
    }
}

fn values(grower: &mut Grower<'_>) -> String {
    (0..grower.random.below(4)).map(|_| value(grower) + " ").collect()
}

fn value(grower: &mut Grower<'_>) -> String {
    match grower.random.below(8) {
        0 => grower.list(),
        1 => grower.dict(),
        2 => format!("({})", grow(grower)),
        3 => VALUES[grower.random.below(VALUES.len() - 1)].to_owned(),
        _ => grower.any(),
    }
}
