//! The helper: arguments become one of its modes; no decisions.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match keyferry_helper::check::run(std::env::args_os().skip(2)) {
        Ok(said) => {
            let _ = std::io::stdout().write_all(said.text.as_bytes());
            ExitCode::from(u8::from(said.failed))
        }
        Err(words) => {
            let _ = writeln!(std::io::stderr(), "keyferry-helper: {words}; see --help");
            ExitCode::from(2)
        }
    }
}
