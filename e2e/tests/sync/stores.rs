use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use keyferry_e2e::audit::Request;
use keyferry_e2e::proxy::{Fault, Rule};
use keyferry_e2e::scene::Scene;
use keyferry_e2e::{fixtures, namespace, scene};
use kube::api::ListParams;
use serde_json::json;

use super::acts::{
    NEVER, SECOND, SOON, await_failed, await_polls, await_synced, change, conditions, create, external_secret, meddle,
};
use super::ledger::{Ledger, once};

/// An ExternalSecret called `app` of a store that is not there yet.
async fn app_without_its_store(scene: &Scene<'_>, refresh: Duration) -> Result<()> {
    scene.secrets.create(&scene.remote("value"), "value").await?;
    let mut manifest = scene.manifest("app", refresh, &[("key", "value")]);
    manifest["spec"]["secretStoreRef"]["name"] = "late".into();
    create(scene, &manifest).await
}

/// The store `late`, with credentials of its own.
async fn put_late_store(scene: &Scene<'_>) -> Result<()> {
    let mut credentials = fixtures::aws_credentials("AKIALATE");
    credentials["metadata"]["name"] = "late-credentials".into();
    let mut store = fixtures::aws_store("late");
    for field in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        store["spec"]["provider"]["aws"]["auth"]["secretRef"][field]["name"] = "late-credentials".into();
    }
    create(scene, &store).await?;
    create(scene, &credentials).await
}

/// When the API server received the first write about `target` in this account.
async fn first_write(ledger: &Ledger, target: &str) -> Result<Timestamp> {
    let writes = ledger.requests().await?.writes().about(target);
    Ok(writes.0.first().with_context(|| format!("{target} was written"))?.received)
}

#[tokio::test]
async fn an_external_secret_applied_before_its_store_waits_a_moment_without_a_word() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        app_without_its_store(scene, SECOND).await?;
        put_late_store(scene).await?;
        await_synced(scene, "app").await?;
        let (store, secret) =
            (first_write(&ledger, "secretstores/status").await?, first_write(&ledger, "secrets").await?);
        assert!(secret > store);
        let own = |request: &Request| request.resource != "secretstores" && request.resource != "events";
        let writes = ledger.requests().await?.writes().only(own);
        assert_eq!(writes.tally(), once(&[("patch", "secrets"), ("patch", "externalsecrets/status")]));
        let warned = scene.namespace.api::<Event>().list(&ListParams::default()).await?.items.into_iter();
        let warned = warned.filter(|event| event.involved_object.kind.as_deref() == Some("ExternalSecret"));
        assert_eq!(warned.filter(|event| event.type_.as_deref() == Some("Warning")).count(), 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_store_that_becomes_ready_wakes_those_that_had_given_up_within_a_second() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        app_without_its_store(scene, NEVER).await?;
        await_failed(scene, "app").await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        put_late_store(scene).await?;
        await_synced(scene, "app").await?;
        let stores = ledger.requests().await?.writes().about("secretstores/status");
        let ready = stores.0.last().context("the store's status was written")?.received;
        let secret = first_write(&ledger, "secrets").await?;
        let waited = secret.duration_since(ready);
        assert!(waited <= jiff::SignedDuration::from_secs(1), "{waited:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_changed_store_is_read_anew_at_once() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let remote = scene.remote("value");
        scene.secrets.create(&remote, "first").await?;
        scene.secrets.create(&format!("other/{remote}"), "second").await?;
        scene.external_secret("app", NEVER, &[("key", "value")]).await?;
        scene.await_value("app", "key", "first", SOON).await?;
        await_synced(scene, "app").await?;
        let prefix = json!({"spec": {"provider": {"aws": {"prefix": "other/"}}}});
        change(scene.namespace, "SecretStore", scene::STORE, &prefix).await?;
        scene.await_value("app", "key", "second", SOON).await
    })
    .await
}

