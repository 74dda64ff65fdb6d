//! What one string is: a handle, something that looks like one, or neither.

use std::fmt;

/// Why a string that looks like a handle is not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mistake {
    /// `ENC[` without a `]` after it.
    Unclosed,
    /// A handle with other text before or after it.
    Partial,
    /// A line break before or after the handle, as a block (`|`, `>`) leaves one.
    LineBreak,
    /// `enc[x]` or `ENC [x]`.
    Spelling,
    /// A handle in a key.
    Key,
    /// A handle in a setting of the secret backend itself.
    BackendSetting,
    /// A string that begins as JSON or YAML, holds handles and cannot be read.
    Unreadable,
    /// A string with handles that lies deeper than [`super::MAX_EMBEDDED`] strings in each other.
    TooDeep,
}

impl Mistake {
    /// What to do about it, as a sentence without its full stop.
    pub fn cure(self) -> &'static str {
        match self {
            Self::Unclosed => "close it with ], and quote it if it holds a # or a colon",
            Self::Partial => "let the handle be the whole value; keep the other text in the secret",
            Self::LineBreak => "write the handle on the line of its key, without | or >",
            Self::Spelling => "write ENC[ in capitals, without a space",
            Self::Key => "use the handle as a value",
            Self::BackendSetting => "write the value itself: the backend is not asked for its own settings",
            Self::Unreadable => "mend the JSON or YAML there; an unquoted ENC[...] must not stand inside { } or [ ]",
            Self::TooDeep => "put the configuration into fewer strings",
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unclosed => "ENC[ is not closed",
            Self::Partial => "a handle is only a part of the value",
            Self::LineBreak => "a line break stands beside the handle",
            Self::Spelling => "this looks like a handle and is not spelled ENC[...]",
            Self::Key => "a handle stands in a key",
            Self::BackendSetting => "a setting of the secret backend cannot be a handle",
            Self::Unreadable => "a string with handles is neither YAML nor JSON",
            Self::TooDeep => "a string with handles lies too deep in other strings",
        })
    }
}

/// The handle that a string is, as Datadog's `IsEnc` has it: spaces and tabs around it are trimmed, it begins with `ENC[` and
/// ends with `]`, and everything between is the handle (`ENC[a[1]]` is `a[1]`).
pub fn handle_of(text: &str) -> Option<&str> {
    text.trim_matches([' ', '\t']).strip_prefix("ENC[")?.strip_suffix(']')
}

/// Whether a handle holds a `%%variable%%` that Autodiscovery fills in before it is resolved.
pub fn has_template_variable(handle: &str) -> bool {
    let inner = handle.split_once("%%").map(|(_, rest)| rest);
    inner.and_then(|rest| rest.find("%%")).is_some_and(|end| end > 0)
}

/// Whether the string is worth a second look: it holds `ENC` and `[`, in any spelling that [`mistake_of`] knows.
pub(super) fn is_suspicious(text: &str) -> bool {
    text.contains("ENC[") || spelled_otherwise(text)
}

/// What is wrong with a string that is no handle, if it looks like one.
pub(super) fn mistake_of(text: &str) -> Option<Mistake> {
    if handle_of(text.trim()).is_some() {
        return Some(Mistake::LineBreak);
    }
    match text.split_once("ENC[") {
        Some((_, rest)) if rest.contains(']') => Some(Mistake::Partial),
        Some(_) => Some(Mistake::Unclosed),
        None => spelled_otherwise(text).then_some(Mistake::Spelling),
    }
}

/// Whether the whole string is a handle but for capitals or a space before the bracket.
fn spelled_otherwise(text: &str) -> bool {
    let Some(inner) = text.trim().strip_suffix(']') else { return false };
    let Some((head, _)) = inner.split_once('[') else { return false };
    head.trim_end().eq_ignore_ascii_case("enc")
}

/// Settings of the Agent that the backend is never asked for, but for those that begin with `secret_backend_`.
const SETTINGS: [&str; 9] = [
    "secret_audit_file_max_size",
    "secret_refresh_interval",
    "secret_refresh_scatter",
    "secret_refresh_on_api_key_failure_interval",
    "secret_scope_integration_to_their_k8s_namespace",
    "secret_allowed_k8s_namespace",
    "secret_image_to_handle",
    "multi_secret_backends",
    "secretbackend",
];

/// Whether a key names a setting of the secret backend: in `datadog.yaml`, as `DD_*`, or as Helm's and the operator's
/// `secretBackend`.
pub(super) fn is_backend_setting(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let name = lower.strip_prefix("dd_").unwrap_or(&lower);
    name.starts_with("secret_backend_") || SETTINGS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_what_datadog_takes_for_one() {
        let vectors = [
            ("ENC[a]", Some("a")),
            (" \tENC[a]\t ", Some("a")),
            ("ENC[a[1]]", Some("a[1]")),
            ("ENC[a]b]", Some("a]b")),
            ("ENC[]", Some("")),
            ("ENC[ a ]", Some(" a ")),
            ("ENC[a]\n", None),
            ("\nENC[a]", None),
            ("ENC[a", None),
            ("ENC]", None),
            ("ENC", None),
            ("xENC[a]", None),
            ("ENC[a]x", None),
            ("enc[a]", None),
            ("\u{a0}ENC[a]", None),
            ("", None),
        ];
        for (text, handle) in vectors {
            assert_eq!(handle_of(text), handle, "{text:?}");
        }
    }

    #[test]
    fn what_looks_like_a_handle_is_told_with_its_reason() {
        let vectors = [
            ("ENC[a]\n", Some(Mistake::LineBreak)),
            ("\r\n ENC[a]", Some(Mistake::LineBreak)),
            ("ENC[a", Some(Mistake::Unclosed)),
            ("user:ENC[a", Some(Mistake::Unclosed)),
            ("user:ENC[a]", Some(Mistake::Partial)),
            ("ENC[a]:ENC[b]x", Some(Mistake::Partial)),
            ("]ENC[", Some(Mistake::Unclosed)),
            ("enc[a]", Some(Mistake::Spelling)),
            ("Enc [a]", Some(Mistake::Spelling)),
            ("fence[a]", None),
            ("ENC", None),
            ("[a]", None),
            ("", None),
        ];
        for (text, mistake) in vectors {
            assert_eq!(mistake_of(text), mistake, "{text:?}");
            assert!(mistake.is_none() || is_suspicious(text), "{text:?}");
        }
    }

    #[test]
    fn a_template_variable_needs_a_name_between_its_signs() {
        for (handle, expected) in
            [("db_%%host%%", true), ("%%a%%", true), ("50%%", false), ("%%%%", false), ("%host%", false)]
        {
            assert_eq!(has_template_variable(handle), expected, "{handle}");
        }
    }

    #[test]
    fn settings_of_the_backend_are_known_in_each_form() {
        for key in ["secret_backend_command", "DD_SECRET_BACKEND_TYPE", "secretBackend", "secret_refresh_interval"] {
            assert!(is_backend_setting(key), "{key}");
        }
        for key in ["secret_access_key", "secret", "client_secret", "DD_API_KEY"] {
            assert!(!is_backend_setting(key), "{key}");
        }
    }
}
