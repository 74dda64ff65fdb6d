//! Cases of the family `dicts`.

use super::calls::{calls, calls_of};
use super::grow::{Grower, Line};

const DICTS: &[&str] = &[
    "",
    r#""a""#,
    r#""a" 1"#,
    r#""a" 1 "b""#,
    r#""a" 1 "a" 2"#,
    "1 2 1.5 3 true 4 nil 5",
    r#"(list 1 "b") 1"#,
    r#"(dict "x" 1) 1"#,
    ".bytes 1 .bin 2",
    r#""é" "ü" "" """#,
    "'a' 1",
    ".strings 1 .i8 2 .f32 3",
    r#""a" nil"#,
    r#""a" (dict "b" (dict "c" (list)))"#,
    "1i 2",
];

/// A map and a key.
const KEYS: &[&str] = &[
    r#".map "a""#,
    r#".map "c""#,
    r#".map "missing""#,
    r#".map """#,
    r#".deep "map""#,
    r#"(dict "" 1) """#,
    "(dict .bin 1) .bin",
    r#"(dict "é" nil) "é""#,
    r#"nil "a""#,
    r#".nil "a""#,
    r#".smap "a""#,
    r#".list "a""#,
    ".map 1",
    ".map nil",
    ".map",
    r#".map "a" "b" "c""#,
];

const KEYS_AND_VALUES: &[&str] = &[
    r#"(dict) "a" 1"#,
    r#"(dict "a" 1) "a" 2"#,
    r#"(dict "a" 1) "a" nil"#,
    r#"(dict "a" 1) "b" (list 1)"#,
    r#"(dict) "" """#,
    "(dict) .bin .bin",
    r#".map "new" .map.a"#,
    r#".map "a" (dict)"#,
    r#"nil "a" 1"#,
    r#".nil "a" 1"#,
    r#".smap "a" "b""#,
    r#".list "a" 1"#,
    "(dict) 1 1",
    r#"(dict) "a""#,
];

const CHOICES: &[&str] = &[
    ".map",
    r#".map "a""#,
    r#".map "a" "b""#,
    r#".map "c""#,
    r#".map "x" "a" "a""#,
    r#".map """#,
    r#"(dict) "a""#,
    r#"nil "a""#,
    "nil",
    r#".nil "a""#,
    r#".smap "a""#,
    ".map 1",
    r#"(dict .bin 1 "b" 2) .bin"#,
    "",
];

/// How maps are put into each other.
const MERGES: &[&str] = &[
    "(dict)",
    "nil",
    r#"nil (dict "a" 1)"#,
    "nil nil",
    "nil (dict)",
    r#"(dict "a" 1) nil"#,
    r#"(dict "a" 1) (dict "a" 2 "b" 3)"#,
    r#"(dict "a" 1) (dict "a" 2 "b" 3) (dict "c" 4)"#,
    r#"(dict "a" 0 "b" "" "c" false "d" nil "e" 0.0) (dict "a" 1 "b" "x" "c" true "d" 2 "e" 1.5)"#,
    r#"(dict "a" 1 "b" "x" "c" true "d" 2) (dict "a" 0 "b" "" "c" false "d" nil)"#,
    r#"(dict "a" 1) (dict "a" "text")"#,
    r#"(dict "a" 0i) (dict "a" 1i)"#,
    r#"(dict) (dict "a" nil "b" 0)"#,
    r#"(dict "a" (list)) (dict "a" (list 1))"#,
    r#"(dict "a" (list 1)) (dict "a" (list 2 3))"#,
    r#"(dict "a" (list 1)) (dict "a" (list))"#,
    r#"(dict "a" (list 1)) (dict "a" (rest (list)))"#,
    r#"(dict "a" 1) (dict "a" (list 1))"#,
    r#"(dict "a" "") (dict "a" (list 1))"#,
    r#"(dict "a" (list 1)) (dict "a" 1)"#,
    r#"(dict "x" 1) (dict "a" (list 1 2))"#,
    r#"(dict) (dict "a" (list 1 2) "b" (list))"#,
    r#"(dict "a" (dict "b" 1)) (dict "a" (dict "b" 2 "c" 3))"#,
    r#"(dict "a" (dict)) (dict "a" (dict "b" 2))"#,
    r#"(dict "a" (dict "b" 1)) (dict "a" (dict))"#,
    r#"(dict "a" (dict "b" 1)) (dict "a" nil)"#,
    r#"(dict "a" nil) (dict "a" (dict "b" 1))"#,
    r#"(dict "a" (dict "b" (dict "c" 1 "d" 0))) (dict "a" (dict "b" (dict "c" 2 "d" 3 "e" 4)))"#,
    r#"(dict "a" 1) (dict "a" (dict "b" 2))"#,
    r#"(dict "a" "") (dict "a" (dict "b" 2))"#,
    r#"(dict "a" (dict "b" 2)) (dict "a" 1)"#,
    r#"(dict "a" (dict "b" 2)) (dict "a" "")"#,
    r#"(dict "a" .smap) (dict "a" (dict "z" 1))"#,
    r#"(dict "a" .smap) (dict "a" (dict "new" "x"))"#,
    r#"(dict "a" .smap) (dict "a" (dict "z" (list)))"#,
    r#"(dict "a" .smap) (dict "a" (dict "z" nil))"#,
    r#"(dict "a" .smap) (dict "a" .smap)"#,
    r#"(dict "a" (dict "z" 1)) (dict "a" .smap)"#,
    r#"(dict "a" (dict)) (dict "a" .smap)"#,
    r#"(dict "a" .bytes) (dict "a" .bin)"#,
    r#"(dict "a" .bin) (dict "a" .bytes)"#,
    r#"(dict "a" .strings) (dict "a" .list)"#,
    ".map .deep",
    ".deep .map",
    ".map .map",
    r#"(dict "a" 1) .smap"#,
    r#".smap (dict "a" 1)"#,
    "(dict) .list",
    r#"(dict "a" .when "b" .took) (dict "a" (dict) "b" (dict))"#,
    r#"(dict "a" (dict) "b" "") (dict "a" .when "b" .took)"#,
    r#"(dict "a" .when) (dict "a" .when)"#,
    r#"(dict "a" (dict "b" 1)) (dict "a" .when)"#,
    "",
];

