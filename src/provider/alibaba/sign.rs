//! Signature version 3 of Alibaba Cloud's `OpenAPI`, `ACS3-HMAC-SHA256`: what is signed of a request, and the header that
//! says so. No clock and no chance here.

use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

use super::credential::Keys;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// A request as far as it is signed.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub(super) method: &'a str,
    /// As it stands in the request line.
    pub(super) path: &'a str,
    /// Names and values, not encoded.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// All headers that are signed, by lower-case name, each once; values without space at either end.
    pub(super) headers: &'a [(&'a str, &'a [u8])],
    /// The body's [`fingerprint`].
    pub(super) body: &'a str,
}

/// The `Authorization` header.
pub(super) fn authorization(subject: &Subject<'_>, keys: &Keys) -> String {
    let headers = sorted(subject.headers);
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let request = fingerprint(&canonical(subject, &headers, &names));
    let key = hmac::Key::new(hmac::HMAC_SHA256, keys.secret.expose());
    let signature = hex(hmac::sign(&key, format!("{ALGORITHM}\n{request}").as_bytes()).as_ref());
    format!("{ALGORITHM} Credential={},SignedHeaders={names},Signature={signature}", keys.id)
}

/// SHA-256 in hexadecimal digits.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn sorted<'a, V: Copy + Ord>(pairs: &[(&'a str, V)]) -> Vec<(&'a str, V)> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    pairs
}

/// It has the security token in it, so it is zeroed.
fn canonical(subject: &Subject<'_>, headers: &[(&str, &[u8])], names: &str) -> Zeroizing<Vec<u8>> {
    let query: Vec<_> =
        sorted(subject.query).iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let query = query.join("&");
    let room = headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>();
    let room = room + subject.method.len() + subject.path.len() + query.len() + names.len() + subject.body.len() + 8;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    for line in [subject.method, subject.path, &query] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    for (name, value) in headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(names.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(subject.body.as_bytes());
    text
}

/// As RFC 3986 has it: all but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, PLAIN).to_string()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    /// A request as Alibaba Cloud's own SDK signed it; `e2e/tools/alibaba/vectors.py` writes them.
    #[derive(Deserialize)]
    struct Vector {
        name: String,
        method: String,
        path: String,
        query: BTreeMap<String, String>,
        headers: BTreeMap<String, String>,
        body: String,
        id: String,
        secret: String,
        authorization: String,
    }

    fn signed(vector: &Vector, change: impl FnOnce(&mut Keys, &mut Vec<(&str, &str)>)) -> String {
        let mut keys = Keys { id: vector.id.clone(), secret: vector.secret.as_str().into(), token: None, ends: None };
        // Backwards, since the order is the signer's to make.
        let mut query: Vec<_> =
            vector.query.iter().rev().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        change(&mut keys, &mut query);
        let headers: Vec<_> =
            vector.headers.iter().rev().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let body = fingerprint(vector.body.as_bytes());
        let subject =
            Subject { method: &vector.method, path: &vector.path, query: &query, headers: &headers, body: &body };
        authorization(&subject, &keys)
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("sign/vectors.json")).unwrap()
    }

    #[test]
    fn every_request_is_signed_as_the_official_sdk_signs_it() {
        let vectors = vectors();
        assert!(vectors.len() > 10, "{}", vectors.len());
        for vector in &vectors {
            assert_eq!(signed(vector, |_, _| ()), vector.authorization, "{}", vector.name);
        }
    }

    #[test]
    fn another_secret_or_parameter_is_another_signature() {
        for vector in vectors() {
            let secret = signed(&vector, |keys, _| keys.secret = "another".into());
            let query = signed(&vector, |_, query| query.push(("Z", "1")));
            assert!(secret != vector.authorization && query != vector.authorization, "{}", vector.name);
        }
    }
}
