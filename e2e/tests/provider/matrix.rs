//! One suite for all: every provider through every case, in one table.
//!
//! `make conformance` shows it. A provider that stores may name and that has no fixture here is a gap, and so is a case
//! that was neither run nor declined with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::future::ready;
use std::thread::JoinHandle;

use anyhow::Result;
use futures::future::LocalBoxFuture;
use keyferry::api::provider::StoreProvider;
use keyferry::provider::conformance::{self, Fixture, Outcome, Verdict};

use super::{alibaba, aws, aws_parameters, azure, crd, fake, gcp, kubernetes, openbao, webhook};

/// One kind of store.
struct Entry {
    /// Where a store's spec has it.
    slot: &'static str,
    /// What of it, where there are several.
    part: &'static str,
    make: fn() -> LocalBoxFuture<'static, Result<Box<dyn Fixture>>>,
}

/// Every fixture.
const ENTRIES: &[Entry] = &[
    Entry { slot: "alibaba", part: "", make: || Box::pin(alibaba::secrets_manager()) },
    Entry { slot: "aws", part: "secrets", make: || Box::pin(aws::secrets_manager()) },
    Entry { slot: "aws", part: "parameters", make: || Box::pin(aws_parameters::parameter_store()) },
    Entry { slot: "gcpsm", part: "", make: || Box::pin(gcp::project()) },
    Entry { slot: "azurekv", part: "", make: || Box::pin(azure::vault()) },
    Entry { slot: "vault", part: "v1", make: || Box::pin(openbao::engine("vault", 1)) },
    Entry { slot: "vault", part: "v2", make: || Box::pin(openbao::engine("vault", 2)) },
    Entry { slot: "openBao", part: "v1", make: || Box::pin(openbao::engine("openBao", 1)) },
    Entry { slot: "openBao", part: "v2", make: || Box::pin(openbao::engine("openBao", 2)) },
    Entry { slot: "openBao", part: "2.6 v1", make: || Box::pin(openbao::engine_before("openBao", 1)) },
    Entry { slot: "openBao", part: "2.6 v2", make: || Box::pin(openbao::engine_before("openBao", 2)) },
    Entry { slot: "kubernetes", part: "", make: || Box::pin(kubernetes::secrets()) },
    Entry { slot: "crd", part: "", make: || Box::pin(crd::widgets()) },
    Entry { slot: "webhook", part: "", make: || Box::pin(webhook::site()) },
    Entry { slot: "fake", part: "", make: || Box::pin(ready(Ok(fake::spec()))) },
];

/// How one kind of store did.
struct Column {
    name: String,
    outcomes: Vec<Outcome>,
}

#[test]
fn every_provider_passes_every_case() -> Result<()> {
    let threads = ENTRIES.iter().map(thread).collect::<Result<Vec<_>>>()?;
    let mut columns = Vec::new();
    for thread in threads {
        columns.push(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
    }
    let failures = failures(&columns);
    show(&table(&columns));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Each has a thread with a runtime of its own: many futures in one are large in a debug build.
fn thread(entry: &'static Entry) -> Result<JoinHandle<Result<Column>>> {
    const STACK: usize = 64 << 20;
    let run = move || Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(column(entry)));
    Ok(std::thread::Builder::new().name(entry.slot.to_owned()).stack_size(STACK).spawn(run)?)
}

#[test]
fn every_provider_that_a_store_may_name_has_a_fixture() {
    let served: BTreeSet<_> = StoreProvider::served().into_iter().collect();
    let listed: BTreeSet<_> = ENTRIES.iter().map(|entry| entry.slot.to_owned()).collect();
    assert_eq!(served, listed);
}

async fn column(entry: &'static Entry) -> Column {
    let name = [entry.slot, entry.part].join(" ").trim_end().to_owned();
    let outcomes = match (entry.make)().await {
        Ok(fixture) => conformance::run(&*fixture).await,
        Err(error) => vec![("the fixture itself works", Err(format!("{error:#}")))],
    };
    Column { name, outcomes }
}

/// The union of all cases, in the order of the suite.
fn cases(columns: &[Column]) -> Vec<&'static str> {
    let mut cases = Vec::new();
    for (case, _) in columns.iter().flat_map(|column| &column.outcomes) {
        if !cases.contains(case) {
            cases.push(*case);
        }
    }
    cases
}

/// What is broken, and what is missing.
fn failures(columns: &[Column]) -> Vec<String> {
    let mut failures = Vec::new();
    for column in columns {
        for case in cases(columns) {
            match column.outcomes.iter().find(|(other, _)| *other == case) {
                None => failures.push(format!("{}: {case}: neither run nor declined", column.name)),
                Some((_, Err(why))) => failures.push(format!("{}: {case}: {why}", column.name)),
                Some((_, Ok(_))) => {}
            }
        }
    }
    failures
}

/// A line for each case, a column for each kind of store, and below why what is declined was.
fn table(columns: &[Column]) -> String {
    let cases = cases(columns);
    let width = cases.iter().chain(&["case"]).map(|case| case.chars().count()).max().unwrap_or_default();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut text = format!("{:width$}", "case");
    for column in columns {
        let _ = write!(text, "  {}", column.name);
    }
    for case in cases {
        let _ = write!(text, "\n{case:width$}");
        for column in columns {
            let outcome = column.outcomes.iter().find(|(other, _)| *other == case).map(|(_, outcome)| outcome);
            let cell = cell(outcome, &mut reasons);
            let _ = write!(text, "  {cell:cells$}", cells = column.name.chars().count());
        }
        text.truncate(text.trim_end().len());
    }
    text.push('\n');
    let mut reasons: Vec<_> = reasons.into_iter().map(|(reason, number)| (number, reason)).collect();
    reasons.sort_unstable();
    for (number, reason) in reasons {
        let _ = write!(text, "\nn/a {number}: {reason}");
    }
    text.push('\n');
    text
}

fn cell(outcome: Option<&Result<Verdict, String>>, reasons: &mut BTreeMap<String, usize>) -> String {
    match outcome {
        None => "gap".to_owned(),
        Some(Err(_)) => "FAIL".to_owned(),
        Some(Ok(Verdict::Holds)) => "ok".to_owned(),
        Some(Ok(Verdict::Declined(reason))) => {
            let next = reasons.len() + 1;
            format!("n/a {}", reasons.entry(reason.clone()).or_insert(next))
        }
    }
}

#[expect(clippy::print_stdout, reason = "the table is what is asked for; the harness shows it with --nocapture")]
fn show(table: &str) {
    println!("{table}");
}

#[test]
fn a_case_that_is_left_out_is_a_gap_and_one_that_is_declined_is_not() {
    let column = |name: &str, outcomes| Column { name: name.to_owned(), outcomes };
    let declined = || Ok(Verdict::Declined("it has none".to_owned()));
    let columns = [
        column("a", vec![("one", Ok(Verdict::Holds)), ("two", declined())]),
        column("b", vec![("one", Err("it broke".to_owned()))]),
    ];
    assert_eq!(failures(&columns), ["b: one: it broke", "b: two: neither run nor declined"]);
    assert_eq!(table(&columns), "case  a  b\none   ok  FAIL\ntwo   n/a 1  gap\n\nn/a 1: it has none\n");
}
