//! Whole targets against External Secrets Operator's own code, live where there is a Go: templates, sources, scopes, targets,
//! merge policies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a broken setup is a failed test"
)]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "tests, of which the support is shared")]

#[path = "target/grow.rs"]
mod grow;
#[path = "target/oracle.rs"]
mod oracle;

use std::collections::BTreeMap;

use grow::Case;
use keyferry::plan::template::{Engine, Holder, Source, Texts, render};
use keyferry::sealed::Sealed;
use keyferry_oracle::{Oracle, Random, say, setting};
use oracle::{Answer, ask};

fn engine() -> Engine {
    Engine::new(sprig::functions(sprig::System), ("{{".into(), "}}".into()))
}

fn sealed(map: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Sealed> {
    map.iter().map(|(key, value)| (key.clone(), Sealed::new(value.clone()))).collect()
}

/// What we make of a case.
fn ours(engine: &Engine, case: &Case) -> Answer {
    let source = |holder, name: &str| Source { holder, name: name.to_owned() };
    let map = case.config_map.iter().map(|(key, text)| (key.clone(), text.clone().into_bytes())).collect();
    let texts = Texts::from([
        (source(Holder::ConfigMap, "map"), sealed(&map)),
        (source(Holder::Secret, "secret"), sealed(&case.secret)),
    ]);
    match render(engine, &case.template, &sealed(&case.values), &texts, &|| false) {
        Err(failure) => Answer::Error(failure.problem.to_string()),
        Ok(made) => Answer::Made {
            data: made.data.into_iter().map(|(key, value)| (key, value.expose().to_vec())).collect(),
            labels: made.labels,
            annotations: made.annotations,
        },
    }
}

fn disagreement(case: &Case, ours: &Answer, theirs: &Answer) -> Option<String> {
    let agree = match (ours, theirs) {
        (Answer::Error(_), Answer::Error(_)) => true,
        _ => ours == theirs,
    };
    (!agree).then(|| format!("{}\n  theirs: {theirs:?}\n  ours:   {ours:?}", case.to_json()))
}

/// `SEED=2 COUNT=100000` makes it another and longer one.
#[test]
fn targets_that_grow_from_a_seed_are_what_eso_makes() {
    let Some(mut oracle) = Oracle::start("sprig/target", env!("CARGO_TARGET_TMPDIR")) else {
        return say("SKIPPED: no Go, so targets are not compared with External Secrets Operator's");
    };
    let (seed, count) = (setting("SEED", 1), setting("COUNT", 3000_u64));
    let (mut random, engine) = (Random::new(seed), engine());
    let (mut made, mut wrong) = (0, Vec::new());
    for _ in 0..count.div_ceil(500) {
        let cases: Vec<Case> = (0..500).map(|_| grow::case(&mut random)).collect();
        let theirs = ask(&mut oracle, &cases);
        for (case, theirs) in cases.iter().zip(&theirs) {
            made += u64::from(matches!(theirs, Answer::Made { .. }));
            wrong.extend(disagreement(case, &ours(&engine, case), theirs));
        }
        assert!(wrong.len() < 20, "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
    }
    say(&format!("targets: {count} of seed {seed}, of which {made} could be made"));
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert!(made * 3 > count, "too few of the cases can be made: {made} of {count}");
}
