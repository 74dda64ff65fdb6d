//! What a client asks.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::limits;

/// The handles of one call, in order and each once. The order of their answer is nobody's business, and this one keeps the
/// fields of a file together and gives the same answer to the same question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    handles: BTreeSet<String>,
}

/// Why an input is no request. The client gets no answer then, and the exit status 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It has more bytes than [`limits::REQUEST`].
    TooLong,
    /// It is not the JSON that it should be, and where.
    NotJson(usize, usize),
    /// It says nothing of its version.
    NoVersion,
    /// It is of another version.
    Version(String),
    /// It has no list of handles.
    NoSecrets,
    /// It has more handles than [`limits::HANDLES`].
    TooMany,
}

impl fmt::Display for Broken {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(to, "the input has more than {} bytes: ask in several calls", limits::REQUEST),
            Self::NotJson(line, column) => {
                write!(to, "the input is no request (line {line}, column {column}): {HINT}")
            }
            Self::NoVersion => write!(to, "the input has no 'version': {HINT}"),
            Self::Version(version) => {
                write!(to, "incompatible protocol version: the input has {version:?}, and this program knows 1.x")
            }
            Self::NoSecrets => write!(to, "the input has no 'secrets': {HINT}"),
            Self::TooMany => write!(to, "the input has more than {} handles: ask in several calls", limits::HANDLES),
        }
    }
}

impl std::error::Error for Broken {}

/// How many characters of a strange version an error shows; each may be written as ten.
const SHOWN: usize = 20;

const HINT: &str = "write for example {\"version\":\"1.1\",\"secrets\":[\"name\"]}, or see --help";

/// As it is written. What else a client says (its timeout, a type, a configuration that may be secret itself) is skipped.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    version: Option<Cow<'a, str>>,
    /// A list that Go never made is `null`.
    #[serde(default, deserialize_with = "handles")]
    secrets: Secrets,
}

#[derive(Default)]
enum Secrets {
    #[default]
    Absent,
    These(BTreeSet<String>),
    TooMany,
}

impl Request {
    /// Reads the input of a client.
    ///
    /// # Errors
    /// It is no request. A parser's own words are left out: they quote what they read.
    pub fn parse(input: &[u8]) -> Result<Self, Broken> {
        if input.len() > limits::REQUEST {
            return Err(Broken::TooLong);
        }
        let wire: Wire<'_> =
            serde_json::from_slice(input).map_err(|error| Broken::NotJson(error.line(), error.column()))?;
        let version = wire.version.ok_or(Broken::NoVersion)?;
        if version != "1" && !version.starts_with("1.") {
            return Err(Broken::Version(version.chars().take(SHOWN).collect()));
        }
        match wire.secrets {
            Secrets::These(handles) => Ok(Self { handles }),
            Secrets::Absent => Err(Broken::NoSecrets),
            Secrets::TooMany => Err(Broken::TooMany),
        }
    }

    /// The handles, as they were written.
    pub fn handles(&self) -> impl Iterator<Item = &str> {
        self.handles.iter().map(String::as_str)
    }
}

fn handles<'de, D: Deserializer<'de>>(from: D) -> Result<Secrets, D::Error> {
    struct List;
    impl<'de> Visitor<'de> for List {
        type Value = Secrets;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("a list of strings")
        }

        fn visit_unit<E>(self) -> Result<Secrets, E> {
            Ok(Secrets::These(BTreeSet::new()))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Secrets, A::Error> {
            let mut handles = BTreeSet::new();
            while let Some(handle) = list.next_element::<String>()? {
                handles.insert(handle);
                if handles.len() > limits::HANDLES {
                    while list.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(Secrets::TooMany);
                }
            }
            Ok(Secrets::These(handles))
        }
    }
    from.deserialize_any(List)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(input: &str) -> Result<Vec<String>, Broken> {
        Request::parse(input.as_bytes()).map(|request| request.handles().map(str::to_owned).collect())
    }

    #[test]
    fn any_version_1_is_understood_and_what_else_is_there_is_skipped() {
        let full =
            r#"{"secrets":["b","a","b"],"secret_backend_timeout":30,"type":"x","config":{"a":[{}]},"version":"1.1"}"#;
        assert_eq!(parsed(full), Ok(vec!["a".to_owned(), "b".to_owned()]));
        for version in ["1", "1.0", "1.1", "1.99"] {
            assert_eq!(parsed(&format!(r#"{{"version":"{version}","secrets":[]}}"#)), Ok(Vec::new()), "{version}");
        }
        assert_eq!(parsed(r#"{"version":"1.1","secrets":null}"#), Ok(Vec::new()));
    }

    #[test]
    fn only_another_version_is_called_incompatible() {
        let long = "\u{7f}".repeat(5000);
        for version in ["2.0", "", "10.1", "v1.0", "0.9", &long] {
            let error = parsed(&format!(r#"{{"version":"{version}","secrets":[]}}"#)).unwrap_err();
            assert!(error.to_string().contains("incompatible protocol version"), "{error}");
            assert!(error.to_string().len() < 400, "{error}");
        }
        for input in
            ["", "null", "[]", "{", r#"{"secrets":[]}"#, r#"{"version":"1.0"}"#, r#"{"version":1.0,"secrets":[]}"#]
        {
            let error = parsed(input).unwrap_err().to_string();
            assert!(!error.contains("incompatible") && !error.contains("invalid version"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_not_quoted() {
        for input in
            [r#"{"version":"1.0","secrets":["a",{"hunter2":"hunter2"}]}"#, r#"{"version":"1.0","secrets":"hunter2"}"#]
        {
            let error = parsed(input).unwrap_err();
            assert!(matches!(error, Broken::NotJson(1, _)), "{error:?}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn bytes_and_handles_are_bounded() {
        let long = format!(r#"{{"version":"1.0","secrets":[],"x":"{}"}}"#, "x".repeat(4 << 20));
        assert_eq!(parsed(&long), Err(Broken::TooLong));
        let list = |count: usize| {
            let handles: Vec<_> = (0..count).map(|number| format!("\"{number}\"")).collect();
            format!(r#"{{"version":"1.0","secrets":[{}]}}"#, handles.join(","))
        };
        assert_eq!(parsed(&list(20_000)).unwrap().len(), 20_000);
        assert_eq!(parsed(&list(20_001)), Err(Broken::TooMany));
        let deep = format!(r#"{{"version":"1.0","secrets":[],"x":{}{}}}"#, "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert_eq!(parsed(&deep), Ok(Vec::new()));
    }

    #[test]
    fn text_that_is_not_utf_8_is_broken() {
        let input = b"{\"version\":\"1.0\",\"secrets\":[\"\xff\"]}";
        assert!(matches!(Request::parse(input), Err(Broken::NotJson(..))));
    }
}
