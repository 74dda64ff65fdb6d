//! What was measured: a table for people, a file for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// What a value should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The most it should be.
    pub at_most: f64,
    /// How much more still counts, for what happens at the edges of a window.
    pub slack: f64,
}

impl Goal {
    /// No more than `limit`.
    pub fn at_most(limit: f64) -> Self {
        Self { at_most: limit, slack: 0.0 }
    }

    fn is_met(self, value: f64) -> bool {
        value <= self.at_most + self.slack
    }
}

/// One measured value.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name in the results.
    pub field: String,
    /// What was measured.
    pub value: f64,
    /// For example `MiB`.
    pub unit: &'static str,
    /// What it should be, where that was said before.
    pub goal: Option<Goal>,
}

impl Row {
    /// A value without a goal.
    pub fn new(field: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { field: field.into(), value, unit, goal: None }
    }

    /// The same with a goal.
    #[must_use]
    pub fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    fn verdict(&self) -> String {
        self.goal.map_or_else(String::new, |goal| {
            let word = if goal.is_met(self.value) { "met" } else { "MISSED" };
            format!("<= {} {word}", goal.at_most)
        })
    }
}

/// What a scenario came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Its name.
    pub scenario: String,
    /// The number of ExternalSecrets, or of handles.
    pub n: usize,
    /// What was measured, in the order of the table.
    pub rows: Vec<Row>,
}

impl Report {
    /// A table with the goals beside the values.
    pub fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.field.len()).max().unwrap_or_default();
        let mut text = format!("{} (n = {})\n", self.scenario, self.n);
        for row in &self.rows {
            let line = format!("  {:width$} {:>10} {:12} {}", row.field, tidy(row.value), row.unit, row.verdict());
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    /// Puts it into the results at `path`, in the place of an earlier run of the same scenario.
    pub fn merge_into(&self, path: &Path) -> Result<()> {
        let earlier = fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let text = serde_json::to_string_pretty(&self.merged(earlier))? + "\n";
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text).with_context(|| format!("write {}", path.display()))
    }

    fn merged(&self, earlier: Option<Value>) -> Value {
        let mut scenarios = match earlier.and_then(|mut earlier| earlier.get_mut("scenarios").map(Value::take)) {
            Some(Value::Object(scenarios)) => scenarios,
            _ => Map::new(),
        };
        scenarios.insert(self.scenario.clone(), Value::Object(self.fields()));
        json!({ "scenarios": scenarios })
    }

    fn fields(&self) -> Map<String, Value> {
        let rows = self.rows.iter().map(|row| (row.field.clone(), json!(rounded(row.value))));
        [("n".to_owned(), json!(self.n))].into_iter().chain(rows).collect()
    }
}

/// More digits than these are noise.
fn rounded(value: f64) -> f64 {
    let digits = 10_000.0;
    (value * digits).round() / digits
}

fn tidy(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: Vec<Row>) -> Report {
        Report { scenario: "settle".into(), n: 5, rows }
    }

    #[test]
    fn a_run_replaces_its_scenario_and_keeps_the_others() {
        let earlier = json!({"scenarios": {"settle": {"n": 1, "old": 2.0}, "burst-es": {"n": 7}}});
        let merged = report(vec![Row::new("calls", 50.0, "calls")]).merged(Some(earlier));
        assert_eq!(merged, json!({"scenarios": {"burst-es": {"n": 7}, "settle": {"n": 5, "calls": 50.0}}}));
    }

    #[test]
    fn a_file_that_is_something_else_is_replaced() {
        assert_eq!(report(Vec::new()).merged(Some(json!([1]))), json!({"scenarios": {"settle": {"n": 5}}}));
    }

    #[test]
    fn the_table_says_which_goals_were_met() {
        let goal = Goal { at_most: 50.0, slack: 0.2 };
        let rows = vec![
            Row::new("calls", 50.167, "calls").goal(goal),
            Row::new("cpu", 50.3, "millicores").goal(goal),
            Row::new("rss", 20.0, "MiB"),
        ];
        let table = report(rows).table();
        let verdicts: Vec<_> = table.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!(verdicts, ["5)", "met", "MISSED", "MiB"]);
    }
}
