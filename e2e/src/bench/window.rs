//! What an operator does and uses in a stretch of time in which nothing changes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::ground::Ground;
use super::{INTERVAL, number, say};
use crate::audit::Requests;
use crate::operator::Operator;

/// Between readiness and the window: two rounds of polls, and every event on its way.
const SETTLING: Duration = Duration::from_secs(20);
const TELL_EVERY: Duration = Duration::from_secs(10);
const MEBIBYTE: f64 = 1_048_576.0;

/// What was counted.
#[derive(Debug)]
pub(super) struct Window {
    /// How many intervals long it was.
    pub(super) rounds: f64,
    /// The operator's API calls, without its lease.
    pub(super) requests: Requests,
    /// Its calls to AWS, by operation.
    pub(super) calls: BTreeMap<String, usize>,
    /// CPU used, in thousandths of a core.
    pub(super) millicores: f64,
}

impl Window {
    /// Lets the operator settle, then looks on for `length`.
    pub(super) async fn measure(ground: &Ground, operator: &Operator, length: Duration) -> Result<Self> {
        say(&format!("settling for {SETTLING:?}"));
        tokio::time::sleep(SETTLING).await;
        let (client, audit) = (ground.client(), ground.audit()?);
        let mark = audit.mark(client).await?;
        let (calls, cpu, start) = (ground.proxy.mark(), operator.usage()?.cpu, Instant::now());
        pass(length).await;
        let (calls, cpu, elapsed) =
            (ground.proxy.tally(calls), operator.usage()?.cpu.saturating_sub(cpu), start.elapsed());
        let requests = audit.since(&mark, client).await?.by(operator.user()).without_leases();
        Ok(Self {
            rounds: elapsed.as_secs_f64() / INTERVAL.as_secs_f64(),
            requests,
            calls,
            millicores: cpu.as_secs_f64() / elapsed.as_secs_f64() * 1000.0,
        })
    }

    /// Calls to AWS in one round.
    pub(super) fn calls_per_round(&self) -> f64 {
        number(self.calls.values().sum()) / self.rounds
    }

    /// A call at each edge may fall into the window or beside it.
    pub(super) fn edges(&self) -> f64 {
        2.0 / self.rounds
    }
}

async fn pass(length: Duration) {
    let end = Instant::now() + length;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        say(&format!("measuring, {} s left", left.as_secs_f64().round()));
        tokio::time::sleep(left.min(TELL_EVERY)).await;
    }
}

/// Bytes as MiB.
pub(super) fn mebibytes(bytes: u64) -> f64 {
    number(usize::try_from(bytes).unwrap_or(usize::MAX)) / MEBIBYTE
}

/// An operation as a field is spelt: `BatchGetSecretValue` is `batch_get_secret_value`.
pub(super) fn snake(operation: &str) -> String {
    let mut text = String::new();
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_become_fields() {
        assert_eq!(snake("BatchGetSecretValue"), "batch_get_secret_value");
        assert_eq!(snake("AssumeRole"), "assume_role");
    }
}