const COPIES: &[&str] = &[
    ".when",
    ".took",
    "(list .when (dict \"a\" .when \"b\" .took))",
    "nil",
    ".nil",
    "1",
    "1.5",
    "true",
    r#""text""#,
    ".bin",
    ".bytes",
    ".list",
    ".strings",
    ".ints",
    ".map",
    ".smap",
    ".deep",
    ".empty",
    "(list)",
    "(dict)",
    "(rest (list))",
    "(list nil (list nil (dict \"a\" nil)))",
    "(dict \"a\" (list .bytes .i8 .u64 .f32 1i))",
    "(chunk 2 (list 1 2 3))",
    "(list (rest (list)) (list))",
    "",
];

const DIGS: &[&str] = &[
    r#""a" "none" .map"#,
    r#""x" "none" .map"#,
    r#""c" "none" .map"#,
    r#""map" "a" "b" "none" .deep"#,
    r#""map" "a" "x" "none" .deep"#,
    r#""map" "x" "b" "none" .deep"#,
    r#""map" "a" "b" "none" (dict)"#,
    r#""a" "b" "none" .map"#,
    r#""a" "b" nil (dict "a" (dict "b" 1))"#,
    r#""a" "b" nil (dict "a" nil)"#,
    r#""a" "b" 0 (dict "a" .smap)"#,
    r#""a" 0 .smap"#,
    r#""a" 0 nil"#,
    r#""a" 0 .nil"#,
    r#""a" 0 .list"#,
    "1 0 .map",
    r#""x" 1 0 .map"#,
    "nil 0 .map",
    r#""a" .map"#,
    ".map",
    "",
];

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [
        calls("dict", DICTS),
        calls_of(&["get", "hasKey", "unset"], KEYS),
        calls("set", KEYS_AND_VALUES),
        calls_of(&["pick", "omit"], CHOICES),
        calls_of(&["merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"], MERGES),
        calls_of(&["deepCopy", "mustDeepCopy"], COPIES),
        calls("dig", DIGS),
        calls("pluck", PLUCKS),
        calls("keys", &["", "(dict)", "nil", ".nil", "(dict \"a\" 1)", "(dict \"a\" 1) (dict \"a\" 2 )", "nil nil"]),
        calls("keys", &[".smap", ".list", "1", "(dict \"\" 1)", "(dict .bin 1)"]),
        calls("keys .map", &["| len", "| has \"a\"", "| has \"c\"", "| has \"d\""]),
        calls("values", &["(dict)", "nil", ".nil", "(dict \"a\" 1)", "(dict \"a\" nil)", "(dict \"a\" (list 1))"]),
        calls("values", &["", ".smap", ".list", "(dict) (dict)", "(dict \"a\" .bin)"]),
        UNORDERED.to_vec(),
        POINTERS.to_vec(),
        SHARED.to_vec(),
    ]
    .concat()
}

