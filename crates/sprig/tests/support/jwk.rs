//! Cases of the family `jwk`.

use super::data::base64;
use super::fixtures::{bytes, leaked, literal, text};
use super::grow::{Grower, Line};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    let mut cases: Vec<String> = keys().iter().flat_map(both).collect();
    cases.extend(changed().iter().flat_map(both));
    cases.extend(TEXTS.iter().flat_map(|text| calls(text)));
    cases.extend(RSA.map(|call| format!("{{{{ {call} }}}}")));
    cases.push(format!("{{{{ rsaDecrypt \"RSA-OAEP\" \"SHA1\" \"x\" {} }}}}", literal(text("rsa.key"))));
    cases.push(format!("{{{{ rsaDecrypt \"RSA-OAEP\" \"SHA1\" \"x\" {} }}}}", literal(text("leaf.key"))));
    leaked(cases)
}

const RSA: [&str; 14] = [
    r#"rsaDecrypt "None" "" "plain" """#,
    r#"rsaDecrypt "None" "None" .bin .bin"#,
    r#"rsaDecrypt "none" "" "plain" """#,
    r#"rsaDecrypt "" "" "" """#,
    r#"rsaDecrypt "RSA-OAEP" "" "" """#,
    r#"rsaDecrypt "RSA-OAEP" "SHA1" "x" "junk""#,
    r#"rsaDecrypt "RSA-OAEP" "SHA1" "x" "-----BEGIN X-----\nYWJj\n-----END X-----\n""#,
    r#"rsaDecrypt "RSA-OAEP" .bin .bin .bin"#,
    r#"rsaDecrypt "RSA" "SHA1" "x" """#,
    r#"rsaDecrypt "None" "" "x""#,
    r#"rsaDecrypt "None" "" 1 """#,
    r#"rsaDecrypt nil "" "" """#,
    r#"printf "%T" rsaDecrypt"#,
    r#"printf "%T" (rsaDecrypt "None" "" "" "")"#,
];

const TEXTS: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "1",
    "junk",
    r#"{"kty":1}"#,
    r#"{"kty":"none"}"#,
    r#"{"kty":"oct","k":"YWJj"}"#,
    r#"{"kty":"RSA"}"#,
    r#"{"kty":"RSA","n":"","e":""}"#,
    r#"{"kty":"RSA","n":"AQ","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"AQ==","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"_-8","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"/+8=","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"/+8","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"/_8","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"_-8=","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"A","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"AB","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"AAAA","e":"AAAAAAAAAAAAAQ"}"#,
    r#"{"kty":"RSA","n":"A\nQ","e":"AQAB"}"#,
    r#"{"kty":"RSA","n":null,"e":"AQAB"}"#,
    r#"{"kty":"RSA","n":5,"e":"AQAB"}"#,
    r#"{"kty":"RSA","n":"AQ","e":"AQAB","d":null}"#,
    r#"{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}"#,
    r#"{"kty":"RSA","n":"AQ","e":"AQAB"} x"#,
    r#"{"kty":"EC","crv":"secp256k1","x":"AQ","y":"AQ"}"#,
    r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#,
    r#"{"kty":"EC","crv":"P-256","x":"AQ"}"#,
    r#"{"kty":"EC","x":"AQ","y":"AQ"}"#,
    r#"{"kty":"OKP","crv":"Ed25519","x":"AQ"}"#,
    r#"{"kty":"OKP","crv":"Ed25519","x":""}"#,
    r#"{"kty":"OKP","crv":"X25519","x":"AQ"}"#,
    r#"{"kty":"OKP","crv":"Ed448","x":"AQ"}"#,
    r#"{"kty":"OKP","crv":"Ed25519","x":"AQ","d":"AQ"}"#,
];

fn calls(json: &str) -> [String; 2] {
    ["jwkPublicKeyPem", "jwkPrivateKeyPem"].map(|call| format!("{{{{ {call} {} }}}}", literal(json)))
}

fn both(key: &Json) -> [String; 2] {
    calls(&key.to_string())
}

/// Base64 as web keys have it.
fn digits(bytes: &[u8]) -> String {
    base64::encode(bytes).replace('+', "-").replace('/', "_").replace('=', "")
}

/// The bytes of the elements of a sequence, where they are numbers and texts of one level.
fn elements(mut der: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while !der.is_empty() {
        let (skip, length) = match der[1] {
            0x81 => (3, usize::from(der[2])),
            0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
            length => (2, usize::from(length)),
        };
        all.push(der[skip..skip + length].to_vec());
        der = &der[skip + length..];
    }
    all
}

