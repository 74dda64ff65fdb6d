//! AWS' word on who signed a request, as Google asks for it: the signature (version 4) is made anew.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use serde_json::Value;

use crate::form::decoded;
use crate::hex::hex;

/// Whether the request in `token` was signed for `audience` with these keys.
pub(super) fn is_signed(token: &str, audience: &str, id: &str, secret: &str, session: Option<&str>) -> bool {
    let Ok(request) = serde_json::from_str::<Value>(&decoded(token)) else { return false };
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let headers: BTreeMap<String, String> = request
        .get("headers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|header| {
            let part = |name: &str| header.get(name).and_then(Value::as_str);
            Some((part("key")?.to_ascii_lowercase(), part("value")?.to_owned()))
        })
        .collect();
    let header = |name: &str| headers.get(name).map_or("", String::as_str);
    let url = format!("https://{}?Action=GetCallerIdentity&Version=2011-06-15", header("host"));
    let host = header("host").strip_prefix("sts.").and_then(|host| host.strip_suffix(".amazonaws.com"));
    let Some(region) = host.filter(|_| text("url") == url && text("method") == "POST") else { return false };
    let day = header("x-amz-date").get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/sts/aws4_request");
    let authorization = header("authorization");
    let part = |name: &str| {
        let (_, rest) = authorization.split_once(name).unwrap_or_default();
        rest.split(',').next().unwrap_or_default().trim().to_owned()
    };
    let names = part("SignedHeaders=");
    // Google recommends to sign the target too, and its own Python library does not.
    let bound = ["host", "x-amz-date"];
    if header("x-goog-cloud-target-resource") != audience
        || part("Credential=") != format!("{id}/{scope}")
        || headers.get("x-amz-security-token").map(String::as_str) != session
        || !bound.iter().all(|bound| names.split(';').any(|name| name == *bound))
    {
        return false;
    }
    let lines: Vec<_> = names.split(';').map(|name| format!("{name}:{}\n", header(name).trim())).collect();
    let lines = lines.concat();
    let canonical = format!("POST\n/\nAction=GetCallerIdentity&Version=2011-06-15\n{lines}\n{names}\n{}", hash(b""));
    let words = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", header("x-amz-date"), hash(canonical.as_bytes()));
    let key = [day, region, "sts", "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, word| mac(&key, word.as_bytes()));
    part("Signature=") == hex(&mac(&key, words.as_bytes()))
}

fn mac(key: &[u8], words: &[u8]) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), words).as_ref().to_vec()
}

fn hash(words: &[u8]) -> String {
    hex(digest(&SHA256, words).as_ref())
}
