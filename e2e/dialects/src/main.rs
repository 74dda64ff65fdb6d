//! What Go's dialects cost here: `dialects compare GO-PROGRAM` measures against Go itself, `dialects bombs` what hostile
//! input takes. `make bench-dialects` builds and runs both.

mod bomb;
mod case;
mod compare;
mod document;
mod go;
mod operation;
mod rewrite;
mod table;
mod template;

use anyhow::{Result, bail};

/// Runs what the first argument names.
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["compare", program, only @ ..] => compare::run(program, only),
        ["bombs"] => bomb::run(),
        ["bomb", name] => bomb::explode(name),
        _ => bail!("usage: dialects compare GO-PROGRAM [WORD...] | dialects bombs"),
    }
}
