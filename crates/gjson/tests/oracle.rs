//! Our answers against those of Go's gjson and `encoding/json`: written down in `vectors.jsonl`, and live where there is
//! a Go.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken setup is a failed test"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod support;

use keyferry_oracle::{Oracle, Random, say, setting};
use std::collections::HashSet;
use support::{Answer, Case, Lookup, cases, grow};

fn ask(oracle: &mut Oracle, cases: &[Case]) -> Vec<Answer> {
    let answers = oracle.ask(cases.iter().map(Case::to_line));
    answers.iter().map(|line| Answer::from_json(&serde_json::from_str(line).unwrap())).collect()
}

/// What a comparison has seen so far.
#[derive(Default)]
struct Tally {
    lookups: usize,
    found: usize,
    panics: usize,
    over: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn take(&mut self, case: &Case, go: &Answer) {
        let ours = case.run();
        if ours.about_all() != go.about_all() {
            self.wrong.push(format!("{}\n  Go:   {:?}\n  ours: {:?}", case.show(), go.about_all(), ours.about_all()));
        }
        assert_eq!(go.lookups.len(), case.paths.len());
        for ((path, go), ours) in case.paths.iter().zip(&go.lookups).zip(&ours.lookups) {
            self.look(case, path, go, ours);
        }
    }

    fn look(&mut self, case: &Case, path: &str, go: &Lookup, ours: &Lookup) {
        self.lookups += 1;
        self.found += usize::from(matches!(go, Lookup::Found { .. }));
        match (go, ours) {
            (Lookup::Panic, _) => self.panics += 1,
            (_, Lookup::Limit(_)) => self.over += 1,
            _ if go != ours => {
                let (json, go, ours) = (case.show(), go.show(), ours.show());
                self.wrong.push(format!("`{path}` in {json}\n  Go:   {go}\n  ours: {ours}"));
            }
            _ => {}
        }
    }

    fn check(&self) {
        let (count, wrong) = (self.lookups, self.wrong.len());
        assert!(wrong == 0, "{wrong} of {count} disagree:\n{}", self.wrong.join("\n"));
    }
}

/// `SEED=2 COUNT=1000000` makes it another and longer one.
#[test]
fn paths_that_grow_from_a_seed_find_what_go_finds() {
    let Some(mut oracle) = Oracle::start("gjson", env!("CARGO_TARGET_TMPDIR")) else {
        say("SKIPPED: no Go, so gjson is only compared with what Go once said (vectors.jsonl)");
        return;
    };
    let (seed, count) = (setting("SEED", 1), setting("COUNT", 20_000));
    let (mut random, mut tally) = (Random::new(seed), Tally::default());
    while tally.lookups < count {
        let batch: Vec<Case> = (0..100).map(|_| grow::case(&mut random)).collect();
        for (case, go) in batch.iter().zip(ask(&mut oracle, &batch)) {
            tally.take(case, &go);
        }
        if tally.wrong.len() >= 50 {
            tally.check();
        }
        if tally.lookups.is_multiple_of(50_000) {
            say(&format!("gjson: {} of {count}", tally.lookups));
        }
    }
    let Tally { lookups, found, panics, over, .. } = tally;
    say(&format!("gjson: {lookups} of seed {seed}: {found} found, {panics} panics of Go's, {over} over a limit"));
    tally.check();
    assert!(found * 4 > lookups, "only {found} of {lookups} lead anywhere");
    assert!(over * 1000 < lookups, "{over} of {lookups} are over a limit");
}

/// By hand and grown: each with what Go made of it.
fn vectors() -> Vec<(Case, Answer)> {
    let text = std::fs::read_to_string(VECTORS).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.map(|line: serde_json::Value| (Case::from_json(&line), Answer::from_json(&line))).collect()
}

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.jsonl");

#[test]
fn paths_find_what_go_once_found() {
    let mut tally = Tally::default();
    for (case, go) in vectors() {
        tally.take(&case, &go);
    }
    assert!(tally.lookups > 5000, "only {} vectors", tally.lookups);
    assert_eq!(tally.over, 0, "a vector is over a limit");
    tally.check();
}

/// What every path is made of: modifiers, operators, and the other forms.
const CONSTRUCTS: &[&str] = &[
    "@pretty",
    "@ugly",
    "@reverse",
    "@this",
    "@flatten",
    "@join",
    "@valid",
    "@keys",
    "@values",
    "@tostr",
    "@fromstr",
    "@group",
    "@dig",
    "@pretty:{",
    "@flatten:{",
    "@join:{",
    "@dig:",
    "\"sortKeys\"",
    "\"indent\"",
    "\"prefix\"",
    "\"width\"",
    "\"deep\"",
    "\"preserve\"",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "%",
    "!%",
    "~true",
    "~false",
    "~null",
    "~*",
    "#(",
    "#[",
    ")#",
    ")#.",
    ")#|",
    "#.",
    "#|",
    "..",
    "*",
    "?",
    "\\",
    "|",
    "{",
    "[",
    ":",
    "!true",
    "!false",
    "!null",
    "!\"",
    "!{",
    "![",
    "!5",
    "0",
    "1",
];

#[test]
fn every_modifier_and_construct_has_ten_cases() {
    let vectors = vectors();
    let paths: HashSet<(&[u8], &str)> =
        vectors.iter().flat_map(|(case, _)| case.paths.iter().map(|path| (&*case.json, path.as_str()))).collect();
    for construct in CONSTRUCTS {
        let count = paths.iter().filter(|(_, path)| path.contains(construct)).count();
        assert!(count >= 10, "{construct} has {count} cases");
    }
}

/// All by hand live: what was added since `vectors.jsonl` was written counts too.
#[test]
fn paths_by_hand_find_what_go_finds() {
    let Some(mut oracle) = Oracle::start("gjson", env!("CARGO_TARGET_TMPDIR")) else {
        say("SKIPPED: no Go, so gjson is only compared with what Go once said (vectors.jsonl)");
        return;
    };
    let (cases, mut tally) = (cases::all(), Tally::default());
    for (case, go) in cases.iter().zip(ask(&mut oracle, &cases)) {
        tally.take(case, &go);
    }
    tally.check();
}

#[test]
#[ignore = "writes vectors.jsonl; it needs Go"]
fn write_vectors() {
    let mut oracle = Oracle::start("gjson", env!("CARGO_TARGET_TMPDIR")).expect("there is no Go");
    let mut random = Random::new(0);
    let cases: Vec<Case> = cases::all().into_iter().chain((0..400).map(|_| grow::case(&mut random))).collect();
    std::fs::write(VECTORS, oracle.ask(cases.iter().map(Case::to_line)).concat()).unwrap();
}
