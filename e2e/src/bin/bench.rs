//! The benchmark, as `make bench` runs it: `bench [--scenario NAME] [--n N]`, or `SCENARIO` and `N` in the environment.
//!
//! Prints a table for each scenario and merges its values into `target/bench/results.json`. The exit status tells whether
//! the scenarios could be run, and not whether goals were met.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use keyferry_e2e::bench::{self, Options, Scenario};
use keyferry_e2e::settings::{Settings, repository};
use tokio::sync::OnceCell;

#[derive(Debug, Parser)]
#[command(about = "Measures the release operator on a control plane of its own")]
struct Flags {
    /// Runs this scenario alone: settle, shared-ref, burst-es or helper.
    #[arg(long, env = "SCENARIO", default_value = "")]
    scenario: String,
    /// The number of ExternalSecrets.
    #[arg(long, env = "N", default_value = "1000", value_parser = count)]
    n: usize,
    /// For how many seconds a settled operator is looked at.
    #[arg(long, default_value_t = 60)]
    window: u64,
    /// How often burst-es goes through operator, loader, loader, operator.
    #[arg(long, default_value_t = 1)]
    cycles: usize,
    /// A flag for the operator, for example --operator-flag=--client-qps=0; may be repeated.
    #[arg(long, allow_hyphen_values = true)]
    operator_flag: Vec<String>,
    /// The helper; the one of the same build where absent.
    #[arg(long, env = "KEYFERRY_HELPER")]
    helper: Option<PathBuf>,
}

/// A Makefile passes what it does not have as an empty string.
fn count(text: &str) -> Result<usize, String> {
    match text {
        "" => Ok(1000),
        text => text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "expected a number above zero".to_owned()),
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let scenarios = Scenario::named(&flags.scenario)?;
    let options = Options {
        n: flags.n,
        window: Duration::from_secs(flags.window.max(1)),
        cycles: flags.cycles.max(1),
        flags: flags.operator_flag,
        binary: if scenarios == [Scenario::Helper] { PathBuf::new() } else { operator()? },
        helper: if scenarios.contains(&Scenario::Helper) { helper(flags.helper)? } else { PathBuf::new() },
    };
    let results = repository().join("target/bench/results.json");
    let ground = OnceCell::new();
    for scenario in scenarios {
        tell(std::io::stderr(), &format!("{}\n", scenario.name()))?;
        let report = bench::run(scenario, &ground, &options).await;
        let report = report.with_context(|| format!("could not run the scenario {}", scenario.name()))?;
        tell(std::io::stdout(), &report.table())?;
        report.merge_into(&results)?;
    }
    tell(std::io::stdout(), &format!("written to {}\n", results.display()))
}

fn operator() -> Result<PathBuf> {
    match Settings::from_environment().operator {
        Some(given) => Ok(given),
        None => bench::release_operator(&std::env::current_exe()?),
    }
}

fn helper(given: Option<PathBuf>) -> Result<PathBuf> {
    match given.filter(|path| !path.as_os_str().is_empty()) {
        Some(given) => Ok(given),
        None => bench::shipped_helper(&std::env::current_exe()?),
    }
}

fn tell(mut to: impl std::io::Write, text: &str) -> Result<()> {
    to.write_all(text.as_bytes())?;
    Ok(to.flush()?)
}
