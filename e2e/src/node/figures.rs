//! The figures of a run, in `target/e2e-node/figures.json`: written anew with each, so that a run that fails has some.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::images::target;

static FIGURES: Mutex<BTreeMap<String, BTreeMap<String, Value>>> = Mutex::new(BTreeMap::new());

/// Keeps a figure under a title; one of the same name is replaced.
pub fn record(title: &str, name: &str, value: impl Into<Value>) -> Result<()> {
    let mut figures = FIGURES.lock().unwrap_or_else(PoisonError::into_inner);
    figures.entry(title.to_owned()).or_default().insert(name.to_owned(), value.into());
    let folder = target()?.join("e2e-node");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("figures.json"), serde_json::to_vec_pretty(&*figures)?).context("write the figures")
}

/// Times of the same kind.
#[derive(Clone, Debug)]
pub struct Times(Vec<Duration>);

impl Times {
    /// In any order.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest time that `percent` of all do not exceed; with few times, p99 is the longest. Zero where there is none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// For a table: `p50 0.41 s, p99 1.20 s (n 20)`.
    pub fn told(&self) -> String {
        let (middle, late) = (self.percentile(50), self.percentile(99));
        format!("p50 {}, p99 {} (n {})", short(middle), short(late), self.count())
    }
}

fn short(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 0.1 => format!("{:.2} ms", seconds * 1000.0),
        seconds => format!("{seconds:.2} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times = Times::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(times.percentile(50), Duration::from_millis(50));
        assert_eq!(times.percentile(99), Duration::from_millis(99));
        assert_eq!(Times::new(vec![Duration::from_secs(3)]).percentile(99), Duration::from_secs(3));
        assert_eq!(Times::new(Vec::new()).percentile(50), Duration::ZERO);
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        assert_eq!(Times::new(vec![Duration::from_micros(1500)]).told(), "p50 1.50 ms, p99 1.50 ms (n 1)");
        assert_eq!(Times::new(vec![Duration::from_millis(61_500)]).told(), "p50 61.50 s, p99 61.50 s (n 1)");
    }
}
