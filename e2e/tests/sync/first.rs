use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use keyferry_e2e::scene;
use serde_json::json;

const REFRESH: Duration = Duration::from_secs(2);
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_remote_secret_becomes_a_secret_and_follows_its_rotation() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let remote = scene.remote("password");
        scene.secrets.create(&remote, "first").await?;
        scene.external_secret("app", REFRESH, &[("password", "password")]).await?;
        scene.await_value("app", "password", "first", SOON).await?;
        scene.await_ready("app", "True", "SecretSynced", SOON).await?;
        scene.secrets.put(&remote, "second").await?;
        scene.await_value("app", "password", "second", SOON).await?;
        assert!(scene.operator.stop().await?.success());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn while_nothing_changes_the_operator_polls_and_writes_nothing() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let Some(audit) = scene.namespace.audit() else { return Ok(()) };
        for name in ["a", "b"] {
            scene.secrets.create(&scene.remote(name), "value").await?;
            scene.external_secret(name, REFRESH, &[("key", name)]).await?;
        }
        for name in ["a", "b"] {
            scene.await_ready(name, "True", "SecretSynced", SOON).await?;
            scene.await_event(name, "Created", SOON).await?;
        }
        let client = scene.namespace.client();
        let (quiet, calls) = (audit.mark(&client).await?, scene.proxy.mark());
        scene.proxy.await_calls(calls, 3, SOON).await?;
        let writes = audit.since(&quiet, &client).await?.by(scene.operator.user()).writes().without_leases();
        assert_eq!(writes.tally(), BTreeMap::new());
        Ok(())
    })
    .await
}
