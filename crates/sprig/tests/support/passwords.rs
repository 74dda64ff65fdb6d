//! Cases of the family `passwords`. Hashes are random but where they are none; `tests/crypto.rs` has the others.

use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    vec![
        r#"{{ derivePassword 1 "long" "password" "user" "example.com" }}"#,
        r#"{{ derivePassword 2 "long" "password" "user" "example.com" }}"#,
        r#"{{ derivePassword 1 "maximum" "password" "user" "example.com" }}"#,
        r#"{{ derivePassword 1 "medium" "password" "user" "example.com" }}"#,
        r#"{{ derivePassword 1 "short" "password" "user" "example.com" }}"#,
        r#"{{ derivePassword 1 "basic" "password" "user" "example.com" }}"#,
        r#"{{ derivePassword 1 "pin" "password" "user" "example.com" }}"#,
        r#"{{ derivePassword 0 "long" "" "" "" }}"#,
        r#"{{ derivePassword 4294967295 "maximum" "pässwörd" "üser" "site" }}"#,
        r#"{{ derivePassword 1 "maximum" .bin .bin .bin }}"#,
        r#"{{ derivePassword 4294967296 "long" "a" "b" "c" }}"#,
        r#"{{ derivePassword -1 "long" "a" "b" "c" }}"#,
        r#"{{ derivePassword 1 "Long" "a" "b" "c" }}"#,
        r#"{{ derivePassword 1 "" "a" "b" "c" }}"#,
        r#"{{ derivePassword 1 .bin "a" "b" "c" }}"#,
        r#"{{ derivePassword .i "pin" "a" "b" "c" }}"#,
        r#"{{ derivePassword "1" "pin" "a" "b" "c" }}"#,
        r#"{{ derivePassword 1.0 "pin" "a" "b" "c" }}"#,
        r#"{{ derivePassword 1 "pin" "a" "b" }}"#,
        r#"{{ derivePassword 1 nil "a" "b" "c" }}"#,
        r#"{{ printf "%T" derivePassword }}"#,
        r#"{{ htpasswd "a:b" "c" }}"#,
        r#"{{ htpasswd ":" "" }}"#,
        r#"{{ htpasswd "a:" .bin "sha" }}"#,
        r#"{{ htpasswd "user" "password" "sha" }}"#,
        r#"{{ htpasswd "" "" "sha" }}"#,
        r#"{{ htpasswd .bin .bin "sha" }}"#,
        r#"{{ htpasswd "user" .bin }}"#,
        r#"{{ htpasswd "user" .bin "bcrypt" }}"#,
        r#"{{ htpasswd "user" .bin "SHA" }}"#,
        r#"{{ htpasswd "user" }}"#,
        r#"{{ htpasswd "user" 1 }}"#,
        r#"{{ htpasswd nil "a" }}"#,
        r#"{{ htpasswd "a" "b" "sha" "c" }}"#,
        "{{ bcrypt .bin }}",
        r#"{{ bcrypt "0123456789012345678901234567890123456789012345678901234567890123456789012" }}"#,
        "{{ bcrypt }}",
        "{{ bcrypt nil }}",
        "{{ bcrypt 1 }}",
        r#"{{ bcrypt "a" "b" }}"#,
        r#"{{ printf "%T" bcrypt }}"#,
        r#"{{ printf "%T %d" (bcrypt "a") (len (bcrypt "a")) }}"#,
    ]
}

/// One call of a function of this family, with arguments that grow. Those that take long are left to the cases by hand.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let (one, other) = (grower.text(), grower.text());
    match grower.random.below(3) {
        0 => format!("htpasswd {one} {other} \"sha\""),
        1 => format!("derivePassword {} \"none\" {one} {other} {other}", grower.small()),
        _ => format!("htpasswd (print \"a:\" {one}) {other}"),
    }
}
