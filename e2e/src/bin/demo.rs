//! `make demo`: see [`keyferry_e2e::demo`].

use std::process::ExitCode;
use std::thread;

/// The namespace is named after the thread, as it is after the test in a test.
const NAME: &str = "demo";

fn main() -> ExitCode {
    let demo = thread::Builder::new().name(NAME.to_owned()).spawn(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(keyferry_e2e::demo::run())
    });
    let outcome = demo.map(thread::JoinHandle::join);
    match outcome {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => complain(&format!("{error:#}")),
        Ok(Err(_)) => complain("it has panicked"),
        Err(error) => complain(&format!("it cannot start: {error}")),
    }
}

#[expect(clippy::print_stderr, reason = "a program's last words")]
fn complain(words: &str) -> ExitCode {
    eprintln!("demo: {words}");
    ExitCode::FAILURE
}
