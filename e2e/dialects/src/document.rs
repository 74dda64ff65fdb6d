//! Documents as stores have them, small and large, and paths into them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::case::{Case, Work};

const PATHS: &[(&str, &str)] = &[
    ("1 KB", "database.password"),
    ("1 KB", "meta.last"),
    ("1 KB", r"tls\.key"),
    ("1 KB", "users.#"),
    ("1 KB", "users.#.name"),
    ("1 KB", r#"users.#(name=="carol").password"#),
    ("1 KB", "database|@pretty"),
    ("1 KB", "{user:database.user,hosts:database.hosts}"),
    ("1 MB", "items.0.name"),
    ("1 MB", "items.4000.password"),
    ("1 MB", "last"),
    ("1 MB", "items.#"),
    ("1 MB", "items.#.name"),
    ("1 MB", r#"items.#(name=="user-4000").password"#),
    ("1 MB", "items.#(id>4900)#.name"),
    ("1 MB", "items.@reverse.0.name"),
];

fn small() -> Value {
    let users =
        ["alice", "bob", "carol", "dave"].map(|name| json!({"name": name, "password": format!("{name}-secret")}));
    json!({
        "database": {"user": "app", "password": "hunter2", "hosts": ["db-0", "db-1", "db-2"], "port": 5432},
        "tls.key": "-----BEGIN PRIVATE KEY-----\n".to_owned() + &"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49\n".repeat(14),
        "users": users,
        "meta": {"rotated": "2026-02-03T04:05:06Z", "by": "vault", "last": true},
    })
}

fn large() -> Value {
    let item = |id: usize| {
        let text = "lorem ipsum \"dolor\" sit amet, consectetur adipiscing elit, sed do eiusmod tempor";
        json!({"id": id, "name": format!("user-{id}"), "password": format!("{id:x}-{}", id * 7919), "note": text, "tags": ["a", "b", id % 7]})
    };
    json!({"items": (0..5000).map(item).collect::<Vec<_>>(), "last": {"end": 1}})
}

pub(crate) fn all() -> BTreeMap<&'static str, String> {
    BTreeMap::from([("1 KB", small().to_string()), ("1 MB", large().to_string())])
}

pub(crate) fn cases() -> Vec<Case> {
    let case =
        |&(document, path)| Case { name: format!("gjson, {document}: {path}"), work: Work::Path { document, path } };
    PATHS.iter().map(case).collect()
}
