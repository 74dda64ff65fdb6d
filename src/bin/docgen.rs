//! Writes the generated pages under `docs/`; with `--check`, fails where one is not what it would write.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Parser;

#[derive(Parser)]
struct Flags {
    /// Compare instead of writing
    #[arg(long)]
    check: bool,
}

fn main() -> Result<()> {
    let flags = Flags::parse();
    for (path, text) in keyferry::ops::reference::pages()? {
        if !flags.check {
            fs::create_dir_all(Path::new(path).parent().unwrap_or(Path::new(".")))
                .context("could not make a folder")?;
            fs::write(path, text).with_context(|| format!("could not write {path}"))?;
        } else if fs::read_to_string(path).unwrap_or_default() != text {
            bail!("{path} is out of date; run `cargo run --bin docgen`");
        }
    }
    Ok(())
}
