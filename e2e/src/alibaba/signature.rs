//! Signature version 3, from the server's side: what came is signed anew and compared. Written from Alibaba Cloud's
//! description and not from Keyferry's signer, which it judges.

use aws_lc_rs::{constant_time, digest, hmac};
use jiff::Timestamp;

use super::request::Asking;
use super::{Key, State};
use crate::hex::hex;

/// How far a date may be off, in seconds.
const SKEW: i64 = 15 * 60;
const MUST_BE_SIGNED: [&str; 6] =
    ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];

type Refusal = (u16, &'static str);

/// Whose key signed the request, which comes at `now`.
pub(super) fn check(state: &mut State, asking: &Asking, now: Timestamp) -> Result<(String, Key), Refusal> {
    let said = Said::read(asking.header("authorization")).ok_or((400, "IncompleteSignature"))?;
    let names: Vec<_> = said.names.split(';').collect();
    let sorted = names.is_sorted() && MUST_BE_SIGNED.iter().all(|name| names.contains(name));
    // Whatever of ours or of the body is sent must be signed too.
    let all = asking.head.headers.keys().map(http::HeaderName::as_str);
    let signed =
        all.filter(|name| name.starts_with("x-acs-") || *name == "content-type").all(|name| names.contains(&name));
    if !sorted || !signed {
        return Err((400, "IncompleteSignature"));
    }
    let key = state.keys.get(said.id).cloned().ok_or((404, "InvalidAccessKeyId.NotFound"))?;
    let date: Timestamp = asking.header("x-acs-date").parse().map_err(|_| (400, "InvalidTimeStamp.Format"))?;
    if (now.as_second() - date.as_second()).abs() > SKEW {
        return Err((400, "InvalidTimeStamp.Expired"));
    }
    token(&key, asking, now)?;
    let body = hex(digest::digest(&digest::SHA256, &asking.body).as_ref());
    let canonical = canonical(asking, &names, &said.names, &body);
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let mac = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, key.secret.as_bytes()),
        format!("ACS3-HMAC-SHA256\n{hashed}").as_bytes(),
    );
    let right = constant_time::verify_slices_are_equal(hex(mac.as_ref()).as_bytes(), said.signature.as_bytes());
    if right.is_err() || asking.header("x-acs-content-sha256") != body {
        return Err((400, "SignatureDoesNotMatch"));
    }
    if !state.nonces.insert(asking.header("x-acs-signature-nonce").to_owned()) {
        return Err((400, "SignatureNonceUsed"));
    }
    Ok((said.id.to_owned(), key))
}

fn token(key: &Key, asking: &Asking, now: Timestamp) -> Result<(), Refusal> {
    let shown = asking.header("x-acs-security-token");
    match &key.token {
        None if shown.is_empty() => Ok(()),
        Some(_) if shown.is_empty() => Err((400, "MissingSecurityToken")),
        Some(token) if token != shown => Err((400, "InvalidSecurityToken.MismatchWithAccessKey")),
        None => Err((400, "InvalidSecurityToken.MismatchWithAccessKey")),
        Some(_) if key.ends.is_some_and(|end| end < now) => Err((400, "InvalidSecurityToken.Expired")),
        Some(_) => Ok(()),
    }
}

struct Said<'a> {
    id: &'a str,
    names: String,
    signature: &'a str,
}

impl<'a> Said<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let rest = header.strip_prefix("ACS3-HMAC-SHA256 Credential=")?;
        let (id, rest) = rest.split_once(",SignedHeaders=")?;
        let (names, signature) = rest.split_once(",Signature=")?;
        Some(Self { id, names: names.to_owned(), signature })
    }
}

fn canonical(asking: &Asking, names: &[&str], joined: &str, body: &str) -> String {
    let mut query: Vec<_> =
        asking.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    query.sort();
    let headers: Vec<_> = names.iter().map(|name| format!("{name}:{}\n", asking.header(name).trim())).collect();
    let headers = headers.concat();
    let (method, path) = (&asking.head.method, asking.head.uri.path());
    format!("{method}\n{path}\n{}\n{headers}\n{joined}\n{body}", query.join("&"))
}

fn encode(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let one = |byte: u8| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::Request;
    use hyper::body::Bytes;
    use serde::Deserialize;

    use super::*;
    use crate::settings::repository;

    /// A request as Alibaba Cloud's own SDK signed it; `e2e/tools/alibaba/vectors.py` writes them.
    #[derive(Clone, Deserialize)]
    struct Vector {
        name: String,
        query: BTreeMap<String, String>,
        headers: BTreeMap<String, String>,
        body: String,
        id: String,
        secret: String,
        authorization: String,
    }

    fn vectors() -> Vec<Vector> {
        let path = repository().join("src/provider/alibaba/sign/vectors.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn checked(vector: &Vector, state: &mut State, after: i64) -> Result<String, Refusal> {
        let query: Vec<_> =
            vector.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let mut request = Request::post(format!("/?{}", query.join("&")));
        for (name, value) in &vector.headers {
            request = request.header(name, value);
        }
        let (head, ()) = request.header("authorization", &vector.authorization).body(()).unwrap().into_parts();
        let token = vector.headers.get("x-acs-security-token").cloned();
        let key = Key { secret: vector.secret.clone(), token, ends: None, reads: String::new() };
        state.keys.insert(vector.id.clone(), key);
        let date: Timestamp = vector.headers["x-acs-date"].parse().unwrap();
        let now = date + jiff::SignedDuration::from_secs(after);
        check(state, &Asking::new(head, Bytes::from(vector.body.clone())), now).map(|(id, _)| id)
    }

    #[test]
    fn what_the_official_sdk_signed_is_taken() {
        let vectors = vectors();
        assert!(vectors.len() > 10);
        for vector in vectors {
            assert_eq!(checked(&vector, &mut State::default(), 60), Ok(vector.id.clone()), "{}", vector.name);
        }
    }

    #[test]
    fn what_was_changed_is_late_or_comes_twice_is_not() {
        for vector in vectors() {
            let refused = |vector: &Vector, after| checked(vector, &mut State::default(), after).unwrap_err().1;
            let mut changed = vector.clone();
            changed.query.insert("SecretName".into(), "another".into());
            assert_eq!(refused(&changed, 0), "SignatureDoesNotMatch", "{}", vector.name);
            changed = vector.clone();
            changed.body.push('x');
            assert_eq!(refused(&changed, 0), "SignatureDoesNotMatch", "{}", vector.name);
            changed = vector.clone();
            changed.headers.insert("x-acs-extra".into(), "1".into());
            assert_eq!(refused(&changed, 0), "IncompleteSignature", "{}", vector.name);
            assert_eq!(refused(&vector, 16 * 60), "InvalidTimeStamp.Expired", "{}", vector.name);
            let mut state = State::default();
            checked(&vector, &mut state, 0).unwrap();
            assert_eq!(checked(&vector, &mut state, 0).unwrap_err().1, "SignatureNonceUsed", "{}", vector.name);
        }
    }
}
