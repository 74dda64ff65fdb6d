//! What a template makes by chance or clock is made once for the same inputs.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::templated;
use crate::sync::acts::{
    SECOND, SOON, await_polls, await_secret, await_synced, data, delete_secret, edit, external_secret, meddle,
};
use crate::sync::ledger::{Ledger, Tally};

/// A synced ExternalSecret `app` with a password made by chance beside a remote value.
async fn app(scene: &Scene<'_>) -> Result<Value> {
    scene.secrets.create(&scene.remote("user"), "root").await?;
    let template = json!({
        "data": {
            "user": "{{ .user }}",
            "password": "{{ randAlphaNum 32 }}",
            "made": "{{ now | date \"15:04:05.000000\" }}",
            "line": "{{ htpasswd .user \"x\" }}",
        },
        "metadata": {"annotations": {"made": "{{ now | unixEpoch }}"}, "labels": {"user": "{{ .user }}"}},
    });
    templated(scene, "app", SECOND, &[("user", "user")], &template).await?;
    await_synced(scene, "app").await?;
    data(scene, "app").await
}

fn password(data: &Value) -> Result<String> {
    Ok(data["password"].as_str().context("there is a password")?.to_owned())
}

#[tokio::test]
async fn it_stays_over_many_rounds_and_restarts_without_a_write() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let first = app(scene).await?;
        assert_eq!(password(&first)?.len(), 32);
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 5).await?;
        for _ in 0..2 {
            assert!(scene.operator.stop().await?.success());
            scene.operator = scene.another_operator().await?;
            await_polls(scene, 4).await?;
        }
        scene.operator.kill()?;
        scene.operator = scene.another_operator().await?;
        await_polls(scene, 4).await?;
        assert_eq!(ledger.writes().await?, Tally::new());
        assert_eq!(data(scene, "app").await?, first);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_new_input_makes_it_anew_also_one_that_came_while_the_operator_was_away() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let first = app(scene).await?;
        scene.secrets.put(&scene.remote("user"), "admin").await?;
        scene.await_value("app", "user", "admin", SOON).await?;
        let second = data(scene, "app").await?;
        assert_ne!(password(&first)?, password(&second)?);
        scene.operator.stop().await?;
        scene.secrets.put(&scene.remote("user"), "toor").await?;
        scene.operator = scene.another_operator().await?;
        scene.await_value("app", "user", "toor", SOON).await?;
        assert_ne!(password(&second)?, password(&data(scene, "app").await?)?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_others_do_to_the_rest_of_the_secret_is_put_right_around_it() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let first = app(scene).await?;
        meddle(scene, "app", &json!({"metadata": {"labels": {"user": "forged", "theirs": "1"}}})).await?;
        let labelled = |secret: Option<&k8s_openapi::api::core::v1::Secret>| {
            let labels = secret.and_then(|secret| secret.metadata.labels.clone()).unwrap_or_default();
            labels.get("user").is_some_and(|user| user == "root")
        };
        await_secret(scene, "app", labelled).await?;
        meddle(scene, "app", &json!({"data": {"user": STANDARD.encode("forged"), "more": STANDARD.encode("x")}}))
            .await?;
        scene.await_value("app", "user", "root", SOON).await?;
        await_polls(scene, 3).await?;
        assert_eq!(data(scene, "app").await?, first);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_lost_or_forged_of_it_is_made_anew() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let first = app(scene).await?;
        meddle(scene, "app", &json!({"data": {"password": STANDARD.encode("forged")}})).await?;
        let whole = |secret: Option<&k8s_openapi::api::core::v1::Secret>| {
            let data = secret.and_then(|secret| secret.data.clone()).unwrap_or_default();
            data.get("password").is_some_and(|value| value.0.len() == 32)
        };
        await_secret(scene, "app", whole).await?;
        let second = data(scene, "app").await?;
        assert_ne!(password(&first)?, password(&second)?);
        delete_secret(scene, "app").await?;
        await_secret(scene, "app", whole).await?;
        assert_ne!(password(&second)?, password(&data(scene, "app").await?)?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_refresh_that_is_asked_for_is_no_new_input() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let first = app(scene).await?;
        let version = |object: &Value| object.pointer("/status/syncedResourceVersion").cloned();
        let before = version(&external_secret(scene, "app").await?);
        edit(scene, "app", &json!({"metadata": {"annotations": {"force-sync": "1"}}})).await?;
        let synced = |object: Option<&kube::api::DynamicObject>| {
            object.is_some_and(|object| object.data.pointer("/status/syncedResourceVersion").cloned() != before)
        };
        let api = scene.namespace.dynamic(keyferry_e2e::fixtures::API_VERSION, "ExternalSecret");
        keyferry_e2e::namespace::await_in(api, "app", synced, SOON).await?;
        assert_eq!(data(scene, "app").await?, first);
        Ok(())
    })
    .await
}
