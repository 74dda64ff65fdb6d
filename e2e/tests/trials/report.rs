//! What the trials have shown, as a table.

use std::fmt;
use std::time::Duration;

use super::Size;

/// How much later than an interval after a fault everything may have been asked for: looking at the count, a session
/// that finds out when it may go on, and a server that answers slowly on a busy machine.
const PROMPT: Duration = Duration::from_secs(5);

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

/// What all groups have shown.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    costs: Vec<Cost>,
}

impl Table {
    /// Adds what one fault has shown; the costs of one fault are added up.
    pub(super) fn add(&mut self, (rows, cost): (Vec<Row>, Cost)) {
        self.rows.extend(rows);
        match self.costs.iter_mut().find(|other| other.fault == cost.fault) {
            None => self.costs.push(cost),
            Some(other) => other.add(&cost),
        }
    }

    /// Adds what another group has shown.
    pub(super) fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
        other.costs.into_iter().for_each(|cost| self.add((Vec::new(), cost)));
    }

    /// What is not as it should be.
    pub(super) fn failures(&self, size: Size) -> Vec<String> {
        let rows = self.rows.iter().flat_map(|row| row.failures(size));
        rows.chain(self.costs.iter().flat_map(Cost::failures)).collect()
    }
}

impl Row {
    fn failures(&self, size: Size) -> impl Iterator<Item = String> {
        let Self { provider, fault, calls, most, changed, read, fresh } = self;
        let late = |time: &Option<Duration>, slack| time.is_none_or(|time| time > size.interval + slack);
        let all = [
            (*changed > 0, format!("{changed} Secrets changed")),
            (calls > most, format!("{calls} calls, and {most} at most")),
            (late(read, PROMPT), format!("all was read after {read:?}")),
            (late(fresh, size.slack), format!("the last was fresh after {fresh:?}")),
        ];
        let what = format!("{provider} under {fault}");
        all.into_iter().filter(|(fails, _)| *fails).map(move |(_, how)| format!("{what}: {how}"))
    }
}

impl Cost {
    fn add(&mut self, other: &Self) {
        for (own, more) in [(&mut self.during, other.during), (&mut self.after, other.after)] {
            *own = (own.0 + more.0, own.1 + more.1);
        }
    }

    fn failures(&self) -> impl Iterator<Item = String> {
        let all = [("while it lasted", self.during), ("after it", self.after)];
        let over = all.into_iter().filter(|(_, (writes, most))| writes > most);
        over.map(|(when, (writes, most))| format!("{}: {writes} writes {when}, and {most} at most", self.fault))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "provider    fault            calls  at most  changed  read after  fresh after")?;
        for row in &self.rows {
            let time = |time: Option<Duration>| {
                time.map_or_else(|| "never".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
            };
            let Row { provider, fault, calls, most, changed, .. } = row;
            let (read, fresh) = (time(row.read), time(row.fresh));
            writeln!(out, "{provider:10}  {fault:15}  {calls:5}  {most:7}  {changed:7}  {read:>10}  {fresh:>11}")?;
        }
        writeln!(out, "\nwrites to the API server  during  at most  after  at most")?;
        for Cost { fault, during, after } in &self.costs {
            writeln!(out, "{fault:24}  {:6}  {:7}  {:5}  {:7}", during.0, during.1, after.0, after.1)?;
        }
        Ok(())
    }
}

/// Shows it, where the harness lets it.
#[expect(clippy::print_stdout, reason = "the table is what is asked for; the harness shows it with --nocapture")]
pub(super) fn show(table: &str) {
    println!("{table}");
}
