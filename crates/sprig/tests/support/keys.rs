//! Cases of the family `keys`. Keys are random; `tests/crypto.rs` looks into them.

use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    vec![
        r#"{{ genPrivateKey "none" }}"#,
        r#"{{ genPrivateKey "RSA" }}"#,
        r#"{{ genPrivateKey "ecdsa " }}"#,
        "{{ genPrivateKey .bin }}",
        "{{ genPrivateKey }}",
        "{{ genPrivateKey 1 }}",
        "{{ genPrivateKey nil }}",
        r#"{{ genPrivateKey "a" "b" }}"#,
        r#"{{ len (genPrivateKey "ecdsa") }}"#,
        r#"{{ len (genPrivateKey "ed25519") }}"#,
        r#"{{ printf "%.31s" (genPrivateKey "ecdsa") }}"#,
        r#"{{ printf "%.28s" (genPrivateKey "ed25519") }}"#,
        r#"{{ printf "%T" genPrivateKey }}"#,
    ]
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(4) {
        0 => r#"len (genPrivateKey "ed25519")"#.into(),
        1 => r#"len (genPrivateKey "ecdsa")"#.into(),
        _ => format!("genPrivateKey (print \"x\" {})", grower.text()),
    }
}
