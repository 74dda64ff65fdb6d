//! Stands in for an agent in the pods of the end-to-end tests: watches files, calls the helper, looks around.
//!
//! What it finds it writes to standard output, one JSON object a line. Values are never in it: a value is told by its
//! mark, the beginning of its SHA-256.

mod look;
mod pairs;
mod plant;
mod report;
mod resolve;
mod swap;
mod watch;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

const USAGE: &str = "stand-in                                   sleeps\n\
    stand-in watch FOLDER                      tells when a volume's files change\n\
    stand-in look FOLDER...                    tells who it is, what it sees, and what it may write\n\
    stand-in resolve CALLS COMMAND HANDLE...   calls a secret backend as an agent does\n\
    stand-in pairs MILLIS COMMAND ONE OTHER    resolves two handles and compares their generations\n\
    stand-in plant FOLDER                      makes a tree with links that lead out of it\n\
    stand-in swap FOLDER COUNT                 swaps the generations of a folder as the kubelet does";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => sleep(),
        ["watch", folder] => watch::forever(Path::new(folder)),
        ["look", folders @ ..] => look::around(folders),
        ["resolve", calls, command, handles @ ..] => resolve::often(calls.parse()?, command, handles),
        ["pairs", millis, command, one, other] => {
            pairs::compare(Duration::from_millis(millis.parse()?), command, [one, other])
        }
        ["plant", folder] => plant::tree(Path::new(folder)),
        ["swap", folder, count] => swap::often(Path::new(folder), count.parse().context("COUNT is a number")?),
        _ => bail!("usage:\n{USAGE}"),
    }
}

fn sleep() -> Result<()> {
    loop {
        report::pause(Duration::from_hours(1));
    }
}
