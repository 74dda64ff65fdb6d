//! Our answers against those of Go, sprig and External Secrets Operator: written down in `vectors.jsonl`, and live where
//! there is a Go.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken setup is a failed test"
)]
#![allow(clippy::needless_pass_by_value, clippy::format_push_string, reason = "short before fast")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "tests, of which the support is shared")]

mod support;

use keyferry_oracle::{Oracle, Random, say, setting};
use serde_json::{Value as Json, json};
use support::case::Answer;
use support::data::base64;
use support::{Case, grow, oracle};

/// Every family's cases by hand.
const FAMILIES: &[fn() -> Vec<&'static str>] = &[
    support::strings::cases,
    support::regexes::cases,
    support::paths::cases,
    support::urls::cases,
    support::encodings::cases,
    support::numbers::cases,
    support::lists::cases,
    support::dicts::cases,
    support::defaults::cases,
    support::reflection::cases,
    support::randoms::cases,
    support::dates::cases,
    support::versions::cases,
    support::json::cases,
    support::yaml::cases,
    support::passwords::cases,
    support::keys::cases,
    support::certificates::cases,
    support::ciphers::cases,
    support::pkcs12::cases,
    support::pem::cases,
    support::jwk::cases,
];

fn by_hand() -> Vec<Case> {
    let cases = FAMILIES.iter().flat_map(|cases| cases());
    cases.map(|template| Case::new(template, grow::data())).collect()
}

/// The same bytes, or an error on both sides. The words of an error count where they are the template engine's; those of
/// a function are its own.
fn agree(ours: &Answer, go: &Answer) -> bool {
    match (ours, go) {
        (Answer::Error(_), Answer::Error(_)) => true,
        (_, Answer::Error(go)) if go == "the oracle's output is too long" => true,
        _ => ours == go,
    }
}

fn disagreement(case: &Case, ours: &Answer, go: &Answer) -> Option<String> {
    let template = String::from_utf8_lossy(&case.template);
    (!agree(ours, go)).then(|| format!("{template}\n  Go:   {}\n  ours: {}", go.show(), ours.show()))
}

fn compare(oracle: &mut Oracle, cases: Vec<Case>) -> (usize, Vec<String>) {
    let asked: Vec<(Case, Answer)> = cases.into_iter().map(|case| (case.clone(), case.run())).collect();
    let (over, asked): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(_, ours)| *ours == Answer::OverBudget);
    let (cases, ours): (Vec<Case>, Vec<Answer>) = asked.into_iter().unzip();
    let go = Case::ask(oracle, &cases);
    let wrong = cases.iter().zip(&ours).zip(&go).filter_map(|((case, ours), go)| disagreement(case, ours, go));
    (over.len(), wrong.collect())
}

#[test]
fn cases_by_hand_give_what_go_gives() {
    let Some(mut oracle) = oracle() else {
        return say("SKIPPED: no Go, so sprig is only compared with what Go once said (vectors.jsonl)");
    };
    let (over, wrong) = compare(&mut oracle, by_hand());
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(over, 0, "a case by hand is within the budget");
}

/// `SEED=2 COUNT=1000000` makes it another and longer one, `FAMILY=lists` one of the functions of a family alone.
#[test]
fn templates_that_grow_from_a_seed_give_what_go_gives() {
    let Some(mut oracle) = oracle() else {
        return say("SKIPPED: no Go, so sprig is only compared with what Go once said (vectors.jsonl)");
    };
    let (seed, count, only) = (setting("SEED", 1), setting("COUNT", 20_000), setting("FAMILY", String::new()));
    let mut random = Random::new(seed);
    let (mut done, mut left_out, mut wrong) = (0, 0, Vec::new());
    while done < count {
        let batch: Vec<Case> = (0..1000.min(count - done)).map(|_| grow::case(&mut random, &only)).collect();
        done += u64::try_from(batch.len()).unwrap();
        let (over, more) = compare(&mut oracle, batch);
        left_out += over;
        wrong.extend(more);
        assert!(wrong.len() < 50, "{} of {done} disagree:\n{}", wrong.len(), wrong.join("\n"));
        if done % 50_000 == 0 {
            say(&format!("sprig: {done} of {count}"));
        }
    }
    say(&format!("sprig: {count} templates of seed {seed}, {left_out} left out"));
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert!(left_out * 20 < usize::try_from(done).unwrap(), "{left_out} of {done} are left out");
}

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.jsonl");

#[test]
fn templates_give_what_go_gave_once() {
    let text = std::fs::read_to_string(VECTORS).unwrap();
    let vectors = text.lines().map(|line| {
        let line: Json = serde_json::from_str(line).unwrap();
        let case = Case::new(base64::decode(line["template"].as_str().unwrap()), grow::data());
        (case, Answer::from_json(&line))
    });
    let wrong: Vec<String> = vectors.filter_map(|(case, go)| disagreement(&case, &case.run(), &go)).collect();
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
#[ignore = "writes vectors.jsonl; it needs Go"]
fn write_vectors() {
    let mut oracle = oracle().expect("there is no Go");
    let cases = by_hand();
    let lines = cases.iter().zip(Case::ask(&mut oracle, &cases)).map(|(case, answer)| {
        let mut line = json!({"template": base64::encode(&case.template)});
        answer.add_to(&mut line);
        line.to_string() + "\n"
    });
    std::fs::write(VECTORS, lines.collect::<String>()).unwrap();
}
