//! User and password come from one version, whenever the files are swapped.

use std::time::Duration;

use anyhow::Result;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::node::agent::{self, CONTAINER, HELPER, ROOT, put};
use keyferry_e2e::node::pod::{self, container};
use keyferry_e2e::node::{figures, scene, turns};
use keyferry_e2e::scene::STORE;
use serde_json::{Value, json};

const SWAPS: &str = "3000";
const TURNS: u32 = 8;

#[tokio::test]
async fn pairs_are_of_one_generation_while_the_kubelet_swaps_the_volume() -> Result<()> {
    scene::with(&json!({"nudge": {"enabled": true}}), async |scene| {
        let remote = scene.remote("account");
        scene.secrets.create(&remote, &account(0)).await?;
        scene.namespace.create_manifest(&external_secret(&remote)).await?;
        scene.await_keys("account", &["password", "user"]).await?;
        let mut manifest = agent::manifest("agent", &scene.agent_images().await?, "account", &["user", "password"]);
        agent::opt_in(&mut manifest);
        let pod = pod::run(scene.namespace, &manifest).await?;
        let reading = pod.ask(CONTAINER, &["/program", "pairs", "15000", HELPER, "user", "password"]);
        let writing = async {
            for turn in 1..=TURNS {
                scene.secrets.put(&remote, &account(turn)).await?;
                tokio::time::sleep(Duration::from_millis(1500)).await;
            }
            anyhow::Ok(())
        };
        let (read, ()) = tokio::try_join!(reading, writing)?;
        assert_eq!((&read["mixed"], &read["failed"]), (&json!(0), &json!(0)), "{read}");
        assert!(read["generations"].as_u64() > Some(3) && read["calls"].as_u64() > Some(100), "{read}");
        figures::record("one generation", "pairs read while the kubelet swapped, mixed", told(&read))
    })
    .await
}

/// What stands in the remote secret: both values name their generation.
fn account(turn: u32) -> String {
    json!({"user": format!("user-{turn}"), "password": format!("password-{turn}")}).to_string()
}

/// Both keys from the one remote secret, which is read once.
fn external_secret(remote: &str) -> Value {
    let key = |name: &str| json!({"secretKey": name, "remoteRef": {"key": remote, "property": name}});
    json!({"apiVersion": API_VERSION, "kind": "ExternalSecret", "metadata": {"name": "account"}, "spec": {
        "refreshInterval": "1s",
        "secretStoreRef": {"name": STORE, "kind": "SecretStore"},
        "target": {"name": "account"},
        "data": [key("user"), key("password")],
    }})
}

#[tokio::test]
async fn pairs_are_of_one_generation_while_somebody_swaps_a_volume_hundreds_of_times_a_second() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let pod = pod::run(namespace, &with_folder(&scene::images(node).await?)).await?;
        pod.exec("swapper", &["/program", "swap", ROOT, "1"]).await?;
        let swapping = pod.ask("swapper", &["/program", "swap", ROOT, SWAPS]);
        let reading = pod.ask(CONTAINER, &["/program", "pairs", "8000", HELPER, "user", "password"]);
        let (_, read) = tokio::try_join!(swapping, reading)?;
        assert_eq!(read["mixed"], 0, "{read}");
        assert!(read["generations"].as_u64() > Some(20), "{read}");
        figures::record("one generation", &format!("pairs read during {SWAPS} fast swaps, mixed"), told(&read))
    })
    .await
}

fn told(read: &Value) -> String {
    format!("{} calls, {} generations, {} mixed", read["calls"], read["generations"], read["mixed"])
}

/// An agent whose root is a folder in memory that another container may write.
fn with_folder(images: &agent::Images) -> Value {
    let mut manifest = agent::manifest("agent", images, "none", &[]);
    let spec = &mut manifest["spec"];
    let volumes = spec["volumes"].as_array_mut().expect("volumes");
    volumes.retain(|volume| volume["name"] != "keyferry-secrets");
    volumes.push(json!({"name": "keyferry-secrets", "emptyDir": {"medium": "Memory"}}));
    let mut swapper = container("swapper", &images.stand_in, &[]);
    put(&mut swapper, "volumeMounts", json!([{"name": "keyferry-secrets", "mountPath": ROOT}]));
    spec["containers"].as_array_mut().expect("containers").push(swapper);
    manifest
}
