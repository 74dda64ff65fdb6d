//! Go's side of a case: the program of `e2e/oracle/bench`, running.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use crate::operation::Measured;

pub(crate) struct Go {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Go {
    /// Starts `program` with the file that has the cases.
    pub(crate) fn start(program: &str, cases: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        // As in an image that has no time zone of its own.
        command.arg(cases).env("TZ", "").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("start {program}"))?;
        let input = child.stdin.take().context("a pipe")?;
        let output = BufReader::new(child.stdout.take().context("a pipe")?);
        Ok(Self { child, input, output })
    }

    /// Has it repeat a case until `least` is over.
    pub(crate) fn measure(&mut self, case: usize, least: Duration) -> Result<Measured> {
        let question = json!({"case": case, "milliseconds": least.as_millis()});
        self.input.write_all(format!("{question}\n").as_bytes())?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line).context("Go's program has ended")?;
        let nanoseconds = answer["nanoseconds"].as_f64().context("a time")?;
        let output = BASE64_STANDARD.decode(answer["output"].as_str().unwrap_or_default())?;
        Ok(Measured { nanoseconds, output })
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