fn der(name: &str) -> Vec<u8> {
    let digits: String = text(name).lines().filter(|line| !line.starts_with("-----")).collect();
    base64::decode(&digits)
}

fn rsa() -> Json {
    let numbers = elements(&elements(&der("rsa.key"))[0]);
    let number = |index: usize| digits(numbers[index].strip_prefix(&[0]).unwrap_or(&numbers[index]));
    json!({
        "kty": "RSA", "n": number(1), "e": number(2), "d": number(3), "p": number(4), "q": number(5),
        "dp": number(6), "dq": number(7), "qi": number(8),
    })
}

fn ec(name: &str, curve: &str, size: usize) -> Json {
    let key = elements(&elements(&der(name))[0]);
    let parts = elements(&elements(&key[2])[0]);
    let point = &parts[2][parts[2].len() - 2 * size..];
    json!({"kty": "EC", "crv": curve, "d": digits(&parts[1]), "x": digits(&point[..size]), "y": digits(&point[size..])})
}

fn okp() -> Json {
    let seed = [7; 32];
    let public = "6kppY-LM64t15C26mrj4gXa0mEJ2H0Fil63fDE35FiI";
    json!({"kty": "OKP", "crv": "Ed25519", "d": digits(&seed), "x": public})
}

fn without(key: &Json, names: &[&str]) -> Json {
    let mut key = key.clone();
    for name in names {
        key.as_object_mut().unwrap().remove(*name);
    }
    key
}

fn with(key: &Json, name: &str, value: impl Into<Json>) -> Json {
    let mut key = key.clone();
    key[name] = value.into();
    key
}

fn keys() -> Vec<Json> {
    let private = [rsa(), ec("leaf.key", "P-256", 32), ec("p384.key", "P-384", 48), ec("p521.key", "P-521", 66), okp()];
    private.iter().flat_map(|key| [key.clone(), without(key, &["d", "p", "q", "dp", "dq", "qi"])]).collect()
}

/// Keys that are changed here and there.
fn changed() -> Vec<Json> {
    let (rsa, ec, okp) = (rsa(), ec("leaf.key", "P-256", 32), okp());
    let mut all = vec![
        without(&rsa, &["dp", "dq", "qi"]),
        without(&rsa, &["qi"]),
        without(&rsa, &["p"]),
        without(&rsa, &["p", "q"]),
        without(&rsa, &["n"]),
        with(&rsa, "dp", "AQ"),
        with(&rsa, "qi", "AQ"),
        with(&rsa, "e", "Aw"),
        with(&rsa, "p", rsa["q"].clone()),
        with(&rsa, "d", rsa["n"].clone()),
        with(&without(&rsa, &["dp", "dq", "qi"]), "d", "AQAB"),
        without(&ec, &["y"]),
        with(&ec, "crv", "P-384"),
        with(&ec, "d", "AQ"),
        with(&ec, "d", "AA"),
        with(&ec, "d", digits(&[255; 32])),
        with(&ec, "x", ec["y"].clone()),
        with(&okp, "x", digits(&[7; 32])),
        with(&okp, "d", digits(&[7; 31])),
    ];
    let members = [
        ("kid", json!("id")),
        ("kid", json!(1)),
        ("use", json!("sig")),
        ("alg", json!("ES256")),
        ("alg", json!(1)),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!("sign")),
        ("x5c", json!(["YWJj"])),
        ("x5c", json!(1)),
        ("x5t", json!({})),
        ("other", json!({"a": [1, null]})),
    ];
    all.extend(members.map(|(name, value)| with(&ec, name, value)));
    all
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let all: Vec<Json> = keys().into_iter().chain(changed()).collect();
    let mut key = grower.random.pick(&all).clone();
    for _ in 0..grower.random.below(3) {
        let value = match grower.random.below(5) {
            0 => Json::Null,
            1 => json!(1),
            _ => json!(grower.one_of(&["", "AQAB", "AQ==", "_w", "/w", "!", "AAAA"])),
        };
        let name = grower.one_of(&["n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y", "crv", "kty", "kid"]);
        key[name] = value;
    }
    let mut json = key.to_string();
    if grower.random.chance(10) {
        write!(json, "{}", grower.one_of(&[" ", "x", "}", "\n"])).unwrap();
    }
    format!("{} {}", grower.one_of(&["jwkPublicKeyPem", "jwkPrivateKeyPem"]), literal(json))
}

/// The key that `tests/crypto.rs` decrypts with.
pub fn rsa_key() -> Vec<u8> {
    bytes("rsa.key")
}
