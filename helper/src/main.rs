//! The helper: arguments become one of its modes; no decisions.

use std::process::ExitCode;

use keyferry_helper::modes::{self, Streams};

fn main() -> ExitCode {
    let mut streams = Streams {
        input: &mut std::io::stdin().lock(),
        output: &std::io::stdout(),
        errors: &mut std::io::stderr().lock(),
    };
    ExitCode::from(modes::run(std::env::args_os().skip(1), &mut streams) as u8)
}
