//! Cases of the family `randoms`: what is not left to chance. `tests/randoms.rs` has the rest.

use super::calls::{calls, calls_of};
use super::grow::{Grower, Line};

const COUNTS: &[&str] =
    &["0", "-1", "-9223372036854775808", "\"1\"", "1.5", "nil", ".i8", ".nil", "", "1 2", "(int .i8)", "0.0"];

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [
        calls_of(&["randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randBytes"], COUNTS),
        calls("shuffle", &["\"\"", "\"a\"", "\"é\"", "\"aaaa\"", "\"\\xff\"", "\"\\xe2\\x82\"", "\"\\xed\\xa0\\x80\""]),
        calls("shuffle", &["1", "nil", "", ".nil", ".e", "\"a\" \"b\""]),
        calls("randInt", INTERVALS),
        calls("uuidv4", &["1", "\"\"", "nil", ". .", ".s"]),
        LENGTHS.to_vec(),
    ]
    .concat()
}

const INTERVALS: &[&str] = &[
    "0 1",
    "5 6",
    "-1 0",
    "0 0",
    "1 0",
    "5 -5",
    "-9223372036854775808 9223372036854775807",
    "9223372036854775806 9223372036854775807",
    "-9223372036854775808 -9223372036854775807",
    "1",
    "\"0\" 1",
    "nil 1",
];

const LENGTHS: &[&str] = &[
    "{{ len (randAlphaNum 33) }} {{ typeOf (randAlphaNum 1) }}",
    "{{ len (randAlpha 33) }} {{ typeOf (randAlpha 1) }}",
    "{{ len (randNumeric 33) }} {{ typeOf (randNumeric 1) }}",
    "{{ len (randAscii 33) }} {{ typeOf (randAscii 1) }}",
    "{{ len (randBytes 33) }} {{ typeOf (randBytes 1) }}",
    "{{ len (randBytes 31) }} {{ len (randBytes 32) }}",
    "{{ len (uuidv4) }} {{ typeOf uuidv4 }} {{ slice (chunk 1 (list 1)) 0 1 }}",
    "{{ typeOf (randInt 1 5) }} {{ lt (randInt 1 5) 5 }} {{ ge (randInt 1 5) 1 }}",
    "{{ len (shuffle .bin) }} {{ len (shuffle .u) }} {{ typeOf (shuffle .s) }}",
];

/// One call of a function of this family, with arguments that grow: what it answers is the same each time.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(&["randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randBytes"]);
    match grower.random.below(6) {
        0 => format!("len (shuffle {})", grower.text()),
        1 => format!("ge (randInt {} {}) 0", grower.random.below(3), grower.random.below(40)),
        2 => format!("{function} (int {}) | len", grower.one_of(&["nil", "-1", "\"x\"", ".i8", "\"12\"", "1.5"])),
        3 => format!("typeOf ({function} {})", grower.small()),
        _ => format!("len ({function} {})", grower.random.below(300)),
    }
}
