//! Documents and paths that want to cost too much.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(missing_docs, reason = "tests")]

use keyferry_jsonpath::{DEPTH, Error, Path};

fn find(path: &str, json: &str) -> Result<(), Error> {
    Path::parse(path)?.find(json.as_bytes()).map(|_| ())
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    for path in ["(".repeat(60), "-".repeat(60), format!("${}", "[?@".repeat(60)), "f(".repeat(60)] {
        assert_eq!(find(&path, "1"), Err(Error::TooDeep { limit: 50 }), "{path}");
    }
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(find("$..x", &deep(DEPTH)), Ok(()));
    assert_eq!(find("$", &deep(DEPTH + 1)), Err(Error::TooDeep { limit: DEPTH }));
}

#[test]
fn long_paths_are_refused_and_short_ones_of_any_text_end() {
    assert_eq!(find(&"x".repeat(5000), "1"), Err(Error::TooLong { limit: 4096 }));
    for text in ["[", "]", "(", "\"", "'", "`", "$", "@", ".", ":", "?", "*", "/*", "//", "=", "\u{0}", "\u{301}", "-"]
    {
        let _ = find(&text.repeat(40), "{}");
        let _ = find(&format!("$.a{text}"), "{\"a\":[]}");
        let _ = find(&format!("$[{text}"), "{\"a\":[]}");
    }
}

#[test]
fn a_path_that_multiplies_is_over_its_work() {
    let wide = format!("[{}]", vec!["[1,[2,[3]]]"; 20_000].join(","));
    let nested = format!("{}1{}", "[1,".repeat(400), "]".repeat(400));
    for (path, json) in [
        ("$..*..*..*..*", wide.as_str()),
        ("$..[?@==$]", wide.as_str()),
        ("$..*..*..*", nested.as_str()),
        ("$[?$[?$[?@==$]==$]==$]", wide.as_str()),
    ] {
        assert_eq!(find(path, json), Err(Error::TooMuchWork), "{path}");
    }
}

#[test]
fn nothing_that_is_printed_shows_the_document() {
    let json = br#"{"a":"canary","b":[{"c":"canary"}]}"#;
    for path in ["$", "$.a", "$..c", "$.a.b", "$.x", "$.b[?@.c==\"canary\"]"] {
        let found = Path::parse(path).unwrap().find(json);
        assert!(!format!("{found:?}").contains("canary"), "{path}");
    }
}
