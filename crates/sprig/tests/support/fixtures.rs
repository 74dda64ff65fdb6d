//! Keys, certificates and stores that are worth nothing (`fixtures/make.sh`), as templates write them.

use std::path::Path;

/// A file's bytes.
pub fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file's text.
pub fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

/// Texts one after the other.
pub fn texts(names: &[&str]) -> String {
    names.iter().map(|name| text(name)).collect()
}

/// A literal of Go's for any bytes.
pub fn literal(bytes: impl AsRef<[u8]>) -> String {
    let escaped = bytes.as_ref().iter().map(|byte| match byte {
        b'\n' => "\\n".to_owned(),
        b'"' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Literals of files.
pub fn literals(names: &[&str]) -> String {
    literal(texts(names))
}

/// A file's text with one of its bytes of DER changed.
pub fn broken(name: &str, label: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let text = text(name);
    let digits: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let mut der = super::data::base64::decode(&digits);
    change(&mut der);
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", super::data::base64::encode(&der))
}

/// Templates that live as long as the test.
pub fn leaked(templates: impl IntoIterator<Item = String>) -> Vec<&'static str> {
    templates.into_iter().map(|template| &*template.leak()).collect()
}
