//! `settle`: N ExternalSecrets with N remote secrets, all synced, nothing changes.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::ground::{Ground, Site, key};
use super::load::{Planned, create_all};
use super::readiness::{Readiness, seconds_until};
use super::report::{Goal, Row};
use super::window::{Window, mebibytes, snake};
use super::{INTERVAL, Options, number, say};
use crate::fixtures::{external_secret, put_aws_store};
use crate::operator::Operator;

pub(super) const STORE: &str = "aws";
/// How many secrets AWS takes in one call.
const BATCH: usize = 20;

pub(super) async fn run(ground: &Ground, options: &Options) -> Result<Vec<Row>> {
    ground.seed(options.n).await?;
    ground.site(false, async |site| in_site(site, options).await).await
}

async fn in_site(site: &Site<'_>, options: &Options) -> Result<Vec<Row>> {
    let ground = site.ground;
    let operator = site.operator(options).await?;
    put_aws_store(site.namespace, STORE, "bench").await?;
    let readiness = Readiness::watch(ground.client(), site.namespace.name(), options.n).await?;
    say(&format!("creating {} ExternalSecrets", options.n));
    let start = Instant::now();
    create_all(ground.client(), planned(site.namespace.name(), options.n), async |_| Ok(())).await?;
    let ready = readiness.all().await?;
    let window = Window::measure(ground, &operator, options.window).await?;
    let mut rows = rows(&window, &operator, options.n)?;
    rows.push(Row::new("seconds_to_ready", seconds_until(1.0, start, &ready), "s"));
    Ok(rows)
}

/// One object for each of the first `n` remote secrets.
pub(super) fn planned(namespace: &str, n: usize) -> impl Iterator<Item = Planned> + use<> {
    let namespace: Arc<str> = Arc::from(namespace);
    (0..n).map(move |index| Planned {
        namespace: Arc::clone(&namespace),
        manifest: external_secret(&name(index), STORE, INTERVAL, &[("value", &key(index))]),
    })
}

/// The name of the object `index`, as long for each.
pub(super) fn name(index: usize) -> String {
    format!("es-{index:06}")
}

fn rows(window: &Window, operator: &Operator, n: usize) -> Result<Vec<Row>> {
    let mut rows = quiet(window, n, n.div_ceil(BATCH));
    let cpu = Row::new("operator_cpu_millicores", window.millicores, "millicores");
    rows.push(cpu.goal(Goal::at_most(5.0)));
    let peak = Row::new("rss_hwm_mib", mebibytes(operator.usage()?.peak_resident), "MiB");
    rows.push(peak.goal(Goal::at_most(25.0)));
    rows.push(Row::new("rss_mib", mebibytes(operator.usage()?.resident), "MiB"));
    Ok(rows)
}

/// What a quiet operator asks of others.
pub(super) fn quiet(window: &Window, n: usize, calls: usize) -> Vec<Row> {
    let refreshes = number(n) * window.rounds;
    let writes = number(window.requests.clone().writes().count()) / refreshes;
    let reads = number(window.requests.clone().reads().count()) / refreshes;
    let goal = Goal { at_most: number(calls), slack: window.edges() };
    let mut rows = vec![
        Row::new("api_writes_per_refresh", writes, "writes").goal(Goal::at_most(0.0)),
        Row::new("api_reads_per_refresh", reads, "reads"),
        Row::new("provider_calls_per_round", window.calls_per_round(), "calls").goal(goal),
    ];
    rows.extend(window.calls.iter().map(|(operation, count)| {
        Row::new(format!("{}_per_round", snake(operation)), number(*count) / window.rounds, "calls")
    }));
    for ((verb, target), count) in window.requests.tally() {
        say(&format!("{count} x {verb} {target} in the window"));
    }
    rows
}
