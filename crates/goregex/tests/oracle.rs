//! Our answers against those of Go's regexp: written down in `vectors.jsonl`, and live where there is a Go.
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
use serde_json::Value as Json;
use support::{Answer, Case, cases, grow};

fn ask_raw(oracle: &mut Oracle, cases: &[Case]) -> Vec<Json> {
    let answers = oracle.ask(cases.iter().map(|case| case.to_json().to_string()));
    answers.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ask(oracle: &mut Oracle, cases: &[Case]) -> Vec<Answer> {
    ask_raw(oracle, cases).iter().map(Answer::from_json).collect()
}

fn disagreement(case: &Case, ours: &Answer, go: &Answer) -> Option<String> {
    (ours != go).then(|| format!("{}\n  Go:   {}\n  ours: {}", case.show(), go.show(), ours.show()))
}

/// `SEED=2 COUNT=300000` makes it another and longer one.
#[test]
fn expressions_that_grow_from_a_seed_do_what_go_does() {
    let Some(mut oracle) = Oracle::start("goregex", env!("CARGO_TARGET_TMPDIR")) else {
        say("SKIPPED: no Go, so goregex is only compared with what Go once said (vectors.jsonl)");
        return;
    };
    let (seed, count) = (setting("SEED", 1), setting("COUNT", 20_000));
    let mut random = Random::new(seed);
    let (mut done, mut errors, mut found, mut over, mut wrong) = (0, 0, 0, 0, Vec::new());
    while done < count {
        let batch: Vec<Case> = (0..1000.min(count - done)).map(|_| grow::case(&mut random)).collect();
        done += u64::try_from(batch.len()).unwrap();
        for (case, go) in batch.iter().zip(ask(&mut oracle, &batch)) {
            let ours = case.run();
            match &go {
                Answer::Fine(fine) => found += usize::from(!fine.matches.is_empty()),
                _ => errors += 1,
            }
            match ours {
                Answer::Limit => over += 1,
                ours => wrong.extend(disagreement(case, &ours, &go)),
            }
        }
        assert!(wrong.len() < 50, "{} of {done} disagree:\n{}", wrong.len(), wrong.join("\n"));
        if done % 50_000 == 0 {
            say(&format!("goregex: {done} of {count}"));
        }
    }
    say(&format!("goregex: {count} of seed {seed}: {found} with matches, {errors} errors, {over} over a limit"));
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert!(over * 1000 < done, "{over} of {done} are over a limit");
}

/// A thousand groups are for Go, not for us.
fn is_over_a_limit(case: &Case) -> bool {
    case.run() == Answer::Limit
}

/// By hand and grown: each with what Go made of it.
fn vectors() -> Vec<(Case, Answer)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.map(|line: serde_json::Value| (Case::from_json(&line), Answer::from_json(&line["go"]))).collect()
}

#[test]
fn expressions_do_what_go_once_did() {
    let vectors = vectors();
    let wrong: Vec<String> = vectors.iter().filter_map(|(case, go)| disagreement(case, &case.run(), go)).collect();
    assert!(vectors.len() > 2000, "only {} vectors", vectors.len());
    assert!(wrong.is_empty(), "{} of {} disagree:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

/// All by hand live: those too that are too long for `vectors.jsonl`.
#[test]
fn expressions_by_hand_do_what_go_does() {
    let Some(mut oracle) = Oracle::start("goregex", env!("CARGO_TARGET_TMPDIR")) else {
        say("SKIPPED: no Go, so goregex is only compared with what Go once said (vectors.jsonl)");
        return;
    };
    let (over, cases): (Vec<_>, Vec<_>) = cases::all().into_iter().partition(is_over_a_limit);
    assert!(over.len() < 5, "{} are over a limit", over.len());
    let answers = ask(&mut oracle, &cases);
    let wrong: Vec<String> =
        cases.iter().zip(&answers).filter_map(|(case, go)| disagreement(case, &case.run(), go)).collect();
    assert!(wrong.is_empty(), "{} of {} disagree:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
#[ignore = "writes vectors.jsonl; it needs Go"]
fn write_vectors() {
    let mut oracle = Oracle::start("goregex", env!("CARGO_TARGET_TMPDIR")).expect("there is no Go");
    let mut random = Random::new(0);
    let grown = (0..500).map(|_| grow::case(&mut random));
    let cases: Vec<Case> = cases::all().into_iter().chain(grown).filter(|case| !is_over_a_limit(case)).collect();
    let mut out = String::new();
    for (case, answer) in cases.iter().zip(ask_raw(&mut oracle, &cases)) {
        let mut line = case.to_json();
        line["go"] = answer;
        let line = line.to_string() + "\n";
        out.push_str(if line.len() < 410 { &line } else { "" });
    }
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.jsonl"), out).unwrap();
}
