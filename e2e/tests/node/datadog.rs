<<<<<<< HEAD
//! A Datadog Agent in a restricted pod calls the installed helper. Its code is in `e2e/datadog`, its rights check Datadog's own.
=======
//! Datadog's own code as the agent in the pod: `e2e/datadog/agentclient`, which `make e2e-node` builds.
>>>>>>> node

use std::time::Duration;

use anyhow::Result;
use keyferry_e2e::node::agent::{self, HELPER, put};
use keyferry_e2e::node::{images, pod, scene};
use serde_json::json;

<<<<<<< HEAD
/// An image that was just loaded, a kubelet that syncs a pod once a minute where its annotation does not tell it to.
const SOON: Duration = Duration::from_mins(2);

/// Another user than the agent's, of the same group.
const INSTALLER: i64 = USER + 1;

const CONFIG: &str = "instances:
- {user: 'ENC[user]', password: 'ENC[k8s_secret@apps/db/password]'}
- {user: 'ENC[file@/run/keyferry/user]', password: 'ENC[apps/db;password]'}
";

const EXPECTED: [&str; 8] = [
=======
const OFTEN: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(90);
const CONFIGURATION: &str = "api_key: ENC[api-key]\ninstance:\n  password: ENC[db-password]\n";
const ARGUMENTS: [&str; 10] = [
    "-command",
    HELPER,
    "-config",
    "/etc/agent/agent.yaml",
>>>>>>> node
    "-expect",
    "api_key=/run/keyferry/api-key",
    "-expect",
    "instance.password=/run/keyferry/db-password",
    "-rotation",
    "60s",
];

#[tokio::test]
async fn datadogs_code_checks_the_rights_resolves_its_configuration_and_hears_of_a_rotation() -> Result<()> {
    scene::with(&json!({"nudge": {"enabled": true}}), async |scene| {
        let image = scene.node.image("agentclient", &images::agent_client()?).await?;
        for name in ["api-key", "db-password"] {
            scene.secrets.create(&scene.remote(name), &format!("{name}-1")).await?;
        }
        let keys = [("api-key", "api-key"), ("db-password", "db-password")];
        scene.external_secret("app", OFTEN, &keys).await?;
        scene.await_keys("app", &["api-key", "db-password"]).await?;
        let configuration = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "agent"},
            "data": {"agent.yaml": CONFIGURATION}});
        scene.namespace.create_manifest(&configuration).await?;

        let mut manifest = agent::manifest("agent", &scene.agent_images().await?, "app", &["api-key", "db-password"]);
        agent::opt_in(&mut manifest);
        let spec = &mut manifest["spec"];
        put(spec, "restartPolicy", json!("Never"));
        spec["volumes"].as_array_mut().expect("volumes").push(json!({"name": "agent", "configMap": {"name": "agent"}}));
        let containers = spec["containers"].as_array_mut().expect("containers");
        containers.truncate(1);
        put(&mut containers[0], "image", json!(image));
        put(&mut containers[0], "args", json!(ARGUMENTS));
        let mounts = containers[0]["volumeMounts"].as_array_mut().expect("mounts");
        mounts.push(json!({"name": "agent", "mountPath": "/etc/agent", "readOnly": true}));

        let pod = pod::run(scene.namespace, &manifest).await?;
        scene.secrets.put(&scene.remote("db-password"), "db-password-2").await?;
        let ended = pod.await_ended(SOON).await?;
        let log = pod.logs(agent::CONTAINER).await?;
        assert_eq!(ended.code, 0, "{log}");
        assert!(log.trim_end().ends_with("RIGHT"), "{log}");
        Ok(())
    })
    .await
}
