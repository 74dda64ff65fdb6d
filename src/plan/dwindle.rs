//! Whether a target would lose too much at once to be taken for what the provider has.

use std::collections::BTreeSet;

use super::target::Desired;

/// Whether at least half of the keys that are `ours` in a target are not among what is `desired` of it.
///
/// A search that finds little looks like secrets that were deleted, and may be a right that was taken away. What keys a
/// template makes of what was found is the template's own affair: where it makes the same of less, nothing shows here.
pub fn dwindles(desired: &Desired, ours: &BTreeSet<String>) -> bool {
    let lost = ours.iter().filter(|key| !desired.rendered.data.contains_key(*key)).count();
    lost > 0 && lost * 2 >= ours.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::template::Rendered;
    use crate::sealed::Sealed;

    #[test]
    fn the_loss_of_half_is_too_much_and_a_change_of_values_is_none() {
        for (had, wanted, much) in [
            ("abcd", "abcd", false),
            ("abcd", "abc", false),
            ("abcd", "abcx", false),
            ("abcd", "ab", true),
            ("abcd", "axyz", true),
            ("ab", "", true),
            ("", "a", false),
            ("", "", false),
        ] {
            let keys = |names: &str| names.chars().map(String::from).collect::<Vec<_>>();
            let data = keys(wanted).into_iter().map(|key| (key, Sealed::from("value"))).collect();
            let desired = Desired { rendered: Rendered { data, ..Rendered::default() }, ..Desired::default() };
            assert_eq!(dwindles(&desired, &keys(had).into_iter().collect()), much, "{had} to {wanted}");
        }
    }
}
