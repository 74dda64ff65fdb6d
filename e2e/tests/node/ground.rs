//! The node itself: what a restricted namespace takes, what pods reach, what a test can ask of a pod.

use std::time::Duration;

use anyhow::Result;
use keyferry_e2e::node::images::stand_in;
use keyferry_e2e::node::{pod, scene, turns};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_pod_of_a_static_program_runs_in_a_restricted_namespace_and_can_be_asked() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let image = node.image("stand-in", &stand_in()?).await?;
        let sleeper = pod::restricted("sleeper", 65_532, &[pod::container("main", &image, &[])]);
        let sleeper = pod::run(namespace, &sleeper).await?;
        let seen = sleeper.ask("main", &["/program", "look", "/"]).await?;
        assert_eq!((&seen["uid"], &seen["gid"]), (&json!(65_532), &json!(0)));
        assert_eq!(seen["capabilities"], "0000000000000000");
        assert_eq!(seen["noNewPrivileges"], "1");
        assert_eq!(seen["seccomp"], "2");
        assert_eq!(seen["folders"]["/"]["write"], "read-only filesystem or storage medium");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pod_that_runs_to_its_end_tells_its_code_and_what_it_wrote() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let image = node.image("stand-in", &stand_in()?).await?;
        let good = pod::create(namespace, &pod::once("good", &image, &["look", "/etc"])).await?;
        let bad = pod::create(namespace, &pod::once("bad", &image, &["nonsense"])).await?;
        assert_eq!(good.await_ended(SOON).await?.code, 0);
        assert_eq!(good.lines("main").await?[0]["folders"]["/etc"]["exists"], true);
        let bad = bad.await_ended(SOON).await?;
        assert_eq!(bad.code, 1);
        assert!(bad.message.contains("usage"), "{bad:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pod_with_any_privilege_is_refused_in_a_restricted_namespace() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let image = node.image("stand-in", &stand_in()?).await?;
        let mut root = pod::restricted("root", 65_532, &[pod::container("main", &image, &[])]);
        root["spec"]["securityContext"]["runAsUser"] = json!(0);
        let mut writable = pod::restricted("writable", 65_532, &[pod::container("main", &image, &[])]);
        writable["spec"]["containers"][0]["securityContext"]["capabilities"] = Value::Null;
        for manifest in [root, writable] {
            let error = pod::create(namespace, &manifest).await.map(|_| ()).expect_err("it is refused");
            assert!(format!("{error:#}").contains("violates PodSecurity \"restricted"), "{error:#}");
        }
        Ok(())
    })
    .await
}
