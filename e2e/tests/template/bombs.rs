//! Templates that are made to harm: each ends with the name of its budget, and nobody else notices.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::templated;
use crate::sync::acts::{SECOND, SOON, await_failed, await_polls, await_synced, message};

/// How much memory the operator may hold more than before.
const MEMORY: u64 = 50 << 20;
/// The longest that a neighbour with an interval of a second may wait for its poll, on a busy machine.
const LATE: Duration = Duration::from_secs(4);

/// Each with words of the message that ends it.
fn bombs() -> Vec<(&'static str, String, &'static str)> {
    let over = "over budget: ";
    let nested = "{{ range until 10000 }}{{ range until 10000 }}{{ range until 10000 }}x{{ end }}{{ end }}{{ end }}";
    let recursive = "{{ define \"x\" }}{{ template \"x\" . }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}";
    let doubling = "{{ $x := \"x\" }}{{ range until 64 }}{{ $x = print $x $x }}{{ end }}{{ len $x }}";
    vec![
        ("repeat", "{{ repeat 10000000000 \"x\" }}".into(), over),
        ("nested", nested.into(), over),
        ("recursive", recursive.into(), over),
        ("own-name", "{{ template \"bomb\" . }}".into(), over),
        ("doubling", doubling.into(), over),
        ("large", "{{.a}}".repeat(150_000), over),
        ("deep", format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000)), over),
        ("until", "{{ until 2000000000 | len }}".into(), over),
        ("seq", "{{ seq 1 2000000000 | len }}".into(), over),
        ("keys", "{{ range until 1000 }}{{ genPrivateKey \"rsa\" | len }}{{ end }}".into(), over),
        ("hashes", "{{ range until 1000 }}{{ bcrypt \"x\" }}{{ end }}".into(), over),
        ("indent", "{{ indent 1000000000 \"x\" }}".into(), over),
        ("expression", "{{ mustRegexMatch \"(((a{0,100}){0,100}){0,100}){0,100}\" \"x\" }}".into(), "mustRegexMatch"),
    ]
}

#[tokio::test]
async fn a_bomb_ends_with_its_budget_and_harms_nobody() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "first").await?;
        scene.external_secret("neighbour", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "neighbour").await?;
        await_polls(scene, 2).await?;
        let (mark, before) = (scene.proxy.mark(), scene.operator.usage()?);
        for (name, source, _) in bombs() {
            bomb(scene, name, &source).await?;
        }
        for (name, _, words) in bombs() {
            await_failed(scene, name).await?;
            let told = message(scene, name).await?;
            ensure!(told.contains("spec.target.template.data[\"bomb\"]") && told.contains(words), "{name}: {told}");
        }
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("neighbour", "key", "second", LATE).await.context("the neighbour follows")?;
        let grown = scene.operator.usage()?.peak_resident.saturating_sub(before.resident);
        ensure!(grown < MEMORY, "the operator has held {} MiB more", grown >> 20);
        let longest = longest_pause(scene, mark).context("the neighbour was polled")?;
        ensure!(longest < LATE, "the neighbour was not polled for {longest:?}");
        ensure!(scene.operator.ended()?.is_none(), "the operator has ended");
        ensure!(!scene.operator.log()?.contains("panicked"), "a pass has panicked");
        Ok(())
    })
    .await
}

/// A bomb has a remote secret of its own, so that the neighbour's polls are told apart.
async fn bomb(scene: &Scene<'_>, name: &str, source: &str) -> Result<()> {
    let remote = format!("bomb-{name}");
    scene.secrets.create(&scene.remote(&remote), "value").await?;
    templated(scene, name, SECOND, &[("a", &remote)], &json!({"data": {"bomb": source}})).await
}

/// The longest time between two answers to the neighbour.
fn longest_pause(scene: &Scene<'_>, mark: keyferry_e2e::proxy::Mark) -> Option<Duration> {
    let remote = scene.remote("value");
    let calls = scene.proxy.since(mark).into_iter().filter(|call| call.secrets.contains(&remote));
    let times: Vec<Timestamp> = calls.filter_map(|call| call.answered).collect();
    times.windows(2).map(|pair| pair[1].duration_since(pair[0]).unsigned_abs()).max()
}

#[tokio::test]
async fn a_bomb_is_rendered_once_for_its_inputs_and_not_at_every_poll() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let source = "{{ range until 10000 }}{{ range until 10000 }}x{{ end }}{{ end }}";
        bomb(scene, "app", source).await?;
        await_failed(scene, "app").await?;
        await_polls(scene, 2).await?;
        let before = scene.operator.usage()?.cpu;
        await_polls(scene, 5).await?;
        let used = scene.operator.usage()?.cpu - before;
        ensure!(used < SECOND, "five polls of a failed template took {used:?} of CPU");
        scene.secrets.put(&scene.remote("bomb-app"), "other").await?;
        let template: Value = json!({"spec": {"target": {"template": {"data": {"bomb": "{{ .a }}"}}}}});
        crate::sync::acts::edit(scene, "app", &template).await?;
        scene.await_value("app", "bomb", "other", SOON).await
    })
    .await
}
