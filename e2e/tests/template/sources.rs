//! ConfigMaps and Secrets that hold templates.

use anyhow::Result;
use keyferry_e2e::audit::Request;
use keyferry_e2e::scene;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{templated, texts};
use crate::sync::acts::{NEVER, SECOND, SOON, await_failed, await_polls, await_synced, create, message};
use crate::sync::ledger::{Ledger, Tally, one_sync};

/// Sources are looked at as often as an object without an interval is polled.
fn quick() -> Value {
    json!({"defaultRefreshInterval": "1s"})
}

fn from(kind: &str) -> Value {
    json!({"templateFrom": [{kind: {"name": "source", "items": [{"key": "conf"}]}}]})
}

async fn change(scene: &keyferry_e2e::scene::Scene<'_>, kind: &str, text: &str) -> Result<()> {
    let api = scene.namespace.dynamic("v1", kind);
    let mut patch = texts(kind, "source", &json!({"conf": text}));
    patch["metadata"] = json!({});
    api.patch("source", &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

#[tokio::test]
async fn a_changed_source_is_rendered_at_once_without_a_call_to_the_provider() -> Result<()> {
    scene::with(&quick(), async |scene| {
        scene.secrets.create(&scene.remote("user"), "root").await?;
        for (name, kind, field) in [("a", "ConfigMap", "configMap"), ("b", "Secret", "secret")] {
            create(scene, &texts(kind, "source", &json!({"conf": "first {{ .user }}", "other": "x"}))).await?;
            templated(scene, name, NEVER, &[("user", "user")], &from(field)).await?;
            scene.await_value(name, "conf", "first root", SOON).await?;
            await_synced(scene, name).await?;
        }
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        let mark = scene.proxy.mark();
        change(scene, "ConfigMap", "second {{ .user }}").await?;
        scene.await_value("a", "conf", "second root", SOON).await?;
        change(scene, "Secret", "third {{ .user }}").await?;
        scene.await_value("b", "conf", "third root", SOON).await?;
        for name in ["a", "b"] {
            scene.await_event(name, "Updated", SOON).await?;
        }
        let twice: Tally = one_sync().into_iter().map(|(write, count)| (write, count * 2)).collect();
        assert_eq!(ledger.writes().await?, twice);
        assert_eq!(scene.proxy.since(mark).len(), 0, "{:?}", scene.proxy.since(mark));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn while_nothing_changes_a_source_costs_a_look_at_its_metadata_and_nothing_is_listed() -> Result<()> {
    scene::with(&quick(), async |scene| {
        scene.secrets.create(&scene.remote("user"), "root").await?;
        create(scene, &texts("ConfigMap", "source", &json!({"conf": "{{ .user }}"}))).await?;
        for name in ["a", "b"] {
            templated(scene, name, SECOND, &[("user", "user")], &from("configMap")).await?;
            await_synced(scene, name).await?;
        }
        await_polls(scene, 2).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 6).await?;
        let requests = ledger.requests().await?;
        assert_eq!(requests.clone().writes().tally(), Tally::new());
        let looks = requests.clone().about("configmaps");
        // Two objects, one source, five to eight seconds.
        assert!((3..=9).contains(&looks.count()), "{looks:?}");
        let cached = |request: &Request| request.verb == "get" && request.uri.contains("resourceVersion=0");
        assert_eq!(looks.only(|request| !cached(request)).count(), 0);
        let lists = requests.only(|request| {
            ["list", "watch"].contains(&request.verb.as_str())
                && ["configmaps", "secrets"].contains(&request.resource.as_str())
        });
        assert_eq!(lists.count(), 0, "{lists:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_source_that_is_missing_is_named_and_taken_when_it_comes() -> Result<()> {
    scene::with(&quick(), async |scene| {
        scene.secrets.create(&scene.remote("user"), "root").await?;
        templated(scene, "app", SECOND, &[("user", "user")], &from("configMap")).await?;
        await_failed(scene, "app").await?;
        let told = message(scene, "app").await?;
        assert!(told.contains("templateFrom[0].configMap.name: the ConfigMap \"source\" does not exist"), "{told}");
        create(scene, &texts("ConfigMap", "source", &json!({"conf": "{{ .user }}"}))).await?;
        scene.await_value("app", "conf", "root", SOON).await?;
        await_synced(scene, "app").await
    })
    .await
}

#[tokio::test]
async fn a_source_of_another_namespace_is_out_of_reach() -> Result<()> {
    scene::with(&quick(), async |scene| {
        scene.secrets.create(&scene.remote("user"), "root").await?;
        templated(
            scene,
            "app",
            SECOND,
            &[("user", "user")],
            &json!({"templateFrom": [
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt"}]}},
                {"configMap": {"name": "extension-apiserver-authentication", "items": [{"key": "client-ca-file"}]}},
            ]}),
        )
        .await?;
        await_failed(scene, "app").await?;
        let told = message(scene, "app").await?;
        assert!(told.contains("\"extension-apiserver-authentication\" does not exist"), "{told}");
        Ok(())
    })
    .await
}
