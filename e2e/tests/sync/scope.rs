use anyhow::Result;
use keyferry_e2e::{fixtures, namespace, scene};
use serde_json::json;

use super::acts::{SECOND, await_failed, await_polls, await_synced, create, message};
use super::ledger::Ledger;

#[tokio::test]
async fn with_roles_in_its_namespace_alone_it_works_there_and_asks_for_nothing_else() -> Result<()> {
    namespace::with(async |other| {
        fixtures::put_aws_store(other, scene::STORE, "AKIAOTHER").await?;
        let elsewhere = fixtures::external_secret("app", scene::STORE, SECOND, &[("key", "value")]);
        other.create_manifest(&elsewhere).await?;
        scene::with(&json!({"scopedRBAC": true}), async |scene| {
            let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
            scene.secrets.create(&scene.remote("value"), "value").await?;
            scene.external_secret("app", SECOND, &[("key", "value")]).await?;
            await_synced(scene, "app").await?;
            // Restarted, so that its lists and watches are in the account.
            scene.operator.stop().await?;
            scene.operator = scene.another_operator().await?;
            await_polls(scene, 3).await?;
            let requests = ledger.requests().await?;
            let own = scene.namespace.name().to_owned();
            let strayed = requests.clone().only(|request| !request.resource.is_empty() && request.namespace != own);
            assert_eq!(strayed.count(), 0, "{strayed:?}");
            let refused = requests.only(|request| request.code == 403);
            assert_eq!(refused.count(), 0, "{refused:?}");
            assert!(scene.proxy.calls().iter().all(|call| call.access_key != "AKIAOTHER"));
            Ok(())
        })
        .await
    })
    .await
}

#[tokio::test]
async fn a_cluster_store_is_named_as_not_served_where_the_operator_is_confined() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let mut manifest = scene.manifest("app", SECOND, &[("key", "value")]);
        manifest["spec"]["secretStoreRef"] = json!({"name": "anything", "kind": "ClusterSecretStore"});
        create(scene, &manifest).await?;
        await_failed(scene, "app").await?;
        let message = message(scene, "app").await?;
        assert!(message.contains("anything") && message.contains("spec.secretStoreRef"), "{message}");
        Ok(())
    })
    .await
}
