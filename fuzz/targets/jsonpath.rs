//! A path on the first line, a document behind it: the search ends within its budget, and all JSON that it finds is a part
//! of the document. A plain member is what gjson finds under that name.

#![no_main]

use jsonpath::{Error, Found, Path};
use keyferry_fuzz::{in_time, lines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let ([path], json) = lines(input);
    let path = String::from_utf8_lossy(path);
    let parsed = match in_time(|| Path::parse(&path)) {
        Ok(parsed) => parsed,
        Err(error) => return is_of_the_path(&error, &path),
    };
    in_time(|| is_found(&parsed, json));
    in_time(|| has_its_members(json));
});

fn is_of_the_path(error: &Error, path: &str) {
    match error {
        Error::Syntax { column, .. } => assert!((1..=path.chars().count() + 1).contains(column), "column {column}"),
        Error::TooLong { limit } => assert!(path.len() > *limit),
        other => assert!(matches!(other, Error::TooDeep { .. }), "{other}"),
    }
}

fn is_found(path: &Path, json: &[u8]) {
    match path.find(json) {
        Ok(found) => {
            assert!(gjson::valid(json).is_ok());
            is_of_the_document(&found, json);
            // What is printed of it, and the text that is made of it, must not panic.
            let _ = (found.text(), format!("{found:?}"));
        }
        Err(error) => assert!(!matches!(error, Error::Syntax { .. } | Error::TooLong { .. }), "{error}"),
    }
}

fn is_of_the_document(found: &Found<'_>, json: &[u8]) {
    match found {
        Found::Json(raw) => {
            let (whole, part) = (json.as_ptr_range(), raw.as_ptr_range());
            assert!(whole.start <= part.start && part.end <= whole.end, "it is borrowed from the document");
            assert_eq!(gjson::valid(raw), Ok(()), "{}", raw.escape_ascii());
        }
        Found::List(list) => list.iter().for_each(|found| is_of_the_document(found, json)),
        Found::Text(_) | Found::Number(_) | Found::Bool(_) | Found::Nil => {}
    }
}

/// The last of one name counts here, as with Go; so a name that stands twice is passed over.
fn has_its_members(json: &[u8]) {
    let Ok(members) = gjson::members(json) else { return };
    let members: Vec<_> = members.take(50).map(|(key, value)| (key, value.raw().to_vec())).collect();
    let plain = |key: &str| !key.is_empty() && key.len() < 100 && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    for (key, raw) in members.iter().filter(|(key, _)| plain(key)) {
        if members.len() == 50 || members.iter().filter(|(other, _)| other == key).count() > 1 {
            continue;
        }
        let path = Path::parse(&format!("$[\"{key}\"]")).expect("a path");
        match path.find(json) {
            Ok(found) => assert_eq!(found, Found::Json(raw), "{key}"),
            Err(error) => assert!(matches!(error, Error::NotJson | Error::TooDeep { .. } | Error::TooMuchWork), "{error}"),
        }
    }
}
