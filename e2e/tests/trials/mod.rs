//! Fault trials: what a whole operator does while a provider is away, throttles, or refuses its credentials, under many
//! objects at once, and how soon all is well when that ends.
//!
//! `make trials` runs them at full size and shows the table; `make e2e` runs them with fewer objects and seconds. A
//! provider with a wire takes part by one entry in [`stand`]. While a fault lasts every remote value is changed, so that
//! an object is fresh afterwards only if it was read afterwards.

mod course;
mod report;
mod stand;
mod stores;
mod trouble;

use std::time::Duration;

use anyhow::{Result, ensure};
use keyferry_e2e::settings::Settings;

use report::Table;
use stand::GROUPS;
pub(crate) use stand::Stand;

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Objects of each provider.
    objects: usize,
    /// How often each is polled.
    interval: Duration,
    /// How long a fault lasts.
    fault: Duration,
    /// How much later than an interval after the fault the last object may be fresh: all are written at once then, a Secret,
    /// a status and an event each, by an API server that shares the machine.
    slack: Duration,
    /// How many calls leave before a refusal comes back, each time the gap doubles: one, unless the machine is so busy that
    /// refusals come late; then as many as may be under way.
    late: usize,
}

const FULL: Size = Size {
    objects: 200,
    interval: Duration::from_secs(10),
    fault: Duration::from_mins(1),
    slack: Duration::from_secs(15),
    late: 1,
};
const SHORT: Size = Size {
    objects: 24,
    interval: Duration::from_secs(5),
    fault: Duration::from_secs(12),
    slack: Duration::from_secs(20),
    late: trouble::UNDER_WAY,
};

#[test]
fn whatever_a_provider_suffers_no_secret_changes_and_all_is_fresh_within_an_interval_after_it() -> Result<()> {
    let full = Settings::from_environment().trials;
    on_a_large_stack(async move || {
        let everybody = GROUPS.concat();
        let (size, groups) = if full { (FULL, GROUPS.to_vec()) } else { (SHORT, vec![&*everybody]) };
        let mut table = Table::default();
        for group in groups {
            table.extend(course::run(size, group).await?);
        }
        let Size { objects, interval, fault, .. } = size;
        let head = format!("{objects} objects a provider, polled every {interval:?}; each fault lasts {fault:?}");
        report::show(&format!("{head}\n\n{table}"));
        let failures = table.failures(size);
        ensure!(failures.is_empty(), "{}", failures.join("\n"));
        Ok(())
    })
}

/// Many futures in one are large in a debug build, larger than the stack of a test's thread.
fn on_a_large_stack(test: impl AsyncFnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    const STACK: usize = 64 << 20;
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    let run = move || tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(test());
    let thread = std::thread::Builder::new().name(name).stack_size(STACK).spawn(run)?;
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
