//! The oracle, built and running.

use super::Case;
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct Oracle {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Nothing where there is no Go.
    pub fn start() -> Option<Self> {
        Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/oracle/jsonpath");
        let name = format!("jsonpath-oracle-{:?}", std::thread::current().id());
        let binary = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let built =
            Command::new("go").current_dir(source).args(["build", "-o"]).arg(&binary).arg(".").status().unwrap();
        assert!(built.success(), "the oracle does not build");
        let mut child = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, input, output })
    }

    /// Asks all at once: the oracle answers while we still write, so that has a thread of its own. The answers are the
    /// lines of `vectors.jsonl`.
    pub fn ask(&mut self, cases: &[Case]) -> Vec<String> {
        let mut input = self.input.take().unwrap();
        let line = |case: &Case| json!({"json": case.json, "paths": case.paths}).to_string() + "\n";
        let lines: Vec<String> = cases.iter().map(line).collect();
        let writer = std::thread::spawn(move || {
            for line in lines {
                input.write_all(line.as_bytes()).unwrap();
            }
            input.flush().unwrap();
            input
        });
        let answers = cases.iter().map(|_| self.answer()).collect();
        self.input = Some(writer.join().unwrap());
        answers
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the oracle has died");
        line
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
