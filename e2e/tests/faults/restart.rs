use anyhow::{Result, ensure};
use serde_json::json;
use std::time::Duration;

use super::canary;
use super::site;

/// How long the API server is away: several polls.
const AWAY: Duration = Duration::from_secs(5);

#[test]
fn an_api_server_that_was_away_costs_nothing_but_the_time() -> Result<()> {
    site::alone(async |site| {
        for name in ["still", "rotated", "withdrawn"] {
            site.sound(name, &json!({})).await?;
        }
        let before = site.version("still").await?;
        let value = canary::value();
        let meanwhile = async || {
            tokio::time::sleep(AWAY / 2).await;
            let rotated = site.secrets.put(&site.remote("rotated"), &value).await;
            let withdrawn = site.secrets.delete(&site.remote("withdrawn")).await;
            tokio::time::sleep(AWAY / 2).await;
            rotated.and(withdrawn).expect("the remote secrets can be changed");
        };
        site.stage.plane.restart_apiserver(meanwhile).await?;
        site.held("rotated", "a", &value).await?;
        site.failed("withdrawn", &["does not exist at the provider"]).await?;
        site.sound("new", &json!({})).await?;
        ensure!(site.version("still").await? == before, "an unchanged Secret was written");
        for name in ["still", "rotated"] {
            site.ready(name).await?;
        }
        Ok(())
    })
}
