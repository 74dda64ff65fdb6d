//! A path on the first line, a document behind it: the lookup ends within its budget, and what it finds in JSON is JSON.
//! Each member of an object is found under its key.

#![no_main]

use std::collections::HashMap;

use gjson::{Error, Limits, get, members, valid};
use keyferry_fuzz::{in_time, lines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let ([path], json) = lines(input);
    let path = String::from_utf8_lossy(path);
    in_time(|| is_found(json, &path));
    in_time(|| has_its_members(json));
});

fn is_found(json: &[u8], path: &str) {
    let found = match get(json, path) {
        Ok(found) => found,
        Err(error) => return assert!(!matches!(error, Error::Syntax { .. } | Error::NotAnObject)),
    };
    let Some(value) = found else { return };
    assert!(value.raw().len() <= Limits::default().work);
    let (text, extracted) = (value.as_bytes(), value.as_extracted());
    assert!(text.len() <= value.raw().len().max(400), "only a number grows when it is printed");
    assert!(extracted.len() <= 3 * value.raw().len());
    assert!(format!("{value:?}").len() < 40, "it shows no content");
    // A literal need not be JSON, and a modifier can make text of it.
    if !path.contains(['@', '!']) && valid(json).is_ok() {
        assert_eq!(valid(value.raw()), Ok(()), "{}", value.raw().escape_ascii());
    }
}

fn has_its_members(json: &[u8]) {
    let Ok(members) = members(json) else { return assert!(valid(json).is_err() || first(json) != Some(b'{')) };
    let mut firsts: HashMap<String, Vec<u8>> = HashMap::new();
    for (key, value) in members.take(50) {
        firsts.entry(key).or_insert_with(|| value.raw().to_vec());
    }
    // gjson reads half of a surrogate pair, and bytes that are not UTF-8, otherwise than `encoding/json`.
    for (key, raw) in firsts.iter().filter(|(key, _)| !key.contains('\u{fffd}') && key.len() < 1000) {
        let path: String = key.chars().flat_map(|character| ['\\', character]).collect();
        let found = get(json, &path).expect("a key is within the limits");
        assert_eq!(found.expect("a member is found").raw(), raw, "{key:?}");
    }
}

fn first(json: &[u8]) -> Option<u8> {
    json.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}
