//! A Datadog Agent in a restricted pod calls the installed helper. Its code is in `e2e/datadog`, its rights check Datadog's own.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use k8s_openapi::api::core::v1;
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::node::agent::{HELPER, ROOT, USER, put};
use keyferry_e2e::node::images::{self, agentclient};
use keyferry_e2e::node::pod::{self, Pod, container, restricted};
use keyferry_e2e::node::{Node, scene, turns};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

/// An image that was just loaded, a kubelet that syncs a pod once a minute where its annotation does not tell it to.
const SOON: Duration = Duration::from_mins(2);

/// Another user than the agent's, of the same group.
const INSTALLER: i64 = USER + 1;

const CONFIG: &str = "instances:
- {user: 'ENC[user]', password: 'ENC[k8s_secret@apps/db/password]'}
- {user: 'ENC[file@/run/keyferry/user]', password: 'ENC[apps/db;password]'}
";

const EXPECTED: [&str; 8] = [
    "-expect",
    "instances/0/user=/run/keyferry/user",
    "-expect",
    "instances/0/password=/run/keyferry/apps/db/password",
    "-expect",
    "instances/1/user=/run/keyferry/user",
    "-expect",
    "instances/1/password=/run/keyferry/apps/db/password",
];

#[tokio::test]
async fn an_agent_resolves_refreshes_and_reports_with_a_helper_that_its_own_user_installed() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let said = rotate(node, namespace, "0500", USER, &[]).await?;
        assert!(said.contains("File mode: 100500"), "{said}");
        assert!(said.contains(&format!("UID {USER}")), "{said}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_agent_with_the_group_option_does_so_with_a_helper_of_another_user_and_its_group() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let said = rotate(node, namespace, "0550", INSTALLER, &["-group-exec"]).await?;
        assert!(said.contains("File mode: 100550"), "{said}");
        assert!(said.contains(&format!("UID {INSTALLER}")), "{said}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_agent_without_the_option_refuses_a_helper_that_its_group_may_run() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let manifest = manifest(node, "0550", INSTALLER, &["-refused"]).await?;
        put_objects(namespace, "one").await?;
        let pod = pod::create(namespace, &manifest).await?;
        await_right(&pod).await.map(|_| ())
    })
    .await
}

/// Has an agent resolve, changes the Secret, and answers what the agent said after it saw the new values.
async fn rotate(node: &Node, namespace: &Namespace, mode: &str, installer: i64, option: &[&str]) -> Result<String> {
    let arguments = [&EXPECTED, option, &["-rotation", "100s"]].concat();
    let manifest = manifest(node, mode, installer, &arguments).await?;
    put_objects(namespace, "one").await?;
    let pod = pod::create(namespace, &manifest).await?;
    await_word(&pod, "WAITING").await?;
    put_values(namespace, "two").await?;
    tell_kubelet(namespace, pod.name()).await?;
    let said = await_right(&pod).await?;
    assert!(said.contains("'k8s_secret@apps/db/password' has a new value"), "{said}");
    assert!(said.contains("Number of secrets resolved: 4"), "{said}");
    assert!(!said.contains("value-"), "a value was printed");
    Ok(said)
}

async fn manifest(node: &Node, mode: &str, installer: i64, arguments: &[&str]) -> Result<Value> {
    let helper = node.shipped(images::HELPER).await?.image;
    let image = node.image("agentclient", &agentclient()?).await?;
    let arguments = [&["-command", HELPER, "-config", "/etc/agent/check.yaml"], arguments].concat();
    let mut agent = container("agent", &image, &arguments);
    put(
        &mut agent,
        "volumeMounts",
        json!([
            {"name": "keyferry-helper", "mountPath": "/opt/keyferry", "readOnly": true},
            {"name": "keyferry-secrets", "mountPath": ROOT, "readOnly": true},
            {"name": "config", "mountPath": "/etc/agent", "readOnly": true},
        ]),
    );
    let mut install =
        container("install", &helper, &["install", "--to", "/opt/keyferry", "--root", ROOT, "--mode", mode]);
    put(&mut install, "volumeMounts", json!([{"name": "keyferry-helper", "mountPath": "/opt/keyferry"}]));
    put(&mut install["securityContext"], "runAsUser", json!(installer));
    let mut pod = restricted("agent", USER, &[agent]);
    put(&mut pod["spec"], "restartPolicy", json!("Never"));
    put(&mut pod["spec"], "initContainers", json!([install]));
    put(&mut pod["spec"], "volumes", volumes());
    Ok(pod)
}

fn volumes() -> Value {
    let items = json!([{"key": "user", "path": "user"}, {"key": "password", "path": "apps/db/password"}]);
    json!([
        {"name": "keyferry-helper", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}},
        {"name": "config", "configMap": {"name": "check"}},
        {"name": "keyferry-secrets", "projected": {"defaultMode": 0o400, "sources": [
            {"secret": {"name": "db", "optional": true, "items": items}},
        ]}},
    ])
}

async fn put_objects(namespace: &Namespace, values: &str) -> Result<()> {
    let check =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "check"}, "data": {"check.yaml": CONFIG}});
    let db = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}});
    namespace.create_manifest(&check).await?;
    namespace.create_manifest(&db).await?;
    put_values(namespace, values).await
}

async fn put_values(namespace: &Namespace, values: &str) -> Result<()> {
    let data = json!({"stringData": {"user": format!("value-u-{values}"), "password": format!("value-p-{values}")}});
    namespace.api::<v1::Secret>().patch("db", &PatchParams::default(), &Patch::Merge(data)).await?;
    Ok(())
}

/// A change of an annotation has the kubelet look at the pod's volumes now.
async fn tell_kubelet(namespace: &Namespace, pod: &str) -> Result<()> {
    let change = json!({"metadata": {"annotations": {"keyferry.dev/nudged-at": "now"}}});
    namespace.api::<v1::Pod>().patch(pod, &PatchParams::default(), &Patch::Merge(change)).await?;
    Ok(())
}

async fn await_word(pod: &Pod<'_>, word: &str) -> Result<()> {
    let start = Instant::now();
    let mut said = String::new();
    while start.elapsed() < SOON {
        said = pod.logs("agent").await.unwrap_or_default();
        if said.contains(word) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!("the agent has not said {word}: {said}")
}

async fn await_right(pod: &Pod<'_>) -> Result<String> {
    let ended = pod.await_ended(SOON).await?;
    let said = pod.logs("agent").await?;
    assert_eq!(ended.code, 0, "{said}");
    assert!(said.ends_with("RIGHT\n"), "{said}");
    Ok(said)
}
