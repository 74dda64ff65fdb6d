//! Versions themselves.

use std::cmp::Ordering;

/// A version, and what it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) pre: String,
    pub(super) metadata: String,
    pub(super) original: String,
}

/// What is wrong with a text. It has no part of it.
type Wrong = &'static str;

const INVALID: Wrong = "Invalid Semantic Version";

impl Version {
    /// Minor and patch may be missing, and there may be a `v` in front.
    pub(super) fn parse(source: &[u8]) -> Result<Self, Wrong> {
        let original = std::str::from_utf8(source).map_err(|_| INVALID)?;
        let bare = original.strip_prefix('v').unwrap_or(original);
        let (rest, metadata) = bare.split_once('+').map_or((bare, None), |(rest, metadata)| (rest, Some(metadata)));
        let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
        if !pre.is_none_or(is_prerelease) || !metadata.is_none_or(is_metadata) {
            return Err(INVALID);
        }
        let mut numbers = [0; 3];
        let mut parts = core.split('.');
        for (index, number) in numbers.iter_mut().enumerate() {
            match parts.next() {
                Some(part) => *number = segment(part)?,
                None if index == 0 => return Err(INVALID),
                None => break,
            }
        }
        let [major, minor, patch] = numbers;
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let version =
            Self { major, minor, patch, pre: owned(pre), metadata: owned(metadata), original: original.to_owned() };
        parts.next().map_or(Ok(version), |_| Err(INVALID))
    }

    /// All three numbers, without the `v`.
    pub(crate) fn text(&self) -> String {
        let part = |sign: &str, text: &str| if text.is_empty() { String::new() } else { format!("{sign}{text}") };
        let numbers = format!("{}.{}.{}", self.major, self.minor, self.patch);
        [numbers, part("-", &self.pre), part("+", &self.metadata)].concat()
    }

    /// By the rules of semantic versions: metadata does not count.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| match (self.pre.as_str(), other.pre.as_str()) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (one, two) => prerelease(one, two),
        })
    }

    /// Another version that was made of this one: its `v` stays.
    pub(super) fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        next.original = format!("{prefix}{}", next.text());
        next
    }
}

fn segment(digits: &str) -> Result<u64, Wrong> {
    if digits.is_empty() || !is_number(digits) || (digits.len() > 1 && digits.starts_with('0')) {
        return Err(INVALID);
    }
    digits.parse().map_err(|_| "Error parsing version segment: value out of range")
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters, digits and hyphens between points.
pub(super) fn is_metadata(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

/// As metadata, but a number has no zero in front.
pub(super) fn is_prerelease(text: &str) -> bool {
    let padded = |part: &str| part.len() > 1 && part.starts_with('0') && is_number(part);
    is_metadata(text) && !text.split('.').any(padded)
}

/// Part by part, the missing ones first.
pub(super) fn prerelease(one: &str, two: &str) -> Ordering {
    let (mut left, mut right) = (one.split('.'), two.split('.'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (one, two) => match part(one.unwrap_or_default(), two.unwrap_or_default()) {
                Ordering::Equal => {}
                order => return order,
            },
        }
    }
}

/// Numbers by their value and before words. A number beyond 64 bits is a word.
fn part(one: &str, two: &str) -> Ordering {
    if one == two || one.is_empty() || two.is_empty() {
        return one.len().min(1).cmp(&two.len().min(1));
    }
    match (one.parse::<u64>(), two.parse::<u64>()) {
        (Ok(one), Ok(two)) if one > two => Ordering::Greater,
        (Ok(_), _) => Ordering::Less,
        (_, Ok(_)) => Ordering::Greater,
        _ => one.cmp(two),
    }
}
