//! No input may panic, hang, exhaust the stack or leak into an error.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed setup is a failed test")]

use keyferry_gjson::{Error, Limits, MAX_DEPTH, get, get_within, members, valid, valid_within};

/// Knuth's linear congruential generator: the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn bytes(&mut self, alphabet: &[&str], most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.below(most) {
            match self.below(20) {
                0 => bytes.push(u8::try_from(self.below(256)).unwrap()),
                _ => bytes.extend_from_slice(alphabet[self.below(alphabet.len())].as_bytes()),
            }
        }
        bytes
    }
}

const JSON: [&str; 30] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\"a\"",
    "\"b\":",
    "{\"a\":",
    "[1,",
    "1",
    "-",
    "0.5",
    "1e9",
    "null",
    "true",
    "false",
    "n",
    " ",
    "\n",
    "\\u",
    "\\ud83d",
    "\u{e9}",
    "(",
    ")",
    "_",
    "\"a\":[{\"a\":1}]",
    "{\"a\":{\"b\":[1,2]}}",
];

const PATHS: [&str; 40] = [
    "a",
    "b",
    ".",
    "|",
    "#",
    "#.",
    "#(",
    ")",
    ")#",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "*",
    "?",
    "@",
    "!",
    "@this",
    "@keys",
    "@values",
    "@reverse",
    "@flatten",
    ":{\"deep\":true}",
    "@join",
    "@group",
    "@dig:",
    "@pretty",
    "@ugly",
    ":{\"sortKeys\":true,\"width\":9}",
    "@tostr",
    "@fromstr",
    "@valid",
    "0",
    "1",
    "==",
    "%\"*\"",
];

#[test]
fn no_bytes_make_it_panic() {
    let mut random = Random(1);
    let limits = Limits { work: 1 << 20, ..Limits::default() };
    for _ in 0..30_000 {
        let json = random.bytes(&JSON, 25);
        let path = String::from_utf8_lossy(&random.bytes(&PATHS, 10)).into_owned();
        if let Ok(Some(value)) = get_within(&json, &path, limits) {
            let _ = (value.as_text(), value.as_extracted(), format!("{value:?}"));
        }
        if let Ok(members) = members(&json) {
            assert!(valid(&json).is_ok());
            members.for_each(|(_, value)| assert!(valid(value.raw()).is_ok(), "a member is JSON"));
        }
    }
}

#[test]
fn an_error_has_a_place_and_no_content() {
    let error = valid(b"{\"a\": hunter2}").unwrap_err();
    assert_eq!(error, Error::Syntax { offset: 6 });
    assert_eq!(error.to_string(), "not JSON at byte 6");
    assert_eq!(valid(b"[1, 2").unwrap_err(), Error::Syntax { offset: 5 });
    assert_eq!(members("[1]").err(), Some(Error::NotAnObject));
}

#[test]
fn debug_shows_no_content() {
    let value = get(r#"{"a":"hunter2"}"#, "a").unwrap().unwrap();
    assert_eq!(format!("{value:?}"), "Value(String, 9 bytes)");
}

#[test]
fn nesting_is_bounded_as_asked() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(valid(nested(MAX_DEPTH).as_bytes()), Ok(()));
    assert_eq!(valid(nested(MAX_DEPTH + 1).as_bytes()), Err(Error::TooDeep { limit: MAX_DEPTH }));
    assert_eq!(valid_within(nested(3).as_bytes(), 2), Err(Error::TooDeep { limit: 2 }));
    assert_eq!(valid_within(nested(2).as_bytes(), 2), Ok(()));
}

#[test]
fn paths_are_bounded_in_length_and_depth() {
    let long = "a".repeat(4097);
    assert_eq!(get("{}", &long).err(), Some(Error::PathTooLong { limit: 4096 }));
    let deep = "[".repeat(20_000) + &"]".repeat(20_000);
    let zeros = |count| vec!["0"; count].join(".");
    assert!(get(&deep, &zeros(100)).unwrap().is_some());
    for path in [zeros(1000), "#.".repeat(1000), "[".repeat(1000) + &"]".repeat(1000), "@this|".repeat(600)] {
        assert_eq!(get(&deep, &path).err(), Some(Error::TooDeep { limit: 128 }), "{path}");
    }
    for path in ["@pretty:{\"width\":0}", "@flatten:{\"deep\":true}", "@dig:a"] {
        assert_eq!(get(&deep, path).err(), Some(Error::TooDeep { limit: 128 }), "{path}");
    }
}

#[test]
fn a_path_that_doubles_its_output_runs_out_of_work() {
    let path = vec!["[@this,@this]"; 60].join("|");
    assert_eq!(get(r#"{"a":1}"#, &path).err(), Some(Error::TooMuchWork));
    let small = Limits { work: 100, ..Limits::default() };
    assert_eq!(get_within(&"[1]".repeat(100), "0", small).err(), Some(Error::TooMuchWork));
}
