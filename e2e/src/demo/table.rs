//! The table at the end.

use super::progress::say;

/// Lines of a name and what was measured.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<(String, String)>);

impl Table {
    /// Adds a line.
    pub(super) fn line(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Prints it as Markdown, which can be read as it is and pasted into a report.
    pub(super) fn print(&self) {
        let width = |column: fn(&(String, String)) -> &String| {
            self.0.iter().map(|line| column(line).chars().count()).max().unwrap_or_default()
        };
        let (names, values) = (width(|line| &line.0), width(|line| &line.1));
        say("");
        for (index, (name, value)) in self.0.iter().enumerate() {
            say(format_args!("| {name:names$} | {value:values$} |"));
            if index == 0 {
                say(format_args!("| {:-<names$} | {:-<values$} |", "", ""));
            }
        }
        say("");
    }
}
