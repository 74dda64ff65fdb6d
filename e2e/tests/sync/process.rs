use std::time::{Duration, Instant};

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry_e2e::proxy::{Fault, Rule};
use keyferry_e2e::scene;
use serde_json::json;

use super::acts::{SECOND, SOON, await_failed, await_polls, await_synced, create};
use super::ledger::Ledger;

#[tokio::test]
async fn metrics_have_esos_names_and_probes_answer() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "s3cr3t-value").await?;
        scene.external_secret("app", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "app").await?;
        // A pass is counted when it has said how it went.
        await_polls(scene, 2).await?;
        for probe in ["/healthz", "/readyz"] {
            assert!(scene.operator.probe(probe).await?.is_success(), "{probe}");
        }
        assert!(!scene.operator.probe("/elsewhere").await?.is_success());
        let metrics = scene.operator.metrics().await?;
        let names: Vec<&str> = metrics.keys().filter_map(|series| series.split('{').next()).collect();
        for name in [
            "externalsecret_sync_calls_total",
            "externalsecret_status_condition",
            "externalsecret_reconcile_duration",
            "externalsecret_provider_api_calls_count",
            "secretstore_status_condition",
            "secretstore_reconcile_duration",
            "keyferry_target_writes_total",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
        let space = scene.namespace.name();
        let of = |start: &str, parts: &[&str]| {
            let matches = |series: &str| series.starts_with(start) && parts.iter().all(|part| series.contains(part));
            metrics.iter().find(|(series, _)| matches(series)).map(|(_, value)| *value)
        };
        let namespace = format!("namespace=\"{space}\"");
        let ready = ["name=\"app\"", &namespace, "condition=\"Ready\"", "status=\"True\""];
        assert_eq!(of("externalsecret_status_condition", &ready), Some(1.0));
        let calls = ["provider=\"AWS/SecretsManager\"", "call=\"GetSecretValue\"", "status=\"success\""];
        assert!(of("externalsecret_provider_api_calls_count", &calls).is_some_and(|count| count >= 1.0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_value_is_in_a_log_a_metric_an_event_or_a_status() -> Result<()> {
    scene::with(&json!({"log": {"level": "debug"}}), async |scene| {
        scene.secrets.create(&scene.remote("value"), r#"{"a": "s3cr3t-value"}"#).await?;
        scene.external_secret("whole", SECOND, &[("key", "value")]).await?;
        let mut wrong = scene.manifest("wrong", SECOND, &[("key", "value")]);
        wrong["spec"]["data"][0]["remoteRef"]["property"] = "missing".into();
        create(scene, &wrong).await?;
        await_synced(scene, "whole").await?;
        await_failed(scene, "wrong").await?;
        let space = format!("--namespace={}", scene.namespace.name());
        let arguments = ["get", "events,externalsecrets,secretstores", "-o", "json", &space];
        let objects = scene.namespace.plane().kubectl(arguments).await?;
        let metrics = format!("{:?}", scene.operator.metrics().await?);
        let encoded = STANDARD.encode(r#"{"a": "s3cr3t-value"}"#);
        for text in [objects, metrics, scene.operator.log()?] {
            assert!(!text.contains("s3cr3t") && !text.contains(&encoded[..20]));
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn told_to_stop_it_ends_well_and_soon() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "value").await?;
        scene.external_secret("app", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "app").await?;
        let start = Instant::now();
        assert!(scene.operator.stop().await?.success());
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pass_that_has_begun_is_ended_before_the_process_is() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("value"), "value").await?;
        let slow = Fault::Latency(Duration::from_secs(2));
        scene.proxy.inject(Rule::always(slow).of(&scene.remote("value")));
        let mark = scene.proxy.mark();
        scene.external_secret("app", SECOND, &[("key", "value")]).await?;
        scene.proxy.await_calls(mark, 1, SOON).await?;
        assert!(scene.operator.stop().await?.success());
        scene.await_value("app", "key", "value", Duration::from_secs(1)).await
    })
    .await
}

#[tokio::test]
async fn it_asks_for_no_list_and_no_watch_of_secrets_and_is_refused_nothing() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        scene.operator.stop().await?;
        scene.operator = scene.another_operator().await?;
        scene.secrets.create(&scene.remote("value"), "value").await?;
        scene.external_secret("app", SECOND, &[("key", "value")]).await?;
        await_synced(scene, "app").await?;
        await_polls(scene, 3).await?;
        let requests = ledger.requests().await?;
        let verbs = requests.clone().about("secrets").only(|request| !matches!(&*request.verb, "get" | "patch"));
        assert_eq!(verbs.count(), 0, "{verbs:?}");
        let refused = requests.only(|request| request.code == 403);
        assert_eq!(refused.count(), 0, "{refused:?}");
        Ok(())
    })
    .await
}
