//! What a reference's `version` means.
//!
//! ESO sent it as the version's id, and its manifests are to go on meaning that. Stages that KMS itself has begin with
//! `ACS`; others are told by a prefix.

use crate::provider::{Part, RemoteKey};

/// Before a version that is a stage of the user's own.
const STAGE: &str = "stage/";
/// Before a version that is an id, whatever it begins with; as with AWS.
const ID: &str = "uuid/";
/// What KMS' own stages begin with: `ACSCurrent`, `ACSPrevious`.
const OWN: &str = "ACS";
/// KMS takes 64 bytes of either.
const LONGEST: usize = 64;

/// Which version is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version<'a> {
    /// The one of the stage `ACSCurrent`.
    Current,
    /// The one that has this stage, which moves.
    Stage(&'a str),
    /// The one with this id, which is always the same.
    Id(&'a str),
}

impl<'a> Version<'a> {
    /// Nothing for what can be none.
    pub(super) fn of(key: &'a RemoteKey) -> Option<Self> {
        let text = key.version.as_deref().unwrap_or_default();
        let (version, name) = match (text.strip_prefix(STAGE), text.strip_prefix(ID)) {
            _ if text.is_empty() => return Some(Self::Current),
            (Some(stage), _) => (Self::Stage(stage), stage),
            (_, Some(id)) => (Self::Id(id), id),
            _ if text.starts_with(OWN) => (Self::Stage(text), text),
            _ => (Self::Id(text), text),
        };
        let sound = (1..=LONGEST).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then_some(version)
    }

    /// Whether what `key` names can never change. Only secrets whose values their users put have ids that KMS heeds; a
    /// read by id of another one fails, so that no value is kept which KMS goes on rotating.
    pub(super) fn is_immutable(key: &RemoteKey) -> bool {
        key.part == Part::Value && matches!(Version::of(key), Some(Version::Id(_)))
    }

    /// The parameter of the call.
    pub(super) fn parameter(self) -> Option<(&'static str, &'a str)> {
        match self {
            Self::Current => None,
            Self::Stage(stage) => Some(("VersionStage", stage)),
            Self::Id(id) => Some(("VersionId", id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::memory::{key, key_at};

    fn of(text: &str) -> Option<(&'static str, String)> {
        let key = key_at("a", text);
        Version::of(&key).and_then(Version::parameter).map(|(name, value)| (name, value.to_owned()))
    }

    #[test]
    fn a_version_is_an_id_as_with_eso_unless_it_is_a_stage() {
        for (text, parameter, value) in [
            ("v1", "VersionId", "v1"),
            ("00000000000000000000000000000001", "VersionId", "00000000000000000000000000000001"),
            ("uuid/ACS-1", "VersionId", "ACS-1"),
            ("ACSCurrent", "VersionStage", "ACSCurrent"),
            ("ACSPrevious", "VersionStage", "ACSPrevious"),
            ("stage/blue", "VersionStage", "blue"),
        ] {
            assert_eq!(of(text), Some((parameter, value.to_owned())), "{text}");
        }
        for none in [key("a"), key_at("a", "")] {
            assert_eq!(Version::of(&none), Some(Version::Current));
        }
    }

    #[test]
    fn what_can_be_no_version_is_none() {
        for text in ["stage/", "uuid/", "a b", "a\n", "\u{e9}", &"a".repeat(LONGEST + 1)] {
            assert_eq!(Version::of(&key_at("a", text)), None, "{text:?}");
        }
    }

    #[test]
    fn only_a_value_by_its_id_never_changes() {
        for (text, immutable) in
            [("v1", true), ("uuid/v1", true), ("ACSPrevious", false), ("stage/v1", false), ("", false), ("a b", false)]
        {
            assert_eq!(Version::is_immutable(&key_at("a", text)), immutable, "{text}");
        }
        let metadata = RemoteKey { part: Part::Metadata, ..key_at("a", "v1") };
        assert!(!Version::is_immutable(&metadata));
    }
}
