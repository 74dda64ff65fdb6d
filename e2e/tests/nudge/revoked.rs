use anyhow::Result;
use keyferry_e2e::scene::Scene;
use serde_json::json;

use super::pods::{asked, await_nudge, create, lists, nudged_at, of, on, optional, patched, pod, with};
use crate::sync::acts::{SECOND, await_gone, await_secret, await_synced, data, delete, edit};
use crate::sync::ledger::Ledger;

/// A synced ExternalSecret called `app` with deletion policy `Delete` that reads `first` and `second`, and two pods that
/// show it, one of which can do without.
async fn app(scene: &Scene<'_>) -> Result<Option<Ledger>> {
    for name in ["first", "second"] {
        scene.secrets.create(&scene.remote(name), name).await?;
    }
    let mut manifest = scene.manifest("app", SECOND, &[("first", "first"), ("second", "second")]);
    manifest["spec"]["target"]["deletionPolicy"] = "Delete".into();
    scene.namespace.create_manifest(&manifest).await?;
    await_synced(scene, "app").await?;
    tokio::time::sleep(2 * SECOND).await;
    create(scene.namespace, &[pod("needs", &[of("app")]), pod("does-without", &[optional("app")])]).await?;
    Ledger::open(scene).await
}

#[tokio::test]
async fn a_key_that_is_gone_remotely_leaves_the_secret_and_the_pods_are_told() -> Result<()> {
    with(&on(), async |scene| {
        let Some(ledger) = app(scene).await? else { return Ok(()) };
        scene.secrets.delete(&scene.remote("first")).await?;
        await_secret(scene, "app", |secret| {
            secret.is_some_and(|secret| secret.data.iter().flatten().all(|(key, _)| key != "first"))
        })
        .await?;
        assert_eq!(data(scene, "app").await?, json!({"second": "second"}));
        for pod in ["needs", "does-without"] {
            await_nudge(scene.namespace, pod, None).await?;
        }
        let pods = asked(&ledger).await?;
        assert_eq!((lists(&pods), patched(&pods).len()), (1, 2), "{pods:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_key_that_the_spec_drops_leaves_the_secret_and_the_pods_are_told() -> Result<()> {
    with(&on(), async |scene| {
        let Some(ledger) = app(scene).await? else { return Ok(()) };
        let left = json!([{"secretKey": "second", "remoteRef": {"key": scene.remote("second")}}]);
        edit(scene, "app", &json!({"spec": {"data": left}})).await?;
        for pod in ["needs", "does-without"] {
            await_nudge(scene.namespace, pod, None).await?;
        }
        assert_eq!(data(scene, "app").await?, json!({"second": "second"}));
        let pods = asked(&ledger).await?;
        assert_eq!((lists(&pods), patched(&pods).len()), (1, 2), "{pods:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn when_the_last_remote_key_is_gone_so_is_the_secret_and_only_pods_that_can_do_without_are_told() -> Result<()> {
    with(&on(), async |scene| {
        // As long as the store answers for this one, the others' absence is believed.
        scene.secrets.create(&scene.remote("witness"), "w").await?;
        scene.external_secret("witness", SECOND, &[("key", "witness")]).await?;
        await_synced(scene, "witness").await?;
        let Some(ledger) = app(scene).await? else { return Ok(()) };
        edit(
            scene,
            "app",
            &json!({"spec": {"data": [{"secretKey": "first", "remoteRef": {"key": scene.remote("first")}}]}}),
        )
        .await?;
        for pod in ["needs", "does-without"] {
            await_nudge(scene.namespace, pod, None).await?;
        }
        let needs = nudged_at(scene.namespace, "needs").await?;
        let before = nudged_at(scene.namespace, "does-without").await?;
        scene.secrets.delete(&scene.remote("first")).await?;
        await_gone(scene, "app").await?;
        await_nudge(scene.namespace, "does-without", before.as_deref()).await?;
        let pods = asked(&ledger).await?;
        assert_eq!((lists(&pods), patched(&pods).len()), (2, 3), "{pods:?}");
        assert_eq!(nudged_at(scene.namespace, "needs").await?, needs);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_external_secret_that_takes_its_target_along_has_the_pods_told() -> Result<()> {
    with(&on(), async |scene| {
        let Some(ledger) = app(scene).await? else { return Ok(()) };
        delete(scene, "app").await?;
        await_gone(scene, "app").await?;
        await_nudge(scene.namespace, "does-without", None).await?;
        let pods = asked(&ledger).await?;
        assert_eq!((lists(&pods), patched(&pods)), (1, vec!["does-without".to_owned()]), "{pods:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_target_that_was_renamed_has_the_pods_of_both_names_told() -> Result<()> {
    with(&on(), async |scene| {
        let Some(ledger) = app(scene).await? else { return Ok(()) };
        create(scene.namespace, &[pod("of-the-new-name", &[of("renamed")])]).await?;
        edit(scene, "app", &json!({"spec": {"target": {"name": "renamed"}}})).await?;
        await_gone(scene, "app").await?;
        for pod in ["does-without", "of-the-new-name"] {
            await_nudge(scene.namespace, pod, None).await?;
        }
        assert_eq!(patched(&asked(&ledger).await?), ["does-without", "of-the-new-name"]);
        Ok(())
    })
    .await
}
