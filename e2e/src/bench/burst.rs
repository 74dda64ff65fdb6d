//! `burst-es`: N ExternalSecrets created as fast as possible, until all are Ready; by the operator and by a raw loader.
//!
//! A small operator run comes first: it warms the servers up and leaves the bodies that the loader writes. Then operator,
//! loader, loader, operator, each in a namespace of its own, so that what drifts over time weighs on both alike.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ListParams};

use super::ground::{Ground, Site};
use super::load::create_all;
use super::raw_loader::{RawLoader, Sample};
use super::readiness::{Readiness, seconds_until};
use super::report::{Goal, Row};
use super::settle::{STORE, name, planned};
use super::{Options, number, say};
use crate::audit::Mark;
use crate::fixtures::{API_VERSION, is_ready, put_aws_store};
use crate::operator::Operator;

/// How many objects warm up, at most.
const WARM_UP: usize = 100;
/// Events are sent after the status that makes an object ready.
const LAST_EVENTS: Duration = Duration::from_secs(3);
const STORE_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How much slower than the loader the operator may be.
const RATIO: f64 = 1.5;

pub(super) async fn run(ground: &Ground, options: &Options) -> Result<Vec<Row>> {
    ground.seed(options.n).await?;
    say("warming up");
    let warm = ground.site(true, async |site| by_operator(site, options.n.min(WARM_UP), options).await).await?;
    let (mut operator, mut loader) = (Vec::new(), Vec::new());
    for trial in 0..options.cycles * 4 {
        if matches!(trial % 4, 0 | 3) {
            operator.push(ground.site(true, async |site| by_operator(site, options.n, options).await).await?);
        } else {
            loader.push(ground.site(true, async |site| by_loader(site, options.n, &warm.sample).await).await?);
        }
    }
    Ok(rows(&operator, &loader))
}

/// What one burst of the operator took; all times in seconds.
struct Burst {
    half: f64,
    most: f64,
    all: f64,
    writes: f64,
    reads: f64,
    calls: f64,
    /// CPU of the operator for each object, in milliseconds.
    cpu: f64,
    sample: Sample,
}

async fn by_operator(site: &Site<'_>, n: usize, options: &Options) -> Result<Burst> {
    let operator = site.operator(options).await?;
    put_aws_store(site.namespace, STORE, "bench").await?;
    await_store(site).await?;
    let ground = site.ground;
    let mark = ground.audit()?.mark(ground.client()).await?;
    let (calls, cpu) = (ground.proxy.mark(), operator.usage()?.cpu);
    let readiness = Readiness::watch(ground.client(), site.namespace.name(), n).await?;
    let start = Instant::now();
    create_all(ground.client(), planned(site.namespace.name(), n), async |_| Ok(())).await?;
    say(&format!("operator: {n} created after {:.2} s", start.elapsed().as_secs_f64()));
    let times = readiness.all().await?;
    let calls = number(ground.proxy.since(calls).len());
    ensure_secrets(site, n).await?;
    tokio::time::sleep(LAST_EVENTS).await;
    let cpu = operator.usage()?.cpu.saturating_sub(cpu).as_secs_f64() * 1000.0 / number(n);
    let [half, most, all] = [0.5, 0.99, 1.0].map(|share| seconds_until(share, start, &times));
    say(&format!("operator: {n} ready after {all:.2} s"));
    let (writes, reads) = asked(site, &operator, &mark, n).await?;
    let sample = Sample::read(ground.client(), site.namespace.name(), &name(0)).await?;
    Ok(Burst { half, most, all, writes, reads, calls, cpu, sample })
}

/// The operator's writes and reads for each object.
async fn asked(site: &Site<'_>, operator: &Operator, mark: &Mark, n: usize) -> Result<(f64, f64)> {
    let ground = site.ground;
    let requests = ground.audit()?.since(mark, ground.client()).await?.by(operator.user()).without_leases();
    for ((verb, target), count) in requests.tally() {
        say(&format!("operator: {count} x {verb} {target}"));
    }
    let writes = requests.clone().writes().count();
    Ok((number(writes) / number(n), number(requests.reads().count()) / number(n)))
}

async fn by_loader(site: &Site<'_>, n: usize, sample: &Sample) -> Result<f64> {
    let ground = site.ground;
    let writer = site.installation.identity().client().await?;
    let readiness = Readiness::watch(ground.client(), site.namespace.name(), n).await?;
    let start = Instant::now();
    let loader = RawLoader::start(&writer, sample);
    create_all(ground.client(), planned(site.namespace.name(), n), async |created| loader.take(created)).await?;
    say(&format!("loader: {n} created after {:.2} s", start.elapsed().as_secs_f64()));
    loader.finish().await?;
    let all = seconds_until(1.0, start, &readiness.all().await?);
    ensure_secrets(site, n).await?;
    say(&format!("loader: {n} ready after {all:.2} s"));
    Ok(all)
}

async fn await_store(site: &Site<'_>) -> Result<()> {
    let stores = site.namespace.dynamic(API_VERSION, "SecretStore");
    let start = Instant::now();
    while !is_ready(&stores.get(STORE).await?.data) {
        ensure!(start.elapsed() < STORE_WITHIN, "the store is not ready after {STORE_WITHIN:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

async fn ensure_secrets(site: &Site<'_>, n: usize) -> Result<()> {
    let secrets: Api<Secret> = site.namespace.api();
    let found = secrets.list_metadata(&ListParams::default()).await?.items;
    let targets = found.iter().filter(|secret| secret.metadata.owner_references.is_some()).count();
    ensure!(targets == n, "{n} objects are ready and {targets} Secrets exist");
    Ok(())
}

fn rows(operator: &[Burst], loader: &[f64]) -> Vec<Row> {
    let of = |value: fn(&Burst) -> f64| median(operator.iter().map(value).collect());
    let (all, floor) = (of(|burst| burst.all), median(loader.to_vec()));
    vec![
        Row::new("seconds", all, "s"),
        Row::new("raw_loader_seconds", floor, "s"),
        Row::new("ratio_to_raw_loader", all / floor, "").goal(Goal::at_most(RATIO)),
        Row::new("seconds_to_half", of(|burst| burst.half), "s"),
        Row::new("seconds_to_99_percent", of(|burst| burst.most), "s"),
        Row::new("writes_per_es", of(|burst| burst.writes), "writes").goal(Goal::at_most(3.0)),
        Row::new("reads_per_es", of(|burst| burst.reads), "reads"),
        Row::new("provider_calls", of(|burst| burst.calls), "calls"),
        Row::new("operator_cpu_ms_per_es", of(|burst| burst.cpu), "ms"),
    ]
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |position: usize| values.get(position).copied().unwrap_or_default();
    let last = values.len().saturating_sub(1);
    f64::midpoint(at(last / 2), at(last.div_ceil(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_of_any_number() {
        let medians = [vec![3.0], vec![4.0, 1.0], vec![9.0, 1.0, 2.0], vec![]].map(median);
        assert_eq!(medians.map(|median| median.to_string()), ["3", "2.5", "2", "0"]);
    }
}
