//! The benchmark: what a settled operator costs, how fast a busy one is, and how long a call of the helper takes.
//!
//! Everything is real: control plane, emulator behind the recording proxy, chart, release operator with its own rights.
//! Calls are counted by the API server's audit log and by the proxy, CPU and memory by the kernel; nothing is taken from
//! the operator's metrics. `docs/benchmarks.md` says what each scenario does and what its fields mean.

mod burst;
mod ground;
mod helper;
mod load;
mod raw_loader;
mod readiness;
mod report;
mod settle;
mod shared_ref;
mod window;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::sync::OnceCell;

pub use ground::{Ground, release_operator};
pub use helper::shipped_helper;
pub use report::{Goal, Report, Row};

/// How often everything is polled.
const INTERVAL: Duration = Duration::from_secs(10);

/// What can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Many objects with a key each, while nothing changes.
    Settle,
    /// Many objects with one key, while nothing changes.
    SharedRef,
    /// Many objects at once, next to a loader that only writes.
    BurstEs,
    /// Calls of the helper; needs no server.
    Helper,
}

impl Scenario {
    /// All of them, in the order in which they are run.
    pub const ALL: [Self; 4] = [Self::Settle, Self::SharedRef, Self::BurstEs, Self::Helper];

    /// The name on the command line and in the results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::SharedRef => "shared-ref",
            Self::BurstEs => "burst-es",
            Self::Helper => "helper",
        }
    }

    /// The scenario of that name; all of them for an empty one.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn named(name: &str) -> Result<Vec<Self>> {
        if name.is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        match Self::ALL.into_iter().find(|scenario| scenario.name() == name) {
            Some(scenario) => Ok(vec![scenario]),
            None => bail!("no scenario {name:?}; there are {}", Self::ALL.map(Self::name).join(", ")),
        }
    }
}

/// How to run a scenario.
#[derive(Clone, Debug)]
pub struct Options {
    /// The number of ExternalSecrets.
    pub n: usize,
    /// For how long a settled operator is looked at.
    pub window: Duration,
    /// How often `burst-es` goes through operator, loader, loader, operator.
    pub cycles: usize,
    /// Flags for the operator beside those of the chart.
    pub flags: Vec<String>,
    /// The operator.
    pub binary: PathBuf,
    /// The helper.
    pub helper: PathBuf,
}

/// Runs one scenario and answers what was measured. The first one that needs servers opens the ground.
pub async fn run(scenario: Scenario, ground: &OnceCell<Ground>, options: &Options) -> Result<Report> {
    let opened = || ground.get_or_try_init(Ground::open);
    let rows = match scenario {
        Scenario::Settle => settle::run(opened().await?, options).await?,
        Scenario::SharedRef => shared_ref::run(opened().await?, options).await?,
        Scenario::BurstEs => burst::run(opened().await?, options).await?,
        Scenario::Helper => helper::run(&options.helper)?,
    };
    let n = if scenario == Scenario::Helper { helper::HANDLES } else { options.n };
    Ok(Report { scenario: scenario.name().to_owned(), n, rows })
}

/// A line for the person who waits, on standard error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "  {line}");
}

/// A count as a number that can be divided.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_all_and_an_unknown_one_is_told_what_there_is() {
        assert_eq!(Scenario::named("").unwrap(), Scenario::ALL);
        assert_eq!(Scenario::named("burst-es").unwrap(), [Scenario::BurstEs]);
        assert!(Scenario::named("burst").unwrap_err().to_string().contains("shared-ref"));
    }
}
