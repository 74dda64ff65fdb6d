//! Cases of the family `reflection`.

use super::calls::{calls, calls_of};
use super::grow::{Grower, Line};

/// Of every type that there is.
const VALUES: &[&str] = &[
    "nil",
    ".nil",
    ".missing",
    ".when",
    ".took",
    ".when.Month",
    ".when.Location",
    "(semver \"1.2.3\")",
    "1",
    "1.5",
    "1i",
    "'a'",
    "true",
    r#""x""#,
    ".bin",
    ".i8",
    ".i64",
    ".u8",
    ".u64",
    ".f32",
    "(list)",
    "(rest (list))",
    ".strings",
    ".ints",
    ".bytes",
    "(chunk 1 (list 1))",
    "(first (chunk 1 (list 1)))",
    "(dict)",
    ".smap",
    "(until 3)",
    "(int64 3)",
    "(add 1 2)",
    "(addf 1 2)",
    "(keys (dict))",
    "(get (dict) \"a\")",
    "(get .map \"c\")",
    "(index .bytes 0)",
    "",
];

const EQUALS: &[&str] = &[
    "1 1",
    "1 1.0",
    "1 (int64 1)",
    "1 2",
    "nil nil",
    "nil 0",
    "nil (list)",
    ".nil nil",
    "(list) (list)",
    "(list) (rest (list))",
    "(list) .empty",
    "(list) (until 0)",
    "(list 1 2) (list 1 2)",
    "(list 1 2) (list 2 1)",
    "(list 1) (list 1 2)",
    "(list nil) (list nil)",
    "(list (list 1)) (list (list 1))",
    "(list 1) (list 1.0)",
    ".ints (list 3 1 2)",
    ".ints .ints",
    "(dict) (dict)",
    r#"(dict "a" 1) (dict "a" 1)"#,
    r#"(dict "a" 1) (dict "a" 2)"#,
    r#"(dict "a" nil) (dict "b" nil)"#,
    r#"(dict "a" nil) (dict)"#,
    r#"(dict "a" (list 1)) (dict "a" (list 1))"#,
    ".map .map",
    ".map .smap",
    ".smap .smap",
    ".bytes .bytes",
    ".bytes (slice .bytes 0)",
    ".bytes .bin",
    ".bin .bin",
    r#""a" "a""#,
    r#""a" "b""#,
    "true true",
    "0.0 -0.0",
    r#"(float64 "nan") (float64 "nan")"#,
    "1i 1i",
    ".deep (deepCopy .deep)",
    ".deep .deep",
    ".when .when",
    ".when .took",
    ".took .took",
    ".took 5025500000000",
    "(list .when) (list .when)",
    "(semver \"1.2.3\") (semver \"1.2.3\")",
    "(semver \"1.2.3\") (semver \"1.2.3-beta\")",
    "(semver \"1.2.3\") (semver \"1.2.3+build\")",
    "(semver \"1.2.3\") (semver \"v1.2.3\")",
    ".when (.when.Add 1)",
    "1",
    "1 1 1",
];

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [
        calls_of(&["typeOf", "kindOf"], VALUES),
        calls("deepEqual", EQUALS),
        calls_of(&["typeIs", "typeIsLike"], TYPES),
        calls("kindIs", KINDS),
        FUNCTIONS.to_vec(),
        vec![r#"{{ $l := list (float64 "nan") }}{{ deepEqual $l $l }} {{ deepEqual (list $l) (list $l) }}"#],
        vec![r#"{{ $d := dict "a" (float64 "nan") }}{{ deepEqual $d $d }} {{ deepEqual $d (deepCopy $d) }}"#],
    ]
    .concat()
}

const TYPES: &[&str] = &[
    r#""string" "a""#,
    r#""int" 1"#,
    r#""int64" 1"#,
    r#""int64" (int64 1)"#,
    r#""[]interface {}" (list)"#,
    r#""[]interface{}" (list)"#,
    r#""map[string]interface {}" (dict)"#,
    r#""map[string]string" .smap"#,
    r#""[]uint8" .bytes"#,
    r#""<nil>" nil"#,
    r#""nil" nil"#,
    r#""" nil"#,
    r#""*int" 1"#,
    r#""bool" true"#,
    r#""[][]interface {}" (chunk 1 (list))"#,
    "1 1",
    r#""int""#,
    ".bin .bin",
    r#""semver.Version" (semver "1.2.3")"#,
    r#""*semver.Version" (semver "1.2.3")"#,
    r#""time.Time" .when"#,
    r#""time.Duration" .took"#,
];

const KINDS: &[&str] = &[
    r#""string" "a""#,
    r#""int" 1"#,
    r#""int64" 1"#,
    r#""slice" (list)"#,
    r#""slice" .bytes"#,
    r#""map" (dict)"#,
    r#""invalid" nil"#,
    r#""nil" nil"#,
    r#""float64" 1.5"#,
    r#""float32" .f32"#,
    r#""complex128" 1i"#,
    r#""bool" .no"#,
    r#""uint8" .u8"#,
    "1 1",
    r#""int""#,
];

/// Functions as arguments: they are called.
const FUNCTIONS: &[&str] = &[
    "{{ typeOf dict }}",
    "{{ kindOf list }}",
    "{{ list 1 | typeOf }}",
    "{{ with typeOf . }}{{ . }}{{ end }}",
    "{{ range .list }}{{ kindOf . }} {{ end }}",
];

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(6) {
        0 => format!("{} {}", grower.one_of(&["typeOf", "kindOf"]), value(grower)),
        1 => format!("{} {} {}", grower.one_of(&["typeIs", "typeIsLike", "kindIs"]), name(grower), value(grower)),
        _ => format!("deepEqual {} {}", value(grower), value(grower)),
    }
}

fn name(grower: &mut Grower<'_>) -> String {
    match grower.random.below(4) {
        0 => grower.text(),
        1 => format!("({} {})", grower.one_of(&["typeOf", "kindOf"]), value(grower)),
        _ => format!("{:?}", grower.one_of(&["int", "string", "[]interface {}", "slice", "map", "bool", "float64"])),
    }
}

/// Few different ones, so that some are equal.
fn value(grower: &mut Grower<'_>) -> String {
    match grower.random.below(6) {
        0 => grower.any(),
        1 => grower.list(),
        2 => grower.dict(),
        3 => format!("(list {} {})", value(grower), value(grower)),
        4 => format!("(dict \"a\" {})", value(grower)),
        _ => grower.one_of(&["1", "\"a\"", "nil", "(list)", "(dict)", "true", "(rest (list))", ".ints"]).to_owned(),
    }
}
