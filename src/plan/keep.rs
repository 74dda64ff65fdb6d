//! Values with a clock or randomness in them are not made anew while their inputs are the same: what stands is taken for
//! what is wanted, as long as it is whole and ours.
//!
//! Each map of the Secret is kept or made as a whole, since what one template makes may belong together, as a key and its
//! certificate do.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::standing::{Content, Standing};
use super::target::Desired;

/// Whether what stands may be taken for what a template with a clock or randomness would make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// It may not: the inputs are others.
    #[default]
    Never,
    /// It may: it was made of these inputs.
    Same,
    /// The inputs that it was made of are not known, as after a restart: it may where all else is as it would be made now.
    Unknown,
}

/// What is wanted, with the volatile parts as they stand where those may be kept.
pub(super) fn kept<'d>(desired: &'d Desired, standing: &Standing, content: &Content) -> Cow<'d, Desired> {
    let same = match desired.keep {
        Keep::Never => false,
        Keep::Same => true,
        Keep::Unknown => rest_matches(desired, standing, content),
    };
    if !same || desired.rendered.volatile.is_empty() {
        return Cow::Borrowed(desired);
    }
    let mut kept = desired.clone();
    let (rendered, volatile) = (&mut kept.rendered, &desired.rendered.volatile);
    let (ours, others) = (&standing.ours, &standing.others);
    take(&mut rendered.data, &volatile.data, &content.data, (&ours.data, &others.data));
    take(&mut rendered.labels, &volatile.labels, &standing.labels, (&ours.labels, &others.labels));
    take(
        &mut rendered.annotations,
        &volatile.annotations,
        &standing.annotations,
        (&ours.annotations, &others.annotations),
    );
    Cow::Owned(kept)
}

/// Takes all volatile entries over as they stand, if each is there and was last written by us.
fn take<V: Clone>(
    wanted: &mut BTreeMap<String, V>,
    volatile: &BTreeSet<String>,
    standing: &BTreeMap<String, V>,
    (ours, others): (&BTreeSet<String>, &BTreeSet<String>),
) {
    let is_whole = |key: &String| standing.contains_key(key) && ours.contains(key) && !others.contains(key);
    if volatile.iter().all(is_whole) {
        let found = volatile.iter().filter_map(|key| Some((key.clone(), standing.get(key)?.clone())));
        wanted.extend(found);
    }
}

/// Whether everything that is not volatile stands as it would be made now.
fn rest_matches(desired: &Desired, standing: &Standing, content: &Content) -> bool {
    let (rendered, volatile) = (&desired.rendered, &desired.rendered.volatile);
    is_within(&rendered.data, &volatile.data, &content.data)
        && is_within(&rendered.labels, &volatile.labels, &standing.labels)
        && is_within(&rendered.annotations, &volatile.annotations, &standing.annotations)
}

fn is_within<V: PartialEq>(
    wanted: &BTreeMap<String, V>,
    volatile: &BTreeSet<String>,
    standing: &BTreeMap<String, V>,
) -> bool {
    wanted.iter().all(|(key, value)| volatile.contains(key) || standing.get(key) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::super::standing::Fields;
    use super::super::template::{Rendered, Volatile};
    use super::*;
    use crate::sealed::Sealed;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, Sealed> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Sealed::from(*value))).collect()
    }

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn desired(keep: Keep) -> Desired {
        let volatile = Volatile { data: set(&["p", "q"]), ..Volatile::default() };
        let rendered =
            Rendered { data: map(&[("p", "new"), ("q", "new"), ("v", "1")]), volatile, ..Rendered::default() };
        Desired { rendered, keep, ..Desired::default() }
    }

    fn judged(keep: Keep, data: &[(&str, &str)], others: &[&str]) -> BTreeMap<String, Sealed> {
        let ours = Fields { data: set(&["p", "q", "v"]), ..Fields::default() };
        let others = Fields { data: set(others), ..Fields::default() };
        let content = Content { data: map(data), ..Content::default() };
        kept(&desired(keep), &Standing { ours, others, ..Standing::default() }, &content).rendered.data.clone()
    }

    const STANDING: [(&str, &str); 3] = [("p", "old"), ("q", "old"), ("v", "1")];

    #[test]
    fn what_was_made_of_the_same_inputs_is_kept() {
        assert_eq!(judged(Keep::Same, &STANDING, &[]), map(&STANDING));
        assert_eq!(judged(Keep::Never, &STANDING, &[]), map(&[("p", "new"), ("q", "new"), ("v", "1")]));
    }

    #[test]
    fn what_is_lost_or_forged_in_part_is_made_anew_as_a_whole() {
        let anew = map(&[("p", "new"), ("q", "new"), ("v", "1")]);
        assert_eq!(judged(Keep::Same, &[("p", "old"), ("v", "1")], &[]), anew);
        assert_eq!(judged(Keep::Same, &STANDING, &["q"]), anew);
    }

    #[test]
    fn a_value_of_the_inputs_that_others_changed_is_put_right_and_costs_nothing_else() {
        let forged = [("p", "old"), ("q", "old"), ("v", "forged")];
        assert_eq!(judged(Keep::Same, &forged, &["v"]), map(&STANDING));
    }

    #[test]
    fn where_the_inputs_are_unknown_all_else_must_be_as_it_would_be_made() {
        assert_eq!(judged(Keep::Unknown, &STANDING, &[]), map(&STANDING));
        let other = [("p", "old"), ("q", "old"), ("v", "2")];
        assert_eq!(judged(Keep::Unknown, &other, &[]), map(&[("p", "new"), ("q", "new"), ("v", "1")]));
    }
}
