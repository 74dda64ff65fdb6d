//! What rounds of polls cost, from a server's own log and however busy the machine is.
//!
//! No time that has passed is taken for a round: it is waited until every key was read so often, which fails where one
//! never is, and what came meanwhile is held against the most that may come in as long.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::fixtures::external_secret;
use keyferry_e2e::namespace::Namespace;

pub(super) const KEYS: usize = 1000;
/// How often each is polled.
pub(super) const ROUND: Duration = Duration::from_secs(10);
/// How often each is read while calls are counted.
const TIMES: usize = 3;
const TARGETS: usize = 10;
const SOON: Duration = Duration::from_secs(90);
/// How long it is waited for one that is not polled.
const GIVEN_UP: Duration = Duration::from_mins(5);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What a server has been asked so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Calls that read values.
    pub(super) calls: usize,
    /// How often each key was read by them.
    pub(super) reads: BTreeMap<String, usize>,
}

impl Log {
    /// Where each call reads one key.
    pub(super) fn of(keys: impl Iterator<Item = String>) -> Self {
        Self::of_batches(keys.map(|key| [key]))
    }

    /// Where each call reads several.
    pub(super) fn of_batches<B: IntoIterator<Item = String>>(calls: impl Iterator<Item = B>) -> Self {
        calls.fold(Self::default(), |mut log, call| {
            log.calls += 1;
            for key in call {
                *log.reads.entry(key).or_default() += 1;
            }
            log
        })
    }

    fn reads(&self, key: &str) -> usize {
        self.reads.get(key).copied().unwrap_or_default()
    }
}

/// What came while each key was read [`TIMES`] times.
#[derive(Debug)]
pub(super) struct Rounds {
    calls: usize,
    /// How often the key was read that was read most often.
    most: usize,
    took: Duration,
}

/// Puts ten ExternalSecrets of a hundred keys each, all of `remotes`, and waits until they are synced.
pub(super) async fn put_thousand(namespace: &Namespace, store: &str, remotes: &[String]) -> Result<()> {
    let keys: Vec<_> = (0..remotes.len()).map(|number| format!("k{number}")).collect();
    let data: Vec<_> = keys.iter().map(String::as_str).zip(remotes.iter().map(String::as_str)).collect();
    for (number, chunk) in data.chunks(remotes.len() / TARGETS).enumerate() {
        namespace.create_manifest(&external_secret(&format!("app-{number}"), store, ROUND, chunk)).await?;
    }
    let whole = |secret: Option<&Secret>| {
        secret.and_then(|secret| secret.data.as_ref()).is_some_and(|data| data.len() == remotes.len() / TARGETS)
    };
    for number in 0..TARGETS {
        namespace.await_condition(&format!("app-{number}"), whole, SOON).await?;
    }
    Ok(())
}

/// Lets a round pass, in which whatever the objects' first syncs began comes to its end, and watches those that follow.
pub(super) async fn watch(keys: &[String], log: impl AsyncFn() -> Result<Log>) -> Result<Rounds> {
    settle(keys, &log).await?;
    count(keys, &log).await
}

/// Waits until each of `keys` was read once more.
pub(super) async fn settle(keys: &[String], log: &impl AsyncFn() -> Result<Log>) -> Result<()> {
    await_reads(keys, &log().await?, 1, log).await.map(|_| ())
}

/// Waits until each of `keys` was read [`TIMES`] times more.
pub(super) async fn count(keys: &[String], log: &impl AsyncFn() -> Result<Log>) -> Result<Rounds> {
    let start = Instant::now();
    let before = log().await?;
    let after = await_reads(keys, &before, TIMES, log).await?;
    let more = keys.iter().map(|key| after.reads(key) - before.reads(key));
    Ok(Rounds { calls: after.calls - before.calls, most: more.max().unwrap_or_default(), took: start.elapsed() })
}

/// Waits until each key was read so many times more than `before`.
async fn await_reads(keys: &[String], before: &Log, times: usize, log: &impl AsyncFn() -> Result<Log>) -> Result<Log> {
    let start = Instant::now();
    loop {
        let now = log().await?;
        let Some(behind) = keys.iter().find(|key| now.reads(key) < before.reads(key) + times) else { return Ok(now) };
        ensure!(start.elapsed() < GIVEN_UP, "{behind} was not read {times} times in {GIVEN_UP:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl Rounds {
    /// Fails where more came than polls explain, of which each round has so many `calls`: one for each tick in that time, and
    /// the one of before that was late.
    #[expect(clippy::print_stderr, reason = "figures for who runs it by hand; the harness keeps them else")]
    pub(super) fn cost_at_most(&self, calls: usize) -> Result<()> {
        let rounds = self.took.as_secs_f64() / ROUND.as_secs_f64();
        eprintln!("{} calls in {rounds:.2} rounds of {calls}, {} for one key at most", self.calls, self.most);
        let calls = f64::from(u32::try_from(calls)?);
        // Ticks are spread over the round, and not quite evenly.
        let most = calls * (rounds + 1.0) + (calls / 20.0).max(1.0);
        ensure!(f64::from(u32::try_from(self.calls)?) <= most, "{} calls in {rounds} rounds", self.calls);
        ensure!(f64::from(u32::try_from(self.most)?) <= rounds.floor() + 2.0, "{} reads of one key", self.most);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_twice_as_often_as_it_may_be_is_found_out() {
        let rounds = |calls, most, seconds| Rounds { calls, most, took: Duration::from_secs(seconds) };
        for (calls, most, seconds) in [(3000, 3, 30), (3000, 3, 39), (3900, 5, 39), (150, 3, 30)] {
            assert!(rounds(calls, most, seconds).cost_at_most(1000).is_ok());
        }
        assert!(rounds(6000, 3, 39).cost_at_most(1000).is_err());
        assert!(rounds(3000, 6, 39).cost_at_most(1000).is_err());
    }
}
