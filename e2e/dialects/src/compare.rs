//! Both sides by turns, in one run.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::case::{Case, Cases};
use crate::go::Go;
use crate::operation::measure;
use crate::table::{say, tell};

/// How often each side has its turn, and for how long.
const ROUNDS: usize = 7;
const TURN: Duration = Duration::from_millis(60);

const FILE: &str = "target/bench/dialects-cases.json";
const RESULTS: &str = "target/bench/dialects.json";

/// The best of all turns of each side: what else the machine does makes a turn longer, and never shorter.
struct Pair {
    ours: f64,
    go: f64,
}

pub(crate) fn run(program: &str, only: &[&str]) -> Result<()> {
    let cases = Cases::with(only);
    fs::create_dir_all("target/bench")?;
    fs::write(FILE, serde_json::to_vec(&cases)?)?;
    let mut go = Go::start(program, Path::new(FILE))?;
    let (mut rows, mut results) = (Vec::new(), serde_json::Map::new());
    for (index, case) in cases.cases.iter().enumerate() {
        say(&case.name)?;
        let pair = compare(index, case, &cases, &mut go)?;
        let ratio = pair.go / pair.ours;
        let verdict = if ratio >= 1.0 { "" } else { "SLOWER" };
        rows.push(
            [&*case.name, &micro(pair.ours), &micro(pair.go), &format!("{ratio:.2}"), verdict].map(str::to_owned),
        );
        results.insert(case.name.clone(), json!({"ours_ns": pair.ours, "go_ns": pair.go, "times_as_fast": ratio}));
    }
    fs::write(RESULTS, serde_json::to_string_pretty(&results)? + "\n")?;
    tell(&["case", "ours, µs", "Go, µs", "times as fast", ""], &rows)?;
    let slower = rows.iter().filter(|row| row.last().is_some_and(|verdict| !verdict.is_empty())).count();
    say(&format!("{} cases, {slower} slower than Go; written to {RESULTS}", rows.len()))
}

fn compare(index: usize, case: &Case, cases: &Cases, go: &mut Go) -> Result<Pair> {
    let mut best = Pair { ours: f64::INFINITY, go: f64::INFINITY };
    for _ in 0..ROUNDS {
        let (ours, gos) = (measure(case, cases, TURN)?, go.measure(index, TURN)?);
        ensure!(ours.output == gos.output, "{}: Go has another answer", case.name);
        best = Pair { ours: best.ours.min(ours.nanoseconds), go: best.go.min(gos.nanoseconds) };
    }
    Ok(best)
}

fn micro(nanoseconds: f64) -> String {
    format!("{:.2}", nanoseconds / 1e3)
}
