//! Calls a secret backend as Datadog's agents do: a new process each time, JSON in, JSON out.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::report::{line, mark};

/// Calls `command` with all `handles`, `calls` times, and tells each call's microseconds and the last call's answers.
pub(crate) fn often(calls: usize, command: &str, handles: &[&str]) -> Result<()> {
    let mut took = Vec::new();
    let mut answers = Map::new();
    for _ in 0..calls {
        let (answer, time) = call(command, handles)?;
        took.push(u64::try_from(time.as_micros())?);
        answers = answer;
    }
    let told: Map<String, Value> = answers.into_iter().map(|(handle, answer)| (handle, told(&answer))).collect();
    line(&json!({"microseconds": took, "answers": told}))
}

/// One call, and how long it took from the start of the process to the end of its answer.
pub(crate) fn call(command: &str, handles: &[&str]) -> Result<(Map<String, Value>, Duration)> {
    let request = json!({"version": "1.0", "secrets": handles}).to_string();
    let start = Instant::now();
    let mut child = Command::new(command)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("start {command}"))?;
    child.stdin.take().context("it has a standard input")?.write_all(request.as_bytes())?;
    let output = child.wait_with_output()?;
    let time = start.elapsed();
    if !output.status.success() {
        bail!("{command} ended with {}", output.status);
    }
    match serde_json::from_slice(&output.stdout) {
        Ok(Value::Object(answer)) => Ok((answer, time)),
        // No parser's words: they quote what they could not read.
        _ => bail!("the answer is no JSON object"),
    }
}

/// An answer without its value.
fn told(answer: &Value) -> Value {
    let value = answer.get("value").and_then(Value::as_str);
    json!({"mark": value.map(|value| mark(value.as_bytes())), "error": answer.get("error")})
}
