//! Cases of the family `strings`.

use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    vec![r#"{{ repeat 3 "ab" }}"#, r#"{{ repeat -1 "ab" }}"#, r#"{{ repeat 0 "" }}"#, r#"{{ repeat "a" 1 }}"#]
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let (count, text) = (grower.small(), grower.text());
    format!("repeat {count} {text}")
}
