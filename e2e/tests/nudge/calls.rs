use std::time::Duration;

use anyhow::Result;
use http::Method;
use k8s_openapi::api::core::v1::Pod;
use keyferry_e2e::raw::{ask, collection};
use keyferry_e2e::scene::{self, Scene};
use keyferry_e2e::{fixtures, namespace};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::pods::{asked, await_nudge, counted, create, lists, nudged_at, of, on, optional, patched, pod, with};
use crate::sync::acts::{NEVER, SECOND, SOON, await_polls, await_synced, edit};
use crate::sync::ledger::{Ledger, one_sync};
use crate::sync::race::gated;

/// A synced ExternalSecret called `app` whose remote secret is `first`.
async fn app(scene: &Scene<'_>) -> Result<()> {
    scene.secrets.create(&scene.remote("app"), "first").await?;
    scene.external_secret("app", SECOND, &[("key", "app")]).await?;
    await_synced(scene, "app").await
}

async fn rotate(scene: &Scene<'_>, value: &str) -> Result<()> {
    scene.secrets.put(&scene.remote("app"), value).await?;
    scene.await_value("app", "key", value, SOON).await
}

/// Pods that mount `app`, and why each of them is not to be told.
fn bystanders() -> Vec<Value> {
    let changed = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut pod = pod(name, &[of("app")]);
        change(&mut pod);
        pod
    };
    let reference =
        json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "app", "key": "key", "optional": true}}});
    vec![
        changed("unlabelled", &|pod| pod["metadata"]["labels"] = json!({"app": "a"})),
        changed("label-false", &|pod| pod["metadata"]["labels"] = json!({"keyferry.dev/nudge": "false"})),
        changed("sub-path", &|pod| pod["spec"]["containers"][0]["volumeMounts"][0]["subPath"] = "key".into()),
        changed("not-mounted", &|pod| pod["spec"]["containers"][0]["volumeMounts"] = json!([])),
        changed("variable", &|pod| {
            pod["spec"]["volumes"] = json!([]);
            pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
            pod["spec"]["containers"][0]["env"] = json!([reference]);
        }),
        changed("no-node-yet", &|pod| pod["spec"]["nodeName"] = Value::Null),
        pod("other-secret", &[of("other")]),
        pod("nothing-mounted", &[]),
    ]
}

async fn end(scene: &Scene<'_>, name: &str, phase: &str) -> Result<()> {
    let status = json!({"status": {"phase": phase}});
    scene.namespace.api::<Pod>().patch_status(name, &PatchParams::default(), &Patch::Merge(&status)).await?;
    Ok(())
}

