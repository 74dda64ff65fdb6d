//! External Secrets Operator, as far as it renders a target, built and running.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::grow::Case;

/// What became of a case.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Made { data: BTreeMap<String, Vec<u8>>, labels: BTreeMap<String, String>, annotations: BTreeMap<String, String> },
    Error(String),
}

pub struct Oracle {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Nothing where there is no Go.
    pub fn start() -> Option<Self> {
        Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/oracle/sprig");
        let binary = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("target-oracle");
        let built = Command::new("go").current_dir(source).args(["build", "-o"]).arg(&binary).arg("./target").status();
        assert!(built.unwrap().success(), "the oracle does not build");
        let mut child = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, input, output })
    }

    /// Asks all at once: the oracle answers while we still write, so that has a thread of its own.
    pub fn ask(&mut self, cases: &[Case]) -> Vec<Answer> {
        let mut input = self.input.take().unwrap();
        let lines: Vec<String> = cases.iter().map(|case| case.to_json().to_string() + "\n").collect();
        let writer = std::thread::spawn(move || {
            for line in &lines {
                input.write_all(line.as_bytes()).unwrap();
            }
            input.flush().unwrap();
            input
        });
        let answers = cases.iter().map(|_| self.answer()).collect();
        self.input = Some(writer.join().unwrap());
        answers
    }

    fn answer(&mut self) -> Answer {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).expect("the oracle has died");
        if let Some(error) = answer["error"].as_str() {
            return Answer::Error(error.to_owned());
        }
        let texts = |field: &str| -> BTreeMap<String, String> {
            serde_json::from_value(answer[field].clone()).unwrap_or_default()
        };
        let data = texts("data").into_iter().map(|(key, value)| (key, STANDARD.decode(value).unwrap())).collect();
        Answer::Made { data, labels: texts("labels"), annotations: texts("annotations") }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
