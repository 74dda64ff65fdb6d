//! What tests against Go begin with: the programs of `e2e/oracle`, built, started and asked, and choices that are the same
//! in every run. For tests only, which stop where it cannot go on.
#![expect(clippy::unwrap_used, reason = "a broken setup is a failed test")]

mod random;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::str::FromStr;

pub use random::Random;

/// A program that answers each line that it reads with one.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Builds the program in `folder` of `e2e/oracle` and starts it; nothing where there is no Go. `scratch` is the caller's
    /// `CARGO_TARGET_TMPDIR`.
    ///
    /// # Panics
    /// It does not build.
    pub fn start(folder: &str, scratch: &str) -> Option<Self> {
        Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        // Tests that run at once build at once.
        let name = format!("{}-oracle-{:?}", folder.replace('/', "-"), std::thread::current().id());
        let binary = Path::new(scratch).join(name);
        let built =
            Command::new("go").current_dir(source).args(["build", "-o"]).arg(&binary).arg(".").status().unwrap();
        assert!(built.success(), "the oracle does not build");
        let mut child = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, input, output })
    }

    /// Asks all at once: the oracle answers while we still write, so that has a thread of its own. Answers are whole lines,
    /// with their ends.
    ///
    /// # Panics
    /// It has died.
    pub fn ask(&mut self, questions: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut input = self.input.take().unwrap();
        let lines: Vec<String> = questions.into_iter().map(|question| question + "\n").collect();
        let count = lines.len();
        let writer = std::thread::spawn(move || {
            for line in lines {
                input.write_all(line.as_bytes()).unwrap();
            }
            input.flush().unwrap();
            input
        });
        let answers = (0..count).map(|_| self.answer()).collect();
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

/// A setting from the environment, for long comparisons: `SEED=2 COUNT=1000000`.
#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
pub fn setting<T: FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Tells something past the capture of the test's output.
///
/// # Panics
/// There is no standard error.
pub fn say(message: &str) {
    writeln!(std::io::stderr().lock(), "{message}").unwrap();
}
