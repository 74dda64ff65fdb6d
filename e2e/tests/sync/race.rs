//! What happens between looking at a target and writing it: the write is held at a gate before the API server.

use anyhow::{Context, Result};
use http::Method;
use keyferry_e2e::gate::{Gate, Held};
use keyferry_e2e::raw::collection;
use keyferry_e2e::scene::{self, Scene};
use serde_json::json;

use super::acts::{
    SECOND, SOON, await_failed, await_synced, create, data, delete_secret, foreign, meddle, message, secret,
};
use super::ledger::Ledger;

/// Replaces the scene's operator by one behind a gate.
pub(crate) async fn gated(scene: &mut Scene<'_>) -> Result<Gate> {
    scene.operator.stop().await?;
    let gate = Gate::open(scene.namespace.plane(), scene.installation.identity()).await?;
    let launch = scene.installation.launch().reaching_by(gate.identity()).aws_at(&scene.proxy.url());
    scene.operator = launch.start(scene.namespace, SOON).await?;
    Ok(gate)
}

/// Holds the next write of the Secret `app`.
fn hold(gate: &Gate, scene: &Scene<'_>) -> Held {
    gate.hold(Method::PATCH, &format!("{}/app", collection("v1", scene.namespace.name(), "secrets")))
}

async fn app(scene: &Scene<'_>, policy: &str) -> Result<()> {
    scene.secrets.create(&scene.remote("value"), "first").await?;
    let mut manifest = scene.manifest("app", SECOND, &[("ours", "value")]);
    manifest["spec"]["target"]["creationPolicy"] = policy.into();
    create(scene, &manifest).await
}

/// Has somebody make a Secret `app` after the operator saw that there is none; what the first write was answered.
async fn overtaken(scene: &mut Scene<'_>, policy: &str) -> Result<Option<u16>> {
    let gate = gated(scene).await?;
    let ledger = Ledger::open(scene).await?;
    let mut held = hold(&gate, scene);
    app(scene, policy).await?;
    held.reached(SOON).await?;
    foreign(scene, "app", &json!({"theirs": "kept"})).await?;
    held.let_go();
    match policy {
        "Orphan" => await_failed(scene, "app").await?,
        _ => await_synced(scene, "app").await?,
    }
    let Some(ledger) = ledger else { return Ok(None) };
    let writes = ledger.requests().await?.writes().about("secrets");
    Ok(Some(writes.0.first().context("there was a write")?.code))
}

#[tokio::test]
async fn a_secret_that_appears_before_the_creation_is_not_overwritten() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let code = overtaken(scene, "Orphan").await?;
        assert!(code.is_none_or(|code| code == 409), "{code:?}");
        assert!(message(scene, "app").await?.contains("is not ours"));
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept"}));
        let metadata = secret(scene, "app").await?.context("it stays")?.metadata;
        assert_eq!((metadata.labels, metadata.owner_references), (None, None));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_secret_that_appears_before_the_creation_keeps_its_keys_in_a_merge() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let code = overtaken(scene, "CreateOrMerge").await?;
        assert!(code.is_none_or(|code| code == 409), "{code:?}");
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept", "ours": "first"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_secret_that_appears_before_the_creation_is_taken_over_only_after_a_second_look() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let code = overtaken(scene, "Owner").await?;
        assert!(code.is_none_or(|code| code == 409), "{code:?}");
        assert_eq!(data(scene, "app").await?, json!({"ours": "first"}));
        Ok(())
    })
    .await
}

/// Has `change` happen after the operator decided to write a rotated value; the codes of its writes.
async fn changed_meanwhile(
    scene: &mut Scene<'_>,
    policy: &str,
    change: impl AsyncFnOnce(&Scene<'_>) -> Result<()>,
) -> Result<Option<Vec<u16>>> {
    let gate = gated(scene).await?;
    app(scene, policy).await?;
    await_synced(scene, "app").await?;
    let ledger = Ledger::open(scene).await?;
    let mut held = hold(&gate, scene);
    scene.secrets.put(&scene.remote("value"), "second").await?;
    held.reached(SOON).await?;
    change(scene).await?;
    held.let_go();
    scene.await_value("app", "ours", "second", SOON).await?;
    await_synced(scene, "app").await?;
    let Some(ledger) = ledger else { return Ok(None) };
    let writes = ledger.requests().await?.writes().about("secrets");
    Ok(Some(writes.0.iter().map(|request| request.code).collect()))
}

#[tokio::test]
async fn a_target_that_changes_before_its_replacement_is_looked_at_again() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let theirs = json!({"metadata": {"labels": {"theirs": "1"}}});
        let codes = changed_meanwhile(scene, "Owner", async |scene| meddle(scene, "app", &theirs).await).await?;
        assert!(codes.as_ref().is_none_or(|codes| *codes == [409, 200]), "{codes:?}");
        let labels = secret(scene, "app").await?.context("it exists")?.metadata.labels.unwrap_or_default();
        assert!(labels.contains_key("theirs"), "{labels:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn another_secret_in_the_targets_place_keeps_its_keys_in_a_merge() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let replace = async |scene: &Scene<'_>| {
            delete_secret(scene, "app").await?;
            foreign(scene, "app", &json!({"theirs": "kept"})).await
        };
        let codes = changed_meanwhile(scene, "CreateOrMerge", replace).await?;
        assert!(codes.as_ref().is_none_or(|codes| *codes == [409, 200]), "{codes:?}");
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept", "ours": "second"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_target_that_goes_before_its_replacement_is_made_anew() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let codes = changed_meanwhile(scene, "Owner", async |scene| delete_secret(scene, "app").await).await?;
        // The first finds nothing to replace; what it is told for that is the API server's business.
        assert!(codes.as_ref().is_none_or(|codes| codes.last() == Some(&201)), "{codes:?}");
        assert_eq!(data(scene, "app").await?, json!({"ours": "second"}));
        Ok(())
    })
    .await
}
