//! What the demo says while it works: nothing takes longer than a few seconds without a line.

use std::fmt::Display;
use std::io::Write;
use std::pin::pin;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::seconds;

const STILL_AT_IT: Duration = Duration::from_secs(5);

/// Writes a line; a closed output is nobody's trouble.
pub(super) fn say(line: impl Display) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Says what is being done, waits for it, and says how long it took.
pub(super) async fn step<T>(what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    say(format_args!("- {what}"));
    let start = Instant::now();
    let mut work = pin!(work);
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            () = tokio::time::sleep(STILL_AT_IT) => say(format_args!("    … {} s", start.elapsed().as_secs())),
        }
    };
    if outcome.is_ok() {
        say(format_args!("    done in {}", seconds(start.elapsed())));
    }
    outcome
}
