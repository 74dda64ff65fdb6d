//! Tables for people.

use std::io::Write;

use anyhow::Result;

/// A line on the error stream: what is being done.
pub(crate) fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stderr(), "{line}")?)
}

/// A table on the output, as Markdown has it.
pub(crate) fn tell<const N: usize>(head: &[&str; N], rows: &[[String; N]]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "| {} |", head.join(" | "))?;
    writeln!(out, "| --- |{}", " ---: |".repeat(N - 1))?;
    for row in rows {
        // A bar in a path would end the cell.
        writeln!(out, "| {} |", row.each_ref().map(|cell| cell.replace('|', "\\|")).join(" | "))?;
    }
    Ok(())
}
