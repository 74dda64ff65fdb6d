//! Expressions as `rewrite` and `find` have them.

use crate::case::{Case, Work};

/// What it is called, expression, text, replacement.
const REWRITES: &[(&str, &str, &str, &str)] = &[
    ("prefix", "^prod/app/", "prod/app/database-password", ""),
    ("last part", "^.*/([^/]+)$", "team/prod/app/database-password", "$1"),
    ("no key character", "[^a-zA-Z0-9._-]", "team/prod/app:database password", "_"),
    ("named groups", "(?P<app>[a-z]+)-(?P<part>[a-z]+)", "billing-password", "${part}_of_${app}"),
    ("any case", "(?i)password", "APP_Password_OLD", "secret"),
    ("alternatives", "^(dev|staging|prod)-(eu|us)-", "staging-eu-billing", "$2/$1/"),
    ("no match", "^secret/([0-9]+)$", "team/prod/app/database-password", "$1"),
];

pub(crate) fn cases() -> Vec<Case> {
    let both = |&(name, pattern, text, replacement): &(&str, &'static str, &'static str, &'static str)| {
        [
            (format!("regexp, {name}: compile and replace"), Work::CompileAndReplace { pattern, text, replacement }),
            (format!("regexp, {name}: replace"), Work::Replace { pattern, text, replacement }),
        ]
    };
    REWRITES.iter().flat_map(both).map(|(name, work)| Case { name, work }).collect()
}
