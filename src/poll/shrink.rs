//! When a search that finds much less than before is believed.
//!
//! A listing that works and answers with little looks like secrets that were deleted, and may be a filter that broke, a
//! replica that lags or a right that was taken away. So an answer without at least half of the names of the last one, or
//! without any, is taken for an absence (see [`super::absence`]): until the same names have come back often and long
//! enough, it is a failure, and what was applied stays.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::provider::{Error, Kind};
use crate::sealed::Sealed;

/// Which names a search found: hashes of them, sorted. Who makes two names alike harms nobody but that search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names(Box<[u64]>);

impl Names {
    /// The names in a search's answer.
    pub(super) fn of(answer: &Sealed) -> Self {
        let mut hashes: Vec<_> = answer.unpack().unwrap_or_default().iter().map(|(name, _)| hash(name)).collect();
        hashes.sort_unstable();
        Self(hashes.into())
    }

    /// Whether too much of `before` is not among these to be believed at once.
    pub(super) fn lack(&self, before: Option<&Self>) -> bool {
        match before.filter(|before| !before.0.is_empty()) {
            None => self.0.is_empty(),
            Some(before) => {
                let lost = before.0.iter().filter(|hash| self.0.binary_search(hash).is_err()).count();
                lost * 2 >= before.0.len()
            }
        }
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// What is told while an answer is not believed yet.
pub fn doubt() -> Error {
    Error {
        provider: "find",
        doing: "believe the answer".into(),
        kind: Kind::Unavailable,
        cause:
            "it has nothing in it, or less than half of the names that were there before; until later polls confirm \
                that, the target stays as it is"
                .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Names {
        let entries = names.iter().map(|name| ((*name).to_owned(), Sealed::from("value")));
        Names::of(&Sealed::pack(&entries.collect()).unwrap())
    }

    #[test]
    fn nothing_is_doubted_and_so_is_the_loss_of_half() {
        let before = names(&["a", "b", "c", "d"]);
        for (now, doubted) in [
            (&["a", "b", "c", "d"][..], false),
            (&["a", "b", "c"], false),
            (&["a", "b"], true),
            (&["a"], true),
            (&[], true),
            (&["a", "x", "y", "z"], true),
            (&["a", "b", "c", "x", "y"], false),
        ] {
            assert_eq!(names(now).lack(Some(&before)), doubted, "{now:?}");
        }
    }

    #[test]
    fn where_nothing_was_known_only_nothing_is_doubted() {
        for before in [None, Some(Names::default())] {
            assert!(names(&[]).lack(before.as_ref()) && !names(&["a"]).lack(before.as_ref()));
        }
    }
}
