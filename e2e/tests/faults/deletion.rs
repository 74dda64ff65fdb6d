use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::proxy::{Fault, Rule};
use serde_json::{Value, json};

use super::site::{self, SOON, Site};
use super::stage::DELETES;

/// A store of so many objects.
const OBJECTS: usize = 6;

fn deleting(store: &str) -> Value {
    json!({"secretStoreRef": {"name": store}, "target": {"deletionPolicy": "Delete"}})
}

/// One test, since all deletions of the operator share its brake.
#[test]
fn a_secret_is_deleted_only_when_its_remote_secret_is_surely_gone_and_never_many_at_once() -> Result<()> {
    site::with(async |site| {
        site.store("cautious").await?;
        let names: Vec<String> = (0..OBJECTS).map(|index| format!("object-{index}")).collect();
        for name in &names {
            site.sound(name, &deleting("cautious")).await?;
        }
        an_outage_deletes_nothing(site, &names, Fault::Answer(500, "InternalServiceError"), "InternalServiceError")
            .await
            .context("500")?;
        an_outage_deletes_nothing(
            site,
            &names,
            Fault::Answer(400, "ResourceNotFoundException"),
            "until that is confirmed",
        )
        .await
        .context("all are absent")?;
        one_that_is_gone_is_deleted_and_comes_back(site, &names).await.context("one is gone")?;
        many_that_are_gone_are_held_back(site, &names).await.context("many are gone")
    })
}

/// Nobody of the store answers with a value: neither silence nor absence is believed.
async fn an_outage_deletes_nothing(site: &Site<'_>, names: &[String], fault: Fault, word: &str) -> Result<()> {
    let before = versions(site, names).await?;
    let rule = site.stage.proxy.inject(Rule::always(fault).signed_by(&site.access_key("cautious")));
    for name in names {
        site.failed(name, &["spec.data[0].remoteRef.key", word]).await?;
    }
    for _ in 0..4 {
        site.neighbour_follows().await?;
    }
    ensure!(versions(site, names).await? == before, "a Secret was touched");
    site.stage.proxy.take_back(rule);
    for name in names {
        site.ready(name).await?;
    }
    ensure!(versions(site, names).await? == before, "a Secret was touched after the outage");
    Ok(())
}

async fn one_that_is_gone_is_deleted_and_comes_back(site: &Site<'_>, names: &[String]) -> Result<()> {
    let (gone, others) = names.split_first().context("there are objects")?;
    let before = versions(site, others).await?;
    site.secrets.delete(&site.remote(gone)).await?;
    site.failed(gone, &["does not exist at the provider; until that is confirmed", "wait for two intervals"]).await?;
    site.namespace.await_condition(gone, |secret: Option<&Secret>| secret.is_none(), SOON).await?;
    let told = site.ready(gone).await?.status.context("it has a status")?.conditions.remove(0);
    ensure!(told.reason.as_deref() == Some("SecretDeleted"), "{told:?}");
    ensure!(versions(site, others).await? == before, "another one's Secret was touched");
    let value = site.put(gone).await?;
    site.held(gone, "a", &value).await
}

async fn many_that_are_gone_are_held_back(site: &Site<'_>, names: &[String]) -> Result<()> {
    let (stays, gone) = names.split_first().context("there are objects")?;
    for name in gone {
        site.secrets.delete(&site.remote(name)).await?;
    }
    // One was deleted before, within the same minute.
    let held = gone.len() - (DELETES - 1);
    let words =
        ["could not delete secret: spec.target.deletionPolicy", "looks like an outage", "--max-deletes-per-minute"];
    let failing = futures::future::join_all(gone.iter().map(|name| site.failed(name, &words))).await;
    let failing = failing.iter().filter(|found| found.is_ok()).count();
    let standing = versions(site, gone).await?.into_iter().flatten().count();
    ensure!(failing >= held && standing >= held, "{failing} are held back and {standing} stand, of {}", gone.len());
    for name in gone {
        let value = site.put(name).await?;
        site.held(name, "a", &value).await?;
    }
    site.ready(stays).await.map(|_| ())
}

async fn versions(site: &Site<'_>, names: &[String]) -> Result<Vec<Option<(String, String)>>> {
    let mut versions = Vec::new();
    for name in names {
        versions.push(site.version(name).await?);
    }
    Ok(versions)
}
