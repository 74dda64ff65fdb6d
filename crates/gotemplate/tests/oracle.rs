//! Our answers against those of Go's text/template: written down in `vectors.jsonl`, and live where there is a Go.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken setup is a failed test")]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod support;

use std::io::Write;
use support::go::Oracle;
use support::random::Random;
use support::{Answer, Case, agree, cases, grow, is_beyond_go};

/// A number from the environment, for long comparisons.
#[expect(clippy::disallowed_methods, reason = "there is no command line here")]
fn size(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Past the capture of the test's output.
fn say(message: &str) {
    writeln!(std::io::stderr(), "{message}").unwrap();
}

fn disagreement(case: &Case, ours: &Answer, go: &Answer) -> Option<String> {
    (!agree(ours, go)).then(|| format!("{}\n  Go:   {}\n  ours: {}", case.show(), go.show(), ours.show()))
}

/// `SEED=2 COUNT=1000000` makes it another and longer one.
#[test]
fn templates_that_grow_from_a_seed_give_what_go_gives() {
    let Some(mut oracle) = Oracle::start() else {
        say("SKIPPED: no Go, so gotemplate is only compared with what Go once said (vectors.jsonl)");
        return;
    };
    let (seed, count) = (size("SEED", 1), size("COUNT", 20_000));
    let mut random = Random::new(seed);
    let (mut done, mut over, mut failed, mut wrong) = (0, 0, 0, Vec::new());
    while done < count {
        let batch: Vec<Case> = (0..1000.min(count - done)).map(|_| grow::case(&mut random)).collect();
        done += u64::try_from(batch.len()).unwrap();
        let asked: Vec<(Case, Answer)> = batch.into_iter().map(|case| (case.clone(), case.run())).collect();
        let (left_out, asked): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(_, ours)| is_beyond_go(ours));
        over += left_out.len();
        let (batch, ours): (Vec<Case>, Vec<Answer>) = asked.into_iter().unzip();
        for ((case, ours), go) in batch.iter().zip(ours).zip(oracle.ask(&batch)) {
            failed += usize::from(matches!(go, Answer::Error(_)));
            wrong.extend(disagreement(case, &ours, &go));
        }
        assert!(wrong.len() < 50, "{} of {done} disagree:\n{}", wrong.len(), wrong.join("\n"));
    }
    say(&format!("gotemplate: {count} templates of seed {seed}, {failed} of them errors, {over} left out"));
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert!(over * 20 < usize::try_from(done).unwrap(), "{over} of {done} are left out");
}
