//! Cases of the family `lists`.

use super::calls::{calls, calls_of};
use super::grow::{Grower, Line};

/// Lists of every type, and what is none.
const LISTS: &[&str] = &[
    "(list)",
    "(list 1)",
    "(list 1 2 3)",
    r#"(list "a" nil 0 "" false)"#,
    "(list (list 1) (list) nil (dict))",
    "(list 1 1 1.0 (int64 1) .u8 true)",
    ".list",
    ".strings",
    ".ints",
    ".empty",
    ".bytes",
    "(keys (dict \"a\" 1))",
    "(keys (dict))",
    "(until 4)",
    "(chunk 2 (list 1 2 3))",
    "(rest (list))",
    "(concat)",
    "(slice .bytes 2 5)",
    "(slice .list 1)",
    ".nil",
    "nil",
    r#""abc""#,
    ".bin",
    "7",
    "true",
    ".map",
    ".smap",
    "(dict)",
    "",
];

const WITH_ITEM: &[&str] = &[
    "(list) 1",
    "(list) nil",
    "(list 1) (list 2)",
    "(list 1 2) 3",
    ".strings \"z\"",
    ".strings 1",
    ".ints 9",
    ".bytes 0",
    ".empty \"x\"",
    ".list .list",
    "(concat) 1",
    "(until 2) nil",
    "nil 1",
    "\"ab\" \"c\"",
    ".map 1",
    "(list)",
    "(list) 1 2",
];

const WITH_ITEMS: &[&str] = &[
    "(list 1 2 3)",
    "(list 1 2 3) 2",
    "(list 1 2 3) 2 3 1",
    "(list 1 2 3) (int64 2)",
    "(list 1 2 3) 2.0",
    "(list nil 1 nil) nil",
    "(list \"a\" \"\" \"b\") \"\"",
    ".strings \"a\"",
    ".ints 1 2",
    ".bytes 98",
    ".bytes (index .bytes 0)",
    "(list (list 1) (list 2)) (list 1)",
    "(list (dict \"a\" 1) (dict)) (dict)",
    "(list (list) (rest (list))) (list)",
    "(list (float64 \"nan\")) (float64 \"nan\")",
    "(list) 1",
    "(concat) 1",
    "nil 1",
    "\"a\" \"a\"",
    ".map 1",
    "",
];

const NEEDLES: &[&str] = &[
    "1 (list 1 2)",
    "3 (list 1 2)",
    "1.0 (list 1 2)",
    "(int64 1) (list 1 2)",
    "nil (list)",
    "nil (list nil)",
    "1 nil",
    "nil nil",
    "\"a\" .strings",
    "\"\" .strings",
    "\"c\" .strings",
    "1 .ints",
    "98 .bytes",
    "(index .bytes 0) .bytes",
    "(list 1) (list (list 1))",
    "(dict) (list (dict))",
    "(float64 \"nan\") (list (float64 \"nan\"))",
    "\"a\" \"abc\"",
    "\"a\" (dict \"a\" 1)",
    "1 1",
    "1",
];

const SLICES: &[&str] = &[
    "(list 1 2 3)",
    "(list 1 2 3) 1",
    "(list 1 2 3) 1 2",
    "(list 1 2 3) 0 0",
    "(list 1 2 3) 3",
    "(list 1 2 3) 3 3",
    "(list 1 2 3) 4",
    "(list 1 2 3) 0 4",
    "(list 1 2 3) 2 1",
    "(list 1 2 3) -1",
    "(list 1 2 3) \"1\" \"0x2\"",
    "(list 1 2 3) nil true",
    "(list 1 2 3) 1.9 2.9",
    "(list 1 2 3) \"x\"",
    "(list 1 2 3) 1 2 9 9",
    "(list 1 2 3) .u64",
    "(list)",
    "(list) 5 9",
    "(list) -1",
    "(slice (list 1 2 3) 0 1) 0 3",
    "(slice (list 1 2 3) 1 2) 0 2",
    "(slice (list 1 2 3) 1 2) 0 3",
    ".strings 1 3",
    ".ints 2",
    ".bytes 2 4",
    "(slice .bytes 2 4) 0 8",
    "(slice .bytes 2 4) 0 9",
    "(until 5) 2 3",
    "(deepCopy (slice (list 1 2 3) 0 1)) 0 3",
    "(deepCopy (slice .bytes 0 1)) 0 3",
    "(deepCopy (slice .ints 0 1)) 0 3",
    "nil",
    "\"abc\" 1 2",
    ".map",
    "",
];

const CHUNKS: &[&str] = &[
    "1 (list 1 2 3)",
    "2 (list 1 2 3)",
    "3 (list 1 2 3)",
    "4 (list 1 2 3)",
    "9223372036854775807 (list 1 2 3)",
    "2 (list 1 2 3 4)",
    "2 (list)",
    "0 (list)",
    "0 (list 1)",
    "0 (list 1 2)",
    "-1 (list)",
    "-2 (list)",
    "-1 (list 1)",
    "-2 (list 1)",
    "-1 (list 1 2)",
    "-2 (list 1 2)",
    "-1 (list 1 2 3)",
    "-2 (list 1 2 3)",
    "-3 (list 1 2 3)",
    "-2 (list 1 2 3 4 5)",
    "-9223372036854775808 (list 1 2)",
    "2 .strings",
    "2 .bytes",
    "2 .ints",
    "2 .nil",
    "2 nil",
    "2 \"abc\"",
    "2 .map",
    "2.5 (list 1)",
    "\"2\" (list 1)",
    "2",
];

