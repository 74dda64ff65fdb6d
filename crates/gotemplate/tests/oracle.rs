//! Our answers against those of Go's text/template: written down in `vectors.jsonl`, and live where there is a Go.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken setup is a failed test"
)]
#![allow(clippy::needless_pass_by_value, clippy::format_push_string, reason = "short before fast")]
#![allow(clippy::unnecessary_wraps, reason = "functions of templates can fail")]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod support;

use keyferry_oracle::{Oracle, Random, say, setting};
use serde_json::Value as Json;
use support::data::base64;
use support::{Answer, Case, agree, cases, grow, is_beyond_go};

fn disagreement(case: &Case, ours: &Answer, go: &Answer) -> Option<String> {
    (!agree(ours, go)).then(|| format!("{}\n  Go:   {}\n  ours: {}", case.show(), go.show(), ours.show()))
}

/// `SEED=2 COUNT=1000000` makes it another and longer one.
#[test]
fn templates_that_grow_from_a_seed_give_what_go_gives() {
    let Some(mut oracle) = Oracle::start("gotemplate", env!("CARGO_TARGET_TMPDIR")) else {
        say("SKIPPED: no Go, so gotemplate is only compared with what Go once said (vectors.jsonl)");
        return;
    };
    let (seed, count) = (setting("SEED", 1), setting("COUNT", 20_000));
    let mut random = Random::new(seed);
    let (mut done, mut over, mut failed, mut wrong) = (0, 0, 0, Vec::new());
    while done < count {
        let batch: Vec<Case> = (0..1000.min(count - done)).map(|_| grow::case(&mut random)).collect();
        done += u64::try_from(batch.len()).unwrap();
        let asked: Vec<(Case, Answer)> = batch.into_iter().map(|case| (case.clone(), case.run())).collect();
        let (left_out, asked): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(_, ours)| is_beyond_go(ours));
        over += left_out.len();
        let (batch, ours): (Vec<Case>, Vec<Answer>) = asked.into_iter().unzip();
        for ((case, ours), go) in batch.iter().zip(ours).zip(Case::ask(&mut oracle, &batch)) {
            failed += usize::from(matches!(go, Answer::Error(_)));
            wrong.extend(disagreement(case, &ours, &go));
        }
        assert!(wrong.len() < 50, "{} of {done} disagree:\n{}", wrong.len(), wrong.join("\n"));
        if done % 50_000 == 0 {
            say(&format!("gotemplate: {done} of {count}"));
        }
    }
    say(&format!("gotemplate: {count} templates of seed {seed}, {failed} of them errors, {over} left out"));
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert!(over * 20 < usize::try_from(done).unwrap(), "{over} of {done} are left out");
}

/// By hand and grown: each with what Go made of it.
fn vectors() -> Vec<(Case, Answer)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| expanded(serde_json::from_str(line).unwrap())).collect()
}

/// The fields that hold bytes: in `vectors.jsonl` as text where they are UTF-8.
const BYTES: [&str; 3] = ["template", "output", "error"];

fn expanded(mut line: Json) -> (Case, Answer) {
    for field in BYTES {
        if let Some(text) = line[format!("{field}_text")].as_str() {
            line[field] = base64::encode(text.as_bytes()).into();
        }
    }
    if line["data"] == "all" {
        line["data"] = cases::data();
    }
    line["name"] = "t".into();
    (Case::from_json(&line), Answer::from_json(&line))
}

fn compact(case: &Case, answer: &Answer) -> Json {
    let mut line = case.to_json();
    answer.add_to(&mut line);
    for field in BYTES {
        let text = line[field].as_str().and_then(|encoded| String::from_utf8(base64::decode(encoded)).ok());
        if let (Some(text), Some(fields)) = (text, line.as_object_mut()) {
            fields.remove(field);
            fields.insert(format!("{field}_text"), text.into());
        }
    }
    if line["data"] == cases::data() {
        line["data"] = "all".into();
    }
    line.as_object_mut().unwrap().remove("name");
    line
}

#[test]
fn templates_give_what_go_gave_once() {
    let vectors = vectors();
    let wrong: Vec<String> = vectors.iter().filter_map(|(case, go)| disagreement(case, &case.run(), go)).collect();
    assert!(vectors.len() > 2000, "only {} vectors", vectors.len());
    assert!(wrong.is_empty(), "{} of {} disagree:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

#[test]
#[ignore = "writes vectors.jsonl; it needs Go"]
fn write_vectors() {
    let mut oracle = Oracle::start("gotemplate", env!("CARGO_TARGET_TMPDIR")).expect("there is no Go");
    let mut random = Random::new(0);
    let grown = std::iter::repeat_with(|| grow::case(&mut random)).filter(|case| case.template.len() < 120);
    let cases: Vec<Case> = cases::all().into_iter().chain(grown.take(120)).collect();
    let cases: Vec<Case> = cases.into_iter().filter(|case| !is_beyond_go(&case.run())).collect();
    let answers = Case::ask(&mut oracle, &cases);
    let lines: Vec<String> =
        cases.iter().zip(&answers).map(|(case, answer)| compact(case, answer).to_string() + "\n").collect();
    let out = lines.into_iter().filter(|line| line.len() < 40_000).collect::<String>();
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.jsonl"), out).unwrap();
}
