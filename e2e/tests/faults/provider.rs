use std::time::Duration;

use anyhow::{Result, ensure};
use futures::FutureExt;
use keyferry_e2e::operator::Operator;
use keyferry_e2e::proxy::{Fault, Rule};
use serde_json::json;

use super::canary;
use super::site::{self, Site};

/// How much memory a hostile answer may cost.
const GROWTH: u64 = 30 << 20;
const KEEPS: &str = "the target keeps its last good value";

#[test]
fn whatever_a_provider_answers_costs_its_own_objects_a_refresh_and_nobody_else_anything() -> Result<()> {
    site::with(async |site| {
        let cases: Vec<(&str, Fault, &[&str])> = vec![
            ("error-500", Fault::Answer(500, "InternalServiceError"), &["InternalServiceError: AWS has a fault"]),
            ("bad-gateway", Fault::Answer(502, "Nginx"), &["HTTP 502"]),
            ("not-found-404", Fault::Answer(404, "NotFound"), &["HTTP 404", "check the endpoint"]),
            ("hangs", Fault::Hang, &["no answer within 4s"]),
            ("drips", Fault::Drip(Duration::from_millis(200)), &[]),
            ("floods", Fault::Flood, &[]),
            ("truncates", Fault::Truncate, &[]),
            ("cuts-off", Fault::CutOff, &[]),
            ("disconnects", Fault::Disconnect, &["could not be reached"]),
            (
                "throttles",
                Fault::Answer(400, "ThrottlingException"),
                &["ThrottlingException: there are too many calls"],
            ),
        ];
        let memory = || site.stage.operator(|operator| Operator::usage(operator));
        for (name, ..) in &cases {
            site.store(name).await?;
            site.sound(name, &json!({"secretStoreRef": {"name": name}})).await?;
        }
        let before = memory()?.peak_resident;
        let trials = cases.into_iter().map(|(name, fault, words)| {
            async move {
                let words: Vec<&str> = words.iter().copied().chain(["spec.data[0].remoteRef.key", KEEPS]).collect();
                site.fault(name, &words, Rule::always(fault).signed_by(&site.access_key(name))).await
            }
            .boxed_local()
        });
        site::all(trials.collect()).await?;
        let grown = memory()?.peak_resident.saturating_sub(before);
        ensure!(grown < GROWTH, "the operator grew by {} MiB", grown >> 20);
        Ok(())
    })
}

#[test]
fn one_bad_key_of_a_batch_fails_alone() -> Result<()> {
    const COUNT: usize = 20;
    site::with(async |site| {
        site.store("batch").await?;
        let name = |index: usize| format!("item-{index}");
        for index in 0..COUNT {
            site.put(&name(index)).await?;
            site.create(&site.manifest(&name(index), &json!({"secretStoreRef": {"name": "batch"}}))).await?;
        }
        for index in 0..COUNT {
            site.ready(&name(index)).await?;
        }
        let mark = site.mark().await?;
        let rule = Rule::always(Fault::Answer(400, "DecryptionFailure")).of(&site.remote("item-7"));
        let words = ["spec.data[0].remoteRef.key", "DecryptionFailure", "its KMS key"];
        site.fault("item-7", &words, rule).await?;
        for index in (0..COUNT).filter(|index| *index != 7) {
            let statuses = site.statuses(&mark, &name(index)).await?;
            ensure!(statuses == 0, "{} was touched {statuses} times", name(index));
        }
        follows(site, "item-8").await
    })
}

async fn follows(site: &Site<'_>, name: &str) -> Result<()> {
    let value = canary::value();
    site.secrets.put(&site.remote(name), &value).await?;
    site.held(name, "a", &value).await
}
