//! The operator as a pod: what it may do on its node, and what its death or its successor costs.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1;
use keyferry_e2e::namespace::await_in;
use keyferry_e2e::node::release::CONTAINER;
use keyferry_e2e::node::scene::{self, Scene};
use keyferry_e2e::node::{pod, release};
use kube::{Api, ResourceExt};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

const OFTEN: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn the_operators_process_has_no_root_no_capability_and_nothing_to_write_to() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let id = pod::container_id(&scene.release.pod(&scene.namespace.client()).await?, CONTAINER)?;
        let process = scene.node.process(&id)?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        assert_eq!(field("Name:"), Some("keyferry"));
        assert_eq!(field("Uid:"), Some("65532\t65532\t65532\t65532"));
        assert_eq!(field("CapEff:"), Some("0000000000000000"));
        assert_eq!(field("CapBnd:"), Some("0000000000000000"));
        assert_eq!(field("NoNewPrivs:"), Some("1"));
        assert_eq!(field("Seccomp:"), Some("2"));
        let mounts = fs::read_to_string(format!("/proc/{process}/mounts"))?;
        let root = mounts.lines().find(|line| line.split(' ').nth(1) == Some("/")).context("it has a root")?;
        assert!(root.split(' ').nth(3).is_some_and(|options| options.starts_with("ro,")), "{root}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_operator_that_was_killed_comes_back_and_rewrites_nothing() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let client = scene.namespace.client();
        synced(scene, "app", "first").await?;
        let before = scene.namespace.api::<v1::Secret>().get("app").await?;
        let audit = scene.node.plane().audit().context("it has an audit log")?;
        let mark = audit.mark(&client).await?;
        let old = scene.release.pod(&client).await?;
        kill(scene, &old)?;

        let pods: Api<v1::Pod> = scene.namespace.api();
        await_in(pods, &old.name_any(), |pod: Option<&v1::Pod>| pod.is_some_and(has_restarted), SOON).await?;
        // It works: what is rotated arrives. Only that was written.
        scene.secrets.put(&scene.remote("app"), "second").await?;
        scene.await_value("app", "value", "second").await?;
        let since = audit.since(&mark, &client).await?;
        let writes = since.by(&scene.release.user()).writes().about("secrets");
        assert_eq!(writes.count(), 1, "{writes:?}");
        let after = scene.namespace.api::<v1::Secret>().get("app").await?;
        assert_eq!(before.uid(), after.uid());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_upgrade_rolls_the_pod_and_a_rotation_on_the_way_arrives() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let client = scene.namespace.client();
        synced(scene, "app", "first").await?;
        let old = scene.release.pod(&client).await?;
        let mut release: release::Release = scene.release.clone();
        let values = json!({"podAnnotations": {"turn": "second"}, "defaultRefreshInterval": "20s"});
        let upgrade = release.upgrade(&values);
        let remote = scene.remote("app");
        let rotate = scene.secrets.put(&remote, "second");
        tokio::try_join!(upgrade, rotate)?;
        scene.await_value("app", "value", "second").await?;
        let new = release.await_another_pod(&client, &old, SOON).await?;
        assert_eq!(new.annotations().get("turn").map(String::as_str), Some("second"));
        let spec = new.spec.context("a pod has a spec")?;
        let flags = spec.containers.into_iter().flat_map(|container| container.args.unwrap_or_default());
        assert!(flags.into_iter().any(|flag| flag == "--default-refresh-interval=20s"));
        Ok(())
    })
    .await
}

/// Has the operator write a Secret of one key.
async fn synced(scene: &Scene<'_>, name: &str, value: &str) -> Result<()> {
    scene.secrets.create(&scene.remote(name), value).await?;
    scene.external_secret(name, OFTEN, &[("value", name)]).await?;
    scene.await_value(name, "value", value).await
}

fn kill(scene: &Scene<'_>, pod: &v1::Pod) -> Result<()> {
    let process = scene.node.process(&pod::container_id(pod, CONTAINER)?)?;
    let process = Pid::from_raw(i32::try_from(process)?).context("a process id is not zero")?;
    kill_process(process, Signal::KILL).context("kill the operator")
}

/// Whether its container was started again, once, and is ready.
fn has_restarted(pod: &v1::Pod) -> bool {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    statuses.into_iter().any(|status| status.restart_count == 1 && status.ready)
}