#[tokio::test]
async fn a_change_costs_one_list_and_one_patch_for_each_pod_that_shows_the_secret() -> Result<()> {
    with(&on(), async |scene| {
        create(scene.namespace, &bystanders()).await?;
        create(scene.namespace, &[pod("volume", &[of("app")]), pod("projected", &[of("other"), optional("app")])])
            .await?;
        for (name, phase) in [("done", "Succeeded"), ("crashed", "Failed")] {
            create(scene.namespace, &[pod(name, &[of("app")])]).await?;
            end(scene, name, phase).await?;
        }
        app(scene).await?;
        let mut before = [await_nudge(scene.namespace, "volume", None).await?, String::new()];
        before[1] = await_nudge(scene.namespace, "projected", None).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        rotate(scene, "second").await?;
        for (pod, before) in ["volume", "projected"].into_iter().zip(&before) {
            let now = await_nudge(scene.namespace, pod, Some(before)).await?;
            assert!(now > *before, "{now} after {before}");
        }
        let pods = asked(&ledger).await?;
        assert_eq!((lists(&pods), patched(&pods)), (1, vec!["projected".to_owned(), "volume".to_owned()]));
        assert_eq!(pods.count(), 3, "{pods:?}");
        assert!(pods.0.iter().all(|request| request.code == 200), "{pods:?}");
        let others = ledger.requests().await?.writes().only(|request| request.resource != "pods");
        assert_eq!(others.tally(), one_sync());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pod_is_told_when_the_kubelet_has_heard_and_hardly_later() -> Result<()> {
    with(&on(), async |scene| {
        create(scene.namespace, &[pod("agent", &[of("app")])]).await?;
        app(scene).await?;
        let before = await_nudge(scene.namespace, "agent", None).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        rotate(scene, "second").await?;
        await_nudge(scene.namespace, "agent", Some(&before)).await?;
        let writes = ledger.requests().await?.writes().0;
        let when = |resource: &str| writes.iter().find(|request| request.resource == resource).map(|it| it.received);
        let took = Duration::try_from(when("pods").expect("a nudge") - when("secrets").expect("a write"))?;
        assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(3), "{took:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn while_no_data_changes_nobody_asks_about_pods() -> Result<()> {
    let mut values = on();
    values["statusHeartbeat"] = "1s".into();
    with(&values, async |scene| {
        create(scene.namespace, &[pod("agent", &[of("app")])]).await?;
        app(scene).await?;
        let before = await_nudge(scene.namespace, "agent", None).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 4).await?;
        let version = scene.version("app").await?;
        // The Secret is written, and its data is not changed.
        edit(scene, "app", &json!({"spec": {"target": {"template": {"metadata": {"labels": {"a": "b"}}}}}})).await?;
        while scene.version("app").await? == version {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let pods = asked(&ledger).await?;
        assert_eq!(pods.count(), 0, "{pods:?}");
        assert_eq!(nudged_at(scene.namespace, "agent").await?, Some(before));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_the_flag_nobody_asks_about_pods_and_nobody_may() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        create(scene.namespace, &[pod("agent", &[of("app")])]).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        app(scene).await?;
        rotate(scene, "second").await?;
        assert_eq!(asked(&ledger).await?.count(), 0);
        assert_eq!(nudged_at(scene.namespace, "agent").await?, None);
        let operator = scene.installation.identity().client().await?;
        let list = collection("v1", scene.namespace.name(), "pods");
        let reply = ask(&operator, Method::GET, &list, None).await?;
        assert_eq!(reply.status, 403, "{}", reply.message);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn several_secrets_that_change_together_cost_one_list_and_one_patch() -> Result<()> {
    with(&on(), async |scene| {
        let names = ["a", "b", "c"];
        create(scene.namespace, &[pod("agent", &names.map(of))]).await?;
        scene.secrets.create(&scene.remote("shared"), "first").await?;
        for name in names {
            scene.external_secret(name, SECOND, &[("key", "shared")]).await?;
            await_synced(scene, name).await?;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        // A busy machine may write them further apart than changes wait for each other; then it is tried again.
        for round in 0..10 {
            let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
            let value = format!("value-{round}");
            scene.secrets.put(&scene.remote("shared"), &value).await?;
            for name in names {
                scene.await_value(name, "key", &value, SOON).await?;
            }
            let pods = asked(&ledger).await?;
            assert_eq!(lists(&pods), patched(&pods).len(), "{pods:?}");
            if patched(&pods) == ["agent"] {
                return Ok(());
            }
        }
        panic!("each of the Secrets has had a list and a patch of its own");
    })
    .await
}

#[tokio::test]
async fn a_pod_that_waits_for_its_first_secret_is_told_when_it_is_made() -> Result<()> {
    with(&on(), async |scene| {
        create(scene.namespace, &[pod("agent", &[of("app")])]).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        app(scene).await?;
        await_nudge(scene.namespace, "agent", None).await?;
        let pods = asked(&ledger).await?;
        assert_eq!((lists(&pods), patched(&pods)), (1, vec!["agent".to_owned()]), "{pods:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn only_pods_of_the_named_namespaces_are_asked_about() -> Result<()> {
    namespace::with(async |other| {
        let nudge = json!({"enabled": true, "namespaces": [other.name()]});
        let values = json!({"nudge": nudge, "scopedNamespaces": [other.name()], "scopedRBAC": true});
        scene::with(&values, async |scene| {
            create(scene.namespace, &[pod("agent", &[of("app")])]).await?;
            create(other, &[pod("agent", &[of("app")])]).await?;
            let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
            app(scene).await?;
            assert_eq!(asked(&ledger).await?.count(), 0);
            fixtures::put_aws_store(other, scene::STORE, "AKIAFIXTURE").await?;
            let remote = scene.remote("app");
            let manifest = fixtures::external_secret("app", scene::STORE, NEVER, &[("key", &remote)]);
            other.create_manifest(&manifest).await?;
            await_nudge(other, "agent", None).await?;
            assert_eq!(nudged_at(scene.namespace, "agent").await?, None);
            let refused = ledger.requests().await?.only(|request| request.code == 403);
            assert_eq!(refused.count(), 0, "{refused:?}");
            Ok(())
        })
        .await
    })
    .await
}

#[tokio::test]
async fn a_pod_that_takes_the_place_of_another_is_not_told_of_what_it_has_seen() -> Result<()> {
    with(&on(), async |scene| {
        create(scene.namespace, &[pod("agent-0", &[of("app")]), pod("agent-1", &[of("app")])]).await?;
        let gate = gated(scene).await?;
        let agents = collection("v1", scene.namespace.name(), "pods");
        let mut held = gate.hold(Method::PATCH, &format!("{agents}/agent-0"));
        app(scene).await?;
        held.reached(SOON).await?;
        scene.namespace.api::<Pod>().delete("agent-0", &DeleteParams::default()).await?;
        create(scene.namespace, &[pod("agent-0", &[of("app")])]).await?;
        held.let_go();
        await_nudge(scene.namespace, "agent-1", None).await?;
        assert_eq!(nudged_at(scene.namespace, "agent-0").await?, None);
        for (outcome, count) in [("gone", "1"), ("sent", "1"), ("failed", "0")] {
            let series = format!("keyferry_nudges_total{{outcome={outcome:?}}}");
            assert_eq!(counted(scene, &series).await?, count, "{outcome}");
        }
        Ok(())
    })
    .await
}