/// Pointers, which `%#v` shows with an address.
const POINTERS: &[&str] = &[
    r#"{{ merge (dict "a" (semver "1.2.3")) (dict "a" (dict "b" 1)) }}"#,
    r#"{{ mustMerge (dict "a" (semver "1.2.3")) (dict "a" (dict "b" 1)) }}"#,
    r#"{{ mergeOverwrite (dict "a" (semver "1.2.3")) (dict "a" (dict "b" 1)) }}"#,
    r#"{{ merge (dict "a" (semver "1.2.3")) (dict "a" (dict)) }}"#,
    r#"{{ mustMerge (dict "a" (semver "1.2.3")) (dict "a" (dict)) }}"#,
    r#"{{ mergeOverwrite (dict "a" (semver "1.2.3")) (dict "a" (dict)) }}"#,
    r#"{{ merge (dict "a" (semver "1.2.3")) (dict "a" 1) }}"#,
    r#"{{ mustMerge (dict "a" (semver "1.2.3")) (dict "a" 1) }}"#,
    r#"{{ mergeOverwrite (dict "a" (semver "1.2.3")) (dict "a" 1) }}"#,
    r#"{{ merge (dict "a" (semver "1.2.3")) (dict "a" (semver "2.0.0")) }}"#,
    r#"{{ mustMerge (dict "a" (semver "1.2.3")) (dict "a" (semver "2.0.0")) }}"#,
    r#"{{ mergeOverwrite (dict "a" (semver "1.2.3")) (dict "a" (semver "2.0.0")) }}"#,
    r#"{{ merge (dict "a" (dict "b" 1)) (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ mustMerge (dict "a" (dict "b" 1)) (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ mergeOverwrite (dict "a" (dict "b" 1)) (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ merge (dict "a" "") (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ mustMerge (dict "a" "") (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ mergeOverwrite (dict "a" "") (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ merge (dict "a" (semver "1.2.3")) (dict "a" .when) }}"#,
    r#"{{ mustMerge (dict "a" (semver "1.2.3")) (dict "a" .when) }}"#,
    r#"{{ mergeOverwrite (dict "a" (semver "1.2.3")) (dict "a" .when) }}"#,
    r#"{{ merge (dict "a" .when) (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ mustMerge (dict "a" .when) (dict "a" (semver "1.2.3")) }}"#,
    r#"{{ mergeOverwrite (dict "a" .when) (dict "a" (semver "1.2.3")) }}"#,
];

/// What Go gives in any order.
const UNORDERED: &[&str] = &[
    r#"{{ $v := values .map }}{{ len $v }} {{ has 1 $v }} {{ has "two" $v }} {{ has nil $v }} {{ has "a" $v }}"#,
    r#"{{ $k := keys .map .deep .map }}{{ len $k }} {{ len (uniq $k) }} {{ len (without $k "a") }} {{ has "c" $k }}"#,
    "{{ keys .deep | len }} {{ values .deep | len }}",
    r#"{{ range keys (dict "a" 1 "b" 2) }}{{ get (dict "a" "x" "b" "x") . }}{{ end }}"#,
];

const PLUCKS: &[&str] = &[
    r#""a""#,
    r#""a" .map"#,
    r#""a" .map .deep .map"#,
    r#""c" .map"#,
    r#""x" .map"#,
    r#""a" (dict "a" 1) (dict "b" 2) (dict "a" 3)"#,
    r#""a" nil"#,
    r#""a" .nil .map"#,
    r#""a" .smap"#,
    r#""a" .list"#,
    r#""" (dict "" 1)"#,
    "1 .map",
    "",
];

