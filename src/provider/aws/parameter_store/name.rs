//! What a remote key names: a parameter, by name or ARN, and with a selector one of its versions.

/// Where the name begins in an ARN, `arn:aws:ssm:eu-west-1:111111111111:parameter/team/db`.
const PARAMETER: &str = ":parameter/";
/// AWS takes no longer name, selector and ARN together.
const LONGEST: usize = 2048;

/// A parameter's id, as AWS takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The name or ARN.
    pub(super) parameter: &'a str,
    /// A version's number or label.
    pub(super) selector: Option<&'a str>,
}

impl<'a> Name<'a> {
    pub(super) fn of(id: &'a str) -> Self {
        let name = if is_arn(id) { id.find(PARAMETER).map_or(0, |at| at + PARAMETER.len()) } else { 0 };
        let selector = id.get(name..).and_then(|name| name.find(':')).map(|at| name + at);
        let split = selector.and_then(|at| Some((id.get(..at)?, id.get(at + 1..)?)));
        split.map_or(Self { parameter: id, selector: None }, |(parameter, selector)| Self {
            parameter,
            selector: Some(selector),
        })
    }

    /// Whether it names a version by its number; no label begins with a digit.
    pub(super) fn is_version(self) -> bool {
        let number = |selector: &str| !selector.is_empty() && selector.bytes().all(|byte| byte.is_ascii_digit());
        self.selector.is_some_and(number)
    }

    /// Whether AWS would take it at all. One id that it would not take fails a whole batch.
    pub(super) fn is_plain(self) -> bool {
        let arn = is_arn(self.parameter);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte) || (arn && byte == b':');
        let whole = !self.parameter.contains("//") && !self.parameter.ends_with('/');
        (1..=LONGEST).contains(&self.parameter.len()) && self.parameter.bytes().all(plain) && whole
    }
}

pub(super) fn is_arn(id: &str) -> bool {
    id.starts_with("arn:")
}

/// The name as AWS compares it: of a name of one level the slash before it counts for nothing.
pub(super) fn canonical(name: &str) -> &str {
    match name.strip_prefix('/') {
        Some(rest) if !rest.contains('/') => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_what_follows_the_name_in_a_name_and_in_an_arn() {
        let arn = "arn:aws:ssm:eu-west-1:111111111111:parameter/team/db";
        let with = |selector: &str| format!("{arn}:{selector}");
        for (id, parameter, selector) in [
            ("a", "a", None),
            ("/team/db", "/team/db", None),
            ("/team/db:3", "/team/db", Some("3")),
            ("a:live", "a", Some("live")),
            ("a:b:c", "a", Some("b:c")),
            ("a:", "a", Some("")),
            (arn, arn, None),
            (&with("3"), arn, Some("3")),
            (&with("live"), arn, Some("live")),
            ("arn:nonsense", "arn", Some("nonsense")),
            ("", "", None),
        ] {
            assert_eq!(Name::of(id), Name { parameter, selector }, "{id}");
        }
    }

    #[test]
    fn a_number_is_a_version_and_anything_else_a_label() {
        for (id, version) in [("a:3", true), ("a:live", false), ("a:3a", false), ("a:", false), ("3", false)] {
            assert_eq!(Name::of(id).is_version(), version, "{id}");
        }
    }

    #[test]
    fn what_aws_would_not_take_is_not_plain() {
        let long = "a".repeat(LONGEST + 1);
        for (id, plain) in [
            ("/team/db_1.x-y", true),
            ("arn:aws:ssm:eu-west-1:111111111111:parameter/a", true),
            ("", false),
            ("a b", false),
            ("ключ", false),
            ("a\n", false),
            ("/a//b", false),
            ("/a/", false),
            (long.as_str(), false),
        ] {
            assert_eq!(Name::of(id).is_plain(), plain, "{id}");
        }
    }

    #[test]
    fn a_slash_before_a_name_of_one_level_counts_for_nothing() {
        assert_eq!(["/a", "a", "/a/b", "a/b"].map(canonical), ["a", "a", "/a/b", "a/b"]);
    }
}
