//! The answers of the real gjson and of Go's `encoding/json`, which `e2e/oracle/gjson` wrote down, against ours.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken vector file is a failed test")]

use serde_json::Value as Json;
use std::collections::BTreeMap;

fn documents() -> Vec<Json> {
    let path = env!("CARGO_MANIFEST_DIR").to_owned() + "/tests/vectors.json";
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The bytes of `{"t": text}` or `{"b": base64}`.
fn bytes(text: &Json) -> Vec<u8> {
    match text["b"].as_str() {
        Some(encoded) => base64(encoded),
        None => text["t"].as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}

fn base64(encoded: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in encoded.bytes().filter(|&byte| byte != b'=') {
        bits = bits << 6 | u32::try_from(digits.iter().position(|&digit| digit == byte).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    out
}

/// Kind, text and raw text; empty if nothing is there.
fn answer(json: &[u8], path: &str) -> (String, Vec<u8>, Vec<u8>) {
    match keyferry_gjson::get(json, path) {
        Ok(Some(value)) => {
            let kind = format!("{:?}", value.kind()).to_uppercase();
            (kind, value.as_bytes().into_owned(), value.raw().to_vec())
        }
        Ok(None) => Default::default(),
        Err(error) => (error.to_string(), Vec::new(), Vec::new()),
    }
}

#[test]
fn every_path_gives_what_gjson_gives() {
    let documents = documents();
    let lookups = documents.iter().flat_map(|document| {
        let lookups = document["lookups"].as_array().into_iter().flatten();
        lookups.map(|lookup| (bytes(&document["json"]), lookup))
    });
    let (mut count, mut wrong) = (0, Vec::new());
    for (json, lookup) in lookups {
        count += 1;
        wrong.extend(disagreement(&json, lookup));
    }
    assert!(count >= 500, "only {count} vectors");
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

fn disagreement(json: &[u8], lookup: &Json) -> Option<String> {
    let path = lookup["path"].as_str().unwrap();
    let text = bytes(&lookup["text"]);
    // The raw text is only written where it differs.
    let raw = if lookup["raw"].is_null() { text.clone() } else { bytes(&lookup["raw"]) };
    let expected = (lookup["kind"].as_str().unwrap_or_default().to_uppercase(), text, raw);
    let got = answer(json, path);
    let show = |(kind, text, raw): &(String, Vec<u8>, Vec<u8>)| {
        format!("{kind} {:?} {:?}", String::from_utf8_lossy(text), String::from_utf8_lossy(raw))
    };
    (got != expected).then(|| {
        let valid = keyferry_gjson::valid(json).is_ok();
        let json = String::from_utf8_lossy(json);
        format!("{path}   in (valid: {valid}) {json}\n  Go:   {}\n  ours: {}", show(&expected), show(&got))
    })
}

#[test]
fn every_document_is_valid_and_has_members_as_go_says() {
    let documents = documents();
    let wrong: Vec<String> = documents.iter().filter_map(misjudged).collect();
    assert!(wrong.is_empty(), "{} of {} disagree:\n{}", wrong.len(), documents.len(), wrong.join("\n"));
}

fn misjudged(vector: &Json) -> Option<String> {
    let json = bytes(&vector["json"]);
    let expected: Option<BTreeMap<String, Vec<u8>>> = vector["object"].as_bool().unwrap().then(|| {
        let members = vector["members"].as_array().into_iter().flatten();
        members.map(|member| (member["key"].as_str().unwrap().to_owned(), bytes(&member["value"]))).collect()
    });
    let got = keyferry_gjson::members(&json)
        .ok()
        .map(|members| members.map(|(key, value)| (key, value.as_extracted().into_owned())).collect());
    let valid = keyferry_gjson::valid(&json).is_ok();
    let agrees = valid == vector["valid"].as_bool().unwrap() && got == expected;
    let head = String::from_utf8_lossy(&json[..json.len().min(200)]).into_owned();
    (!agrees).then(|| format!("{head}\n  Go:   {} {expected:?}\n  ours: {valid} {got:?}", vector["valid"]))
}
