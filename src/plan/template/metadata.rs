//! Whether rendered labels and annotations can stand on an object, said before the API server is asked.

use std::collections::BTreeMap;

use super::super::problem::Problem;

/// The most bytes that all annotations of an object may have together, keys included.
const LARGEST: usize = 256 * 1024;
const LONGEST_NAME: usize = 63;
const LONGEST_PREFIX: usize = 253;

/// What is wrong with a label, in words that show neither key nor value.
pub(super) fn fault_of_label(key: &str, value: &str) -> Option<&'static str> {
    fault_of_key(key).or_else(|| match value {
        "" => None,
        _ if value.len() > LONGEST_NAME => Some("has a value of more than 63 characters"),
        _ if !is_name(value) => {
            Some("has a value that does not consist of letters, digits, '-', '_' and '.' between letters or digits")
        }
        _ => None,
    })
}

/// What is wrong with a key of a label or an annotation.
pub(super) fn fault_of_key(key: &str) -> Option<&'static str> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if name.len() > LONGEST_NAME || !is_name(name) {
        return Some("has a key whose name is no 1 to 63 letters, digits, '-', '_' and '.' between letters or digits");
    }
    let bad = |prefix: &str| prefix.len() > LONGEST_PREFIX || !prefix.split('.').all(is_part);
    prefix.filter(|prefix| bad(prefix)).map(|_| "has a key whose prefix is no DNS name in lower case")
}

fn is_name(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_part(part: &str) -> bool {
    is_name(part) && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Refuses annotations that are too large together.
pub(super) fn check_size(annotations: &BTreeMap<String, String>) -> Result<(), Problem> {
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size <= LARGEST {
        return Ok(());
    }
    Err(Problem::new(
        "spec.target.template.metadata.annotations",
        format!("the annotations would have {size} bytes, more than the {LARGEST} that Kubernetes allows"),
        "put what is large into the data",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_keys_are_judged_as_kubernetes_does() {
        for (key, value) in [("a", ""), ("app.kubernetes.io/name", "x_1.y-Z"), ("A-b_c.d", "0")] {
            assert_eq!(fault_of_label(key, value), None, "{key} {value}");
        }
        let long = "a".repeat(64);
        for (key, value) in [("", "x"), ("a/b/c", "x"), ("A.b/c", "x"), ("/a", "x"), ("-a", "x"), (&long, "x")] {
            assert!(fault_of_key(key).is_some() && fault_of_label(key, value).is_some(), "{key}");
        }
        for value in ["a b", "-a", "a-", "ä", &long] {
            assert!(fault_of_label("a", value).is_some(), "{value}");
        }
    }

    #[test]
    fn annotations_have_room_for_256_kibibytes() {
        let of = |size: usize| BTreeMap::from([("a".to_owned(), "x".repeat(size - 1))]);
        assert!(check_size(&of(LARGEST)).is_ok());
        assert!(check_size(&of(LARGEST + 1)).is_err());
    }
}
