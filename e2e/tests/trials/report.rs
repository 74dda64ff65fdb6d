//! What the trials have shown, as a table.

use std::fmt::Write;
use std::time::Duration;

/// How one provider came through one fault.
pub(super) struct Row {
    pub(super) provider: &'static str,
    pub(super) fault: &'static str,
    /// Calls that came while the fault lasted.
    pub(super) calls: usize,
    /// The most that may come.
    pub(super) most: usize,
    /// Secrets that were written or went while it lasted.
    pub(super) changed: usize,
    /// How long after its end as many calls had come as it takes to read everything once.
    pub(super) read: Option<Duration>,
    /// How long after its end the last object was fresh; none where one never was.
    pub(super) fresh: Option<Duration>,
}

/// What one fault has cost the API server, for all providers together.
pub(super) struct Cost {
    pub(super) fault: &'static str,
    /// Writes while it lasted, and the most that may be.
    pub(super) during: (usize, usize),
    /// Writes until all was fresh, and the most that may be.
    pub(super) after: (usize, usize),
}

/// Both tables.
pub(super) fn table(head: &str, rows: &[Row], costs: &[Cost]) -> String {
    let mut text = format!("{head}\n\nprovider    fault            calls  at most  changed  read after  fresh after\n");
    for row in rows {
        let time = |time: Option<Duration>| {
            time.map_or_else(|| "never".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
        };
        let Row { provider, fault, calls, most, changed, .. } = row;
        let (read, fresh) = (time(row.read), time(row.fresh));
        let _ = writeln!(text, "{provider:10}  {fault:15}  {calls:5}  {most:7}  {changed:7}  {read:>10}  {fresh:>11}");
    }
    text.push_str("\nwrites to the API server  during  at most  after  at most\n");
    for Cost { fault, during, after } in costs {
        let _ = writeln!(text, "{fault:24}  {:6}  {:7}  {:5}  {:7}", during.0, during.1, after.0, after.1);
    }
    text
}

/// Shows it, where the harness lets it.
#[expect(clippy::print_stdout, reason = "the table is what is asked for; the harness shows it with --nocapture")]
pub(super) fn show(table: &str) {
    println!("{table}");
}