/// Who sees what is put into a map.
const SHARED: &[&str] = &[
    r#"{{ $a := dict "x" 1 }}{{ $b := $a }}{{ $_ := set $b "y" 2 }}{{ $a }}"#,
    r#"{{ $a := dict "x" 1 }}{{ $l := list $a $a }}{{ $_ := set (first $l) "y" 2 }}{{ $l }}"#,
    r#"{{ $a := dict "x" 1 }}{{ $_ := unset $a "x" }}{{ $a }}"#,
    r#"{{ $a := dict }}{{ $b := set $a "x" 1 }}{{ $_ := set $b "y" 2 }}{{ $a }}{{ $b }}"#,
    r#"{{ $a := dict "n" (dict) }}{{ $b := pick $a "n" }}{{ $_ := set $b.n "y" 2 }}{{ $a }}{{ $b }}"#,
    r#"{{ $a := dict "n" (dict) }}{{ $b := omit $a "z" }}{{ $_ := set $b "y" 2 }}{{ $a }}{{ $b }}"#,
    r#"{{ $a := dict "n" (dict "x" 1) }}{{ $b := deepCopy $a }}{{ $_ := set $b.n "y" 2 }}{{ $a }}{{ $b }}"#,
    r#"{{ $a := list (dict "x" 1) }}{{ $b := deepCopy $a }}{{ $_ := set (first $b) "y" 2 }}{{ $a }}{{ $b }}"#,
    r#"{{ $a := dict }}{{ $s := dict "n" (dict "x" 1) }}{{ $_ := merge $a $s }}{{ $_ := set $a.n "y" 2 }}{{ $a }}{{ $s }}"#,
    r#"{{ $n := dict }}{{ $a := dict "n" $n }}{{ $_ := merge $a (dict "n" (dict "x" 1)) }}{{ $n }}{{ $a }}"#,
    r#"{{ $n := dict "y" 1 }}{{ $a := dict "n" $n }}{{ $_ := mergeOverwrite $a (dict "n" (dict "x" 1)) }}{{ $n }}"#,
    r#"{{ $s := dict "x" 1 }}{{ $a := merge (dict) (dict "n" $s) }}{{ $_ := merge $a (dict "n" (dict "y" 1)) }}{{ $s }}"#,
    r#"{{ $a := dict }}{{ $b := merge $a (dict "x" 1) }}{{ $_ := set $b "y" 2 }}{{ $a }}"#,
    r#"{{ $a := dict "k" 1 }}{{ range $k, $v := $a }}{{ $_ := set $a $k (add $v 1) }}{{ end }}{{ $a }}"#,
    r#"{{ $a := dict "x" (dict "y" 0) }}{{ $_ := merge $a $a }}{{ $a }}"#,
    r#"{{ $a := dict "x" (dict "y" 0) }}{{ $_ := mergeOverwrite $a $a }}{{ $a }}"#,
    r#"{{ $_ := set .map "new" 1 }}{{ .map }}"#,
    r#"{{ $_ := set . "new" 1 }}{{ .new }}"#,
    r#"{{ dict "a" 1 | merge (dict "b" 2) | keys | has "a" }}"#,
    r#"{{ (get (dict "a" (dict "b" 1)) "a").b }}"#,
];

/// One call of a function of this family, with arguments that grow. Each map is another: Go dies of one that holds itself.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    call(grower).replace(".map", "(deepCopy .map)").replace(".deep", "(deepCopy .deep)")
}

fn call(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(9) {
        0 => format!("dict {}", entries(grower)),
        1 => format!("{} {} {}", grower.one_of(&["get", "hasKey", "unset"]), map(grower), key(grower)),
        2 => format!("set {} {} {}", map(grower), key(grower), value(grower)),
        3 => format!("{} {} {}", grower.one_of(&["pick", "omit"]), map(grower), keys(grower)),
        4 => format!("{} {}", grower.one_of(&["deepCopy", "mustDeepCopy"]), value(grower)),
        5 => dig(grower),
        6 => unordered(grower),
        _ => merge(grower),
    }
}

fn merge(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(&["merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"]);
    let maps: String = (0..=grower.random.below(3)).map(|_| map(grower) + " ").collect();
    format!("{function} {maps}")
}

fn dig(grower: &mut Grower<'_>) -> Line {
    let keys: String = (0..grower.random.below(4)).map(|_| key(grower) + " ").collect();
    format!("dig {keys} {} {}", grower.small(), map(grower))
}

/// What has no order in Go is put into one.
fn unordered(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(3) {
        0 => format!("pluck {} {} {}", key(grower), map(grower), map(grower)),
        1 => format!("has {} (keys {} {})", key(grower), map(grower), map(grower)),
        _ => format!("values {} | len", map(grower)),
    }
}

fn entries(grower: &mut Grower<'_>) -> String {
    let pairs: Vec<String> =
        (0..grower.random.below(4)).map(|_| format!("{} {}", key(grower), value(grower))).collect();
    pairs.join(" ")
}

fn keys(grower: &mut Grower<'_>) -> String {
    (0..grower.random.below(4)).map(|_| key(grower) + " ").collect()
}

/// Few different ones, so that maps meet each other.
fn key(grower: &mut Grower<'_>) -> String {
    match grower.random.below(12) {
        0 => grower.text(),
        1 => grower.any(),
        _ => grower.one_of(&[r#""a""#, r#""b""#, r#""c""#, r#""map""#, r#""z""#]).to_owned(),
    }
}

fn map(grower: &mut Grower<'_>) -> String {
    match grower.random.below(8) {
        0 => grower.dict(),
        1 => grower.any(),
        2 => grower.one_of(&["nil", "(dict)", ".map", ".deep", ".nil"]).to_owned(),
        _ => format!("(dict {})", entries(grower)),
    }
}

fn value(grower: &mut Grower<'_>) -> String {
    match grower.random.below(8) {
        0 => grower.any(),
        1 => grower.list(),
        2 | 3 => map(grower),
        4 => format!("({})", call(grower)),
        5 => grower.one_of(&[".smap", "(list)", "(rest (list))", ".bytes", "(list (dict \"a\" 1))", "1i"]).to_owned(),
        _ => grower.one_of(&["0", "1", "2", "\"\"", "\"x\"", "nil", "false", "true", "0.0", "1.5"]).to_owned(),
    }
}
