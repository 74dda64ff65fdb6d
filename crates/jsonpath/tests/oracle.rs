//! Our answers against those of PaesslerAG/jsonpath: written down in `vectors.jsonl`, and live where there is a Go.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken setup is a failed test"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod support;

use keyferry_jsonpath::{Error, Found, Path};
use keyferry_oracle::{Oracle, Random, say, setting};
use serde_json::Value;
use support::{Case, cases, grow};

/// What was found, as Go writes it.
fn written(found: &Found<'_>) -> Vec<u8> {
    let number = |text: &[u8]| gjson::marshal(text, gjson::Numbers::Floats).unwrap();
    match found {
        Found::Json(raw) => number(raw),
        Found::Text(text) => {
            let mut quoted = Vec::new();
            gjson::quote(&mut quoted, text.as_bytes());
            quoted
        }
        Found::Number(value) => number(value.to_string().as_bytes()),
        Found::Bool(truth) => truth.to_string().into_bytes(),
        Found::Nil => b"null".to_vec(),
        Found::List(list) => {
            let inner: Vec<_> = list.iter().map(written).collect();
            [b"[".as_slice(), &inner.join(b",".as_slice()), b"]"].concat()
        }
    }
}

#[derive(Default)]
struct Tally {
    lookups: usize,
    found: usize,
    over: usize,
    /// What is found hangs on Go's order of members, so only the parsing is compared.
    chance: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn take(&mut self, line: &str) {
        let answer: Value = serde_json::from_str(line).unwrap();
        let document = answer["json"].as_str().unwrap();
        for lookup in answer["lookups"].as_array().unwrap() {
            self.look(document, lookup);
        }
    }

    fn look(&mut self, document: &str, go: &Value) {
        let path = go["path"].as_str().unwrap();
        let parsed = Path::parse(path);
        let found = parsed.as_ref().map_err(|error| *error).and_then(|path| path.find(document.as_bytes()));
        self.lookups += 1;
        if matches!(found, Err(Error::TooMuchWork | Error::TooDeep { .. })) {
            self.over += 1;
            return;
        }
        self.found += usize::from(go["found"].is_string());
        let ours = found.as_ref().ok().map(|found| String::from_utf8(written(found)).unwrap());
        let text = found.as_ref().ok().and_then(|found| found.text().ok()).map(|text| String::from_utf8(text).unwrap());
        let (ours, text) = (ours.as_deref(), text.as_deref());
        // The order of an object's members is Go's chance.
        let loose = ["*", "..", "?"].iter().any(|sign| path.contains(sign));
        let forks = path.matches('*').count() + path.matches("..").count() + path.matches('?').count();
        let chance = loose && path.contains(['(', '=']) && (forks > 1 || !path.contains('?'));
        self.chance += usize::from(chance);
        let same = match (go["found"].as_str(), ours) {
            _ if chance => true,
            (Some(a), Some(b)) if loose && a != b => sorted(a) == sorted(b),
            (a, b) => a == b && go["text"].as_str() == text,
        };
        if !same || go["parsed"].as_bool().unwrap() != parsed.is_ok() {
            let ours = (parsed.map(|_| ()), ours, text);
            self.wrong.push(format!("`{path}` in {document}\n  Go:   {go}\n  ours: {ours:?}"));
        }
    }

    fn check(&self) {
        let (count, wrong) = (self.lookups, self.wrong.len());
        assert!(wrong == 0, "{wrong} of {count} disagree:\n{}", self.wrong[..wrong.min(20)].join("\n"));
    }
}

/// Every list with its elements in one order.
fn sorted(json: &str) -> String {
    fn sort(value: &mut Value) {
        if let Value::Array(list) = value {
            list.iter_mut().for_each(sort);
            list.sort_by_key(ToString::to_string);
        }
    }
    let mut value = serde_json::from_str(json).unwrap();
    sort(&mut value);
    value.to_string()
}

/// `SEED=2 COUNT=1000000` makes it another and longer one.
#[test]
fn paths_that_grow_from_a_seed_find_what_go_finds() {
    let Some(mut oracle) = Oracle::start("jsonpath", env!("CARGO_TARGET_TMPDIR")) else {
        say("SKIPPED: no Go, so jsonpath is only compared with what Go once said (vectors.jsonl)");
        return;
    };
    let (seed, count) = (setting("SEED", 1), setting("COUNT", 20_000));
    let (mut random, mut tally) = (Random::new(seed), Tally::default());
    while tally.lookups < count {
        let batch: Vec<_> = (0..100).map(|_| grow::case(&mut random)).collect();
        oracle.ask(batch.iter().map(Case::to_line)).iter().for_each(|line| tally.take(line));
        if tally.wrong.len() >= 50 {
            tally.check();
        }
    }
    let Tally { lookups, found, over, chance, .. } = tally;
    say(&format!("jsonpath: {lookups} of seed {seed}: {found} found, {over} over a limit, {chance} by chance"));
    tally.check();
    assert!(found * 5 > lookups, "only {found} of {lookups} lead anywhere");
    assert!(chance * 4 < lookups, "{chance} of {lookups} are not compared whole");
    assert!(over * 1000 < lookups, "{over} of {lookups} are over a limit");
}

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.jsonl");

#[test]
fn paths_find_what_go_once_found() {
    let mut tally = Tally::default();
    std::fs::read_to_string(VECTORS).unwrap().lines().for_each(|line| tally.take(line));
    assert!(tally.lookups > 150, "only {} vectors", tally.lookups);
    assert_eq!(tally.over, 0, "a vector is over a limit");
    tally.check();
}

/// Writes the vectors anew from Go.
#[test]
#[ignore = "a tool"]
fn write_vectors() {
    let mut oracle = Oracle::start("jsonpath", env!("CARGO_TARGET_TMPDIR")).expect("there is no Go");
    let lines = oracle.ask(cases::all().iter().map(Case::to_line));
    std::fs::write(VECTORS, lines.concat()).unwrap();
}
