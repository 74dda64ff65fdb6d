//! How long a rotated value takes from the provider to the file, by the provider's record and the pod's own clock, which
//! are of one machine.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use keyferry_e2e::node::agent::{self, mark};
use keyferry_e2e::node::figures::{self, Times};
use keyferry_e2e::node::pod::{self, Pod};
use keyferry_e2e::node::scene::{self, Scene};
use serde_json::json;

const TITLE: &str = "rotation, from the provider to the file";
const OFTEN: Duration = Duration::from_secs(1);
const ROTATIONS: u32 = 24;
const PODS: usize = 8;
/// The kubelet looks every 60 to 90 s; the rest is the machine's.
const SLOW: Duration = Duration::from_secs(110);
const FAST: Duration = Duration::from_secs(20);

#[tokio::test]
async fn with_the_nudge_a_rotated_value_is_in_the_file_in_about_a_second() -> Result<()> {
    scene::alone(&json!({"nudge": {"enabled": true}}), async |scene| {
        let pod = watching(scene, "app", true).await?;
        let (mut all, mut written) = (Vec::new(), Vec::new());
        for turn in 1..=ROTATIONS {
            let value = format!("app-{turn}");
            let put = put(scene, "app", &value).await?;
            let seen = await_value(scene, &pod, &value, FAST).await?;
            all.push(between(put, seen)?);
            written.push(between(scene.written("app", put).await?, seen)?);
            // Not in step with the poll.
            tokio::time::sleep(Duration::from_millis(u64::from(turn) * 137 % 1000)).await;
        }
        let (all, written) = (Times::new(all), Times::new(written));
        figures::record(TITLE, "with the nudge, polled each second", all.told())?;
        figures::record(TITLE, "with the nudge, from the Secret's write alone", written.told())?;
        assert!(all.percentile(50) < Duration::from_secs(3), "{}", all.told());
        assert!(written.percentile(50) < Duration::from_secs(1), "{}", written.told());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_the_nudge_a_rotated_value_is_in_the_file_when_the_kubelet_looks() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let names: Vec<String> = (0..PODS).map(|number| format!("app-{number}")).collect();
        let pods = futures::future::try_join_all(names.iter().map(|name| watching(scene, name, false))).await?;
        let rotations = names.iter().zip(&pods).map(async |(name, pod)| {
            let value = format!("{name}-rotated");
            let put = put(scene, name, &value).await?;
            let seen = await_value(scene, pod, &value, SLOW).await?;
            anyhow::Ok((between(put, seen)?, between(scene.written(name, put).await?, seen)?))
        });
        let (all, written) = futures::future::try_join_all(rotations).await?.into_iter().unzip();
        let (all, written) = (Times::new(all), Times::new(written));
        figures::record(TITLE, "without the nudge, polled each second", all.told())?;
        figures::record(TITLE, "without the nudge, from the Secret's write alone", written.told())
    })
    .await
}

/// A pod that watches the one key of a Secret of its own name.
async fn watching<'a>(scene: &'a Scene<'_>, name: &str, nudged: bool) -> Result<Pod<'a>> {
    let first = format!("{name}-0");
    scene.secrets.create(&scene.remote(name), &first).await?;
    scene.external_secret(name, OFTEN, &[("value", name)]).await?;
    scene.await_keys(name, &["value"]).await?;
    let mut manifest = agent::manifest(name, &scene.agent_images().await?, name, &["value"]);
    if nudged {
        agent::opt_in(&mut manifest);
    }
    let pod = pod::run(scene.namespace, &manifest).await?;
    await_value(scene, &pod, &first, FAST).await?;
    Ok(pod)
}

/// Puts a value, and answers when the provider had it.
async fn put(scene: &Scene<'_>, name: &str, value: &str) -> Result<Timestamp> {
    let (mark, remote) = (scene.proxy.mark(), scene.remote(name));
    scene.secrets.put(&remote, value).await?;
    let calls = scene.proxy.since(mark);
    let put = calls.iter().find(|call| call.operation == "PutSecretValue" && call.secrets.contains(&remote));
    put.and_then(|call| call.answered).context("the proxy has a record of the put")
}

async fn await_value(scene: &Scene<'_>, pod: &Pod<'_>, value: &str, within: Duration) -> Result<Timestamp> {
    let mark = mark(value);
    scene.await_change_within(pod, |files| files.get("value") == Some(&mark), within).await
}

fn between(from: Timestamp, to: Timestamp) -> Result<Duration> {
    Duration::try_from(to.duration_since(from)).with_context(|| format!("{to} comes before {from}"))
}
