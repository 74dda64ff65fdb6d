//! Cases of the family `pkcs12`. What is written is random; `tests/crypto.rs` opens it with others.

use super::fixtures::{bytes, leaked, literal, literals};
use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    let mut cases = Vec::new();
    for (store, password) in STORES {
        cases.extend(["pkcs12keyPass", "pkcs12certPass"].map(|call| opened(call, password, bytes(store))));
    }
    for store in ["empty.p12", "nomac.p12", "modern.p12"] {
        cases.extend(["pkcs12key", "pkcs12cert"].map(|call| format!("{{{{ {call} {} }}}}", literal(bytes(store)))));
    }
    cases.extend(["wrong", "", "secret "].map(|password| opened("pkcs12keyPass", password, bytes("modern.p12"))));
    cases.push(opened("pkcs12keyPass", "x", bytes("empty.p12")));
    cases.push(opened("pkcs12keyPass", "x", bytes("nomac.p12")));
    cases.push(opened("pkcs12keyPass", "\u{1f389}", bytes("modern.p12")));
    cases.extend((0..10).map(|index| opened("pkcs12certPass", "secret", cut(index * 131))));
    cases.extend(refused());
    leaked(cases)
}

/// Stores and their passwords.
const STORES: &[(&str, &str)] = &[
    ("modern.p12", "secret"),
    ("sha512.p12", "secret"),
    ("legacy.p12", "secret"),
    ("des.p12", "secret"),
    ("empty.p12", ""),
    ("nomac.p12", ""),
    ("unencrypted.p12", "secret"),
    ("unicode.p12", "naïve €"),
    ("nokey.p12", "secret"),
    ("nocert.p12", "secret"),
    ("rsa.p12", "secret"),
];

fn opened(call: &str, password: &str, store: Vec<u8>) -> String {
    format!("{{{{ {call} {} {} }}}}", literal(password), literal(store))
}

fn cut(length: usize) -> Vec<u8> {
    let mut store = bytes("modern.p12");
    store.truncate(length);
    store
}

/// What no store comes of.
fn refused() -> Vec<String> {
    let (leaf, key) = (literals(&["leaf.pem"]), literals(&["leaf.key"]));
    [
        "pkcs12key ``".to_owned(),
        "pkcs12key .bin".into(),
        "pkcs12keyPass .bin .bin".into(),
        "pkcs12cert nil".into(),
        "pkcs12cert".into(),
        "pkcs12certPass ``".into(),
        format!("pemToPkcs12 `` {key}"),
        format!("pemToPkcs12 {leaf} ``"),
        format!("pemToPkcs12 {key} {key}"),
        format!("pemToPkcs12 {leaf} {leaf}"),
        format!("pemToPkcs12 {leaf} {}", literals(&["dsa.key"])),
        format!("pemToPkcs12Pass {leaf} {key} \"\u{1f389}\""),
        format!("pemToPkcs12Pass {leaf} {key}"),
        format!("fullPemToPkcs12 (print {leaf} \"\\n\") {key}"),
        format!("fullPemToPkcs12 (print {leaf} {key}) {key}"),
        format!("fullPemToPkcs12 {} ``", literals(&["leaf.pem", "root.pem"])),
        "pemTruststoreToPKCS12 `junk`".into(),
        format!("pemTruststoreToPKCS12 {key}"),
        format!("pemTruststoreToPKCS12 (print {leaf} \"\\n\")"),
        format!("pemTruststoreToPKCS12Pass {leaf} \"\u{1f389}\""),
        "pemTruststoreToPKCS12Pass .bin .bin".into(),
        // The lengths are not random.
        format!("len (pemToPkcs12 {leaf} {key})"),
        format!("len (pemToPkcs12Pass {leaf} {key} `naïve`)"),
        format!("len (pemToPkcs12Pass {leaf} {key} .bin)"),
        format!("len (pemToPkcs12 {leaf} {})", literals(&["rsa.key"])),
        format!("len (pemToPkcs12 {leaf} {})", literals(&["ed25519.key"])),
        format!("len (pemToPkcs12 {leaf} {})", literals(&["x25519.key"])),
        format!("len (fullPemToPkcs12 {} {key})", literals(&["leaf.pem", "intermediate.pem", "root.pem"])),
        format!("len (fullPemToPkcs12Pass {} {key} `x`)", literals(&["root.pem", "leaf.pem"])),
        "len (pemTruststoreToPKCS12 ``)".into(),
        format!("len (pemTruststoreToPKCS12 {})", literals(&["root.pem", "stranger.pem"])),
        format!("len (pemTruststoreToPKCS12Pass {} `x`)", literals(&["rsa.pem"])),
        "printf `%T %T` pkcs12key pkcs12keyPass".into(),
        "printf `%T %T` pemToPkcs12 pemToPkcs12Pass".into(),
    ]
    .map(|call| format!("{{{{ {call} }}}}"))
    .to_vec()
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let (store, password) = *grower.random.pick(STORES);
    let mut store = bytes(store);
    for _ in 0..grower.random.below(2) {
        // Beyond the salt and the rounds at the end, of which a changed byte may ask for hours.
        let (length, at) = (store.len() - 60, grower.random.below(store.len()));
        store[at % length] = u8::try_from(grower.random.below(256)).unwrap();
    }
    let password = if grower.random.chance(5) { "other" } else { password };
    let call = grower.one_of(&["pkcs12keyPass", "pkcs12certPass"]);
    format!("{call} {} {}", literal(password), literal(store))
}