#[tokio::test]
async fn rotated_credentials_are_used_from_the_stores_next_validation_on() -> Result<()> {
    scene::with(&json!({"storeRequeueInterval": "1s"}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "first").await?;
        scene.external_secret("app", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "app").await?;
        meddle(scene, fixtures::CREDENTIALS, &json!({"stringData": {"access-key": "AKIAROTATED"}})).await?;
        await_key(scene, "AKIAROTATED").await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await?;
        let mark = scene.proxy.mark();
        await_polls(scene, 3).await?;
        let old = scene.proxy.since(mark).into_iter().filter(|call| call.access_key != "AKIAROTATED").count();
        assert_eq!(old, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn refused_credentials_are_looked_for_anew_without_waiting_for_a_validation() -> Result<()> {
    scene::with(&json!({"storeRequeueInterval": "100h"}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "first").await?;
        scene.external_secret("app", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "app").await?;
        let revoked = Fault::Answer(400, "UnrecognizedClientException");
        scene.proxy.inject(Rule::always(revoked).signed_by("AKIAFIXTURE"));
        await_failed(scene, "app").await?;
        meddle(scene, fixtures::CREDENTIALS, &json!({"stringData": {"access-key": "AKIAROTATED"}})).await?;
        scene.secrets.put(&scene.remote("value"), "second").await?;
        scene.await_value("app", "key", "second", SOON).await?;
        await_synced(scene, "app").await
    })
    .await
}

/// Waits until a call was signed by this key.
async fn await_key(scene: &Scene<'_>, key: &str) -> Result<()> {
    let mark = scene.proxy.mark();
    for count in 1..100 {
        scene.proxy.await_calls(mark, count, SOON).await?;
        if scene.proxy.since(mark).iter().any(|call| call.access_key == key) {
            return Ok(());
        }
    }
    anyhow::bail!("no call was signed by {key}")
}

#[tokio::test]
async fn a_secret_store_reads_no_other_namespace_whatever_its_selector_says() -> Result<()> {
    namespace::with(async |other| {
        other.create_manifest(&fixtures::aws_credentials("AKIAOTHER")).await?;
        let name = other.name().to_owned();
        scene::with(&json!({}), async |scene| {
            let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
            let mut store = fixtures::aws_store("sly");
            for field in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
                store["spec"]["provider"]["aws"]["auth"]["secretRef"][field]["namespace"] = name.as_str().into();
            }
            create(scene, &store).await?;
            scene.secrets.create(&scene.remote("value"), "value").await?;
            let mut manifest = scene.manifest("app", SECOND, &[("key", "value")]);
            manifest["spec"]["secretStoreRef"]["name"] = "sly".into();
            create(scene, &manifest).await?;
            let told = |object: Option<&keyferry::api::ExternalSecret>| {
                object.and_then(|object| object.status.as_ref()).is_some_and(|status| !status.conditions.is_empty())
            };
            scene.namespace.await_condition("app", told, SOON).await?;
            let elsewhere = ledger.requests().await?.in_namespace(&name);
            assert_eq!(elsewhere.count(), 0, "{elsewhere:?}");
            assert!(scene.proxy.calls().iter().all(|call| call.access_key != "AKIAOTHER"));
            Ok(())
        })
        .await
    })
    .await
}

#[tokio::test]
async fn a_store_of_another_class_and_what_uses_it_are_left_to_their_operator() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "value").await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        let mut store = fixtures::aws_store("theirs");
        store["spec"]["controller"] = "theirs".into();
        create(scene, &store).await?;
        let mut manifest = scene.manifest("app", SECOND, &[("key", "value")]);
        manifest["spec"]["secretStoreRef"]["name"] = "theirs".into();
        create(scene, &manifest).await?;
        scene.external_secret("clock", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "clock").await?;
        await_polls(scene, 3).await?;
        assert_eq!(conditions(scene, "app").await?.len(), 0);
        assert_eq!(external_secret(scene, "app").await?["metadata"].get("finalizers"), None);
        let writes = ledger.requests().await?.writes();
        let wrong = writes.only(|request| request.name == "app" || request.name == "theirs");
        assert_eq!(wrong.count(), 0, "{wrong:?}");
        Ok(())
    })
    .await
}