const CONCATS: &[&str] = &[
    "",
    "(list)",
    "(list) (list)",
    "(list 1)",
    "(list 1) (list 2 3) (list)",
    ".strings .ints .bytes .list",
    "(list (list 1)) (list nil)",
    "(rest (list))",
    "(list 1) nil",
    "nil",
    "(list 1) \"ab\"",
    "(list 1) .map",
    "(list 1) 2",
];

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [
        calls_of(&["first", "mustFirst", "last", "mustLast", "rest", "mustRest", "initial", "mustInitial"], LISTS),
        calls_of(&["reverse", "mustReverse", "uniq", "mustUniq", "compact", "mustCompact"], LISTS),
        calls_of(&["append", "mustAppend", "push", "mustPush", "prepend", "mustPrepend"], WITH_ITEM),
        calls_of(&["without", "mustWithout"], WITH_ITEMS),
        calls_of(&["has", "mustHas"], NEEDLES),
        calls_of(&["slice", "mustSlice"], SLICES),
        calls_of(&["chunk", "mustChunk"], CHUNKS),
        calls("concat", CONCATS),
        calls_of(&["list", "tuple"], ITEMS),
    ]
    .concat()
}

const ITEMS: &[&str] = &[
    "",
    "nil",
    "1",
    "1 \"a\" true 1.5 'a' 1i nil",
    "(list)",
    "(list 1) (dict \"a\" 1)",
    ".bin",
    ".list .strings .ints",
    ".nil",
    ".u8 .i8 .f32",
    "(first (list))",
    "dict",
];

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let must = grower.one_of(&["", "", "must"]);
    let (function, arguments) = match grower.random.below(8) {
        0..3 => (grower.one_of(ONE), list(grower)),
        3 => (grower.one_of(&["Append", "Push", "Prepend"]), format!("{} {}", list(grower), item(grower))),
        4 => ("Without", format!("{} {}", list(grower), items(grower))),
        5 => ("Has", format!("{} {}", item(grower), list(grower))),
        6 => ("Slice", format!("{} {}", exact(grower), bounds(grower))),
        _ => return other(grower),
    };
    format!("{} {arguments}", named(must, function))
}

const ONE: &[&str] = &["First", "Last", "Rest", "Initial", "Reverse", "Uniq", "Compact"];

/// `first` or `mustFirst`.
fn named(must: &str, function: &str) -> String {
    if must.is_empty() { function[..1].to_lowercase() + &function[1..] } else { must.to_owned() + function }
}

fn other(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(4) {
        0 => format!("concat {} {}", list(grower), list(grower)),
        1 => format!("{} {}", grower.one_of(&["list", "tuple"]), items(grower)),
        _ => format!("{} {} {}", grower.one_of(&["chunk", "mustChunk"]), grower.small(), list(grower)),
    }
}

/// A list, which may come of another function; rarely something else.
fn list(grower: &mut Grower<'_>) -> String {
    match grower.random.below(8) {
        0 => grower.any(),
        1 => format!("({})", grow(grower)),
        2 => grower.one_of(&[".bytes", "(until 5)", "(keys (dict \"a\" 1))", "(concat)", "(rest (list))"]).to_owned(),
        3 => format!("(list {})", items(grower)),
        4 => format!("({} {})", named("", grower.one_of(ONE)), list(grower)),
        _ => grower.list(),
    }
}

/// A list that has no more room than it needs: how much of it others have depends on Go's allocator.
fn exact(grower: &mut Grower<'_>) -> String {
    match grower.random.below(6) {
        0 => grower.any(),
        1 => format!("(reverse {})", list(grower)),
        2 => format!("(slice {} {})", exact(grower), bounds(grower)),
        3 => format!("(list {})", items(grower)),
        _ => grower.one_of(&[".list", ".strings", ".ints", ".bytes", ".empty", "(list)"]).to_owned(),
    }
}

fn items(grower: &mut Grower<'_>) -> String {
    (0..grower.random.below(6)).map(|_| item(grower) + " ").collect()
}

/// Few different ones, so that some are equal.
fn item(grower: &mut Grower<'_>) -> String {
    match grower.random.below(4) {
        0 => grower.any(),
        1 => grower.one_of(&["(list)", "(list 1)", "(dict)", "(dict \"a\" 1)", "(rest (list))", "nil"]).to_owned(),
        _ => grower.one_of(&["0", "1", "2", "1.0", "\"a\"", "\"\"", "\"b\"", "(int64 1)", "true", "false"]).to_owned(),
    }
}

fn bounds(grower: &mut Grower<'_>) -> String {
    let bounds = ["0", "1", "2", "3", "4", "-1", "\"1\"", "nil", "true", "1.5"];
    (0..grower.random.below(3)).map(|_| grower.one_of(&bounds).to_owned() + " ").collect()
}
