//! Cases of the family `ciphers`. What is encrypted is random; `tests/crypto.rs` takes it both ways.

use super::fixtures::literal;
use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    vec![
        r#"{{ encryptAES "key" "" }}"#,
        r#"{{ encryptAES "" "" }}"#,
        r#"{{ decryptAES "key" "" }}"#,
        r#"{{ len (encryptAES "key" "x") }}"#,
        r#"{{ len (encryptAES "" .bin) }}"#,
        r#"{{ len (encryptAES .bin "0123456789abcdef") }}"#,
        r#"{{ decryptAES "key" (encryptAES "key" "plain") }}"#,
        r#"{{ decryptAES "" (encryptAES "" .bin) }}"#,
        "{{ decryptAES .bin (encryptAES .bin .u) }}",
        r#"{{ decryptAES "k\x00" (encryptAES "k" "a key is filled up with zeros") }}"#,
        r#"{{ decryptAES "0123456789012345678901234567890123" (encryptAES "01234567890123456789012345678901zz" "and cut") }}"#,
        r#"{{ decryptAES "key" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=" }}"#,
        r#"{{ decryptAES "key" "MzB0RWZodUpTVlJocEc5N1hDdVdnejJva2o3TDh2UTE=" }}"#,
        r#"{{ decryptAES "key" "30tEfhuJSVRh\npG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=" }}"#,
        r#"{{ decryptAES "key" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ" }}"#,
        r#"{{ decryptAES "key" "30tEfhuJSVRhpG97XCuWgw==" }}"#,
        r#"{{ decryptAES "key" "30tE" }}"#,
        r#"{{ decryptAES "key" "!" }}"#,
        "{{ decryptAES .bin .bin }}",
        r#"{{ decryptAES "key" }}"#,
        r#"{{ decryptAES 1 "" }}"#,
        r#"{{ encryptAES nil "" }}"#,
        r#"{{ encryptAES "a" 1 }}"#,
        r#"{{ printf "%T %T" encryptAES decryptAES }}"#,
    ]
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let (key, plain) = (grower.text(), grower.text());
    if grower.random.chance(2) {
        return format!("decryptAES {key} (encryptAES {key} {plain})");
    }
    // Whatever the last byte decrypts to is the padding.
    let length = [0, 15, 16, 17, 31, 32, 48, 256][grower.random.below(8)];
    let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(grower.random.below(256)).unwrap()).collect();
    format!("decryptAES {key} {}", literal(super::data::base64::encode(&bytes)))
}
