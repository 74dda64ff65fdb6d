//! Values that can be found again wherever they leak to: every one is made of one marker, over and over.
//!
//! A cut or a window of a value still holds the marker, and so does its base64 at any alignment, its hexadecimal, URL and
//! JSON form: the marker is letters and digits only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry_e2e::scratch::suffix;

const MARKER: &str = "KfCnry";

/// A value of its own, with signs in it that JSON, URLs and shells escape.
pub(super) fn value() -> String {
    let own = suffix();
    format!("{MARKER}{own}/+\"%\u{e9}{MARKER}{own}")
}

/// A value of about `size` bytes.
pub(super) fn large(size: usize) -> String {
    value().chars().cycle().take(size).collect()
}

/// A value that may stand in a header or a name.
pub(super) fn word() -> String {
    format!("{MARKER}{}", suffix())
}

/// The first trace of any value in `text`, with what stands around it in the log of a failed test: only the position.
pub(super) fn trace(text: &str) -> Option<usize> {
    forms().iter().find_map(|form| text.find(form.as_str()))
}

fn forms() -> Vec<String> {
    let hex: String = MARKER.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![MARKER.to_owned(), hex.to_uppercase(), hex];
    forms.extend((0..3).map(encoded));
    forms
}

/// The characters of the marker's base64 that do not depend on what stands `offset` bytes before it and behind it.
fn encoded(offset: usize) -> String {
    let whole = STANDARD.encode(["\0".repeat(offset), MARKER.to_owned()].concat());
    let (from, to) = ((offset * 8).div_ceil(6), (offset + MARKER.len()) * 8 / 6);
    whole[from..to].to_owned()
}

#[test]
fn a_value_is_found_in_every_form_and_nothing_else_is() {
    let value = value();
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(trace(&value).is_some() && trace(&hex).is_some() && trace(&hex.to_uppercase()).is_some());
    for before in ["", "a", "ab", "abc"] {
        assert!(trace(&STANDARD.encode(format!("{before}{value}"))).is_some(), "{before}");
    }
    assert!(trace(&value[..11]).is_some() && trace(&value[value.len() - 17..]).is_some());
    assert_eq!(trace("an ordinary line of a log"), None);
}
