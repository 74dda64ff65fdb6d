//! What the helper must not read, although its process could.

use anyhow::Result;
use keyferry_e2e::node::agent::{self, CONTAINER, HELPER, ROOT, mark, put};
use keyferry_e2e::node::pod::{self, container};
use keyferry_e2e::node::{scene, turns};
use serde_json::{Value, json};

/// Files of the tree that the process itself may read, by whatever way.
const READABLE: [&str; 3] = ["above", "absolute", "kubernetes.io/serviceaccount/token"];
const REFUSED: [&str; 13] = [
    "above",
    "absolute",
    "process",
    "token",
    "loop",
    "../../etc/hosts",
    "..",
    "/etc/hosts",
    "file@/etc/hosts",
    "file@/run/keyferry/../../etc/hosts",
    "kubernetes.io/serviceaccount/token",
    "k8s_secret@kubernetes.io/serviceaccount/token",
    "file@/run/keyferry/kubernetes.io/serviceaccount/token",
];

#[tokio::test]
async fn what_lies_outside_of_the_root_is_refused_and_so_is_a_token_that_is_mounted_in_it() -> Result<()> {
    let _turn = turns::together().await;
    scene::bare(async |node, namespace| {
        let pod = pod::run(namespace, &manifest(&scene::images(node).await?)).await?;
        let seen = pod.ask(CONTAINER, &["/program", "look", ROOT]).await?;
        for file in READABLE {
            assert!(is_readable(&seen, file), "the test would prove nothing about {file}: {seen}");
        }
        let all = [&["own"], &REFUSED[..]].concat();
        let answers = pod.ask(CONTAINER, &[&["/program", "resolve", "1", HELPER], &all[..]].concat()).await?;
        assert_eq!(answers["answers"]["own"]["mark"], mark("own-1"), "{answers}");
        for handle in REFUSED {
            let answer = &answers["answers"][handle];
            assert!(answer["mark"].is_null() && answer["error"].is_string(), "{handle}: {answer}");
        }
        Ok(())
    })
    .await
}

fn is_readable(seen: &Value, file: &str) -> bool {
    let files = seen["folders"][ROOT]["files"].as_array().expect("a list of files");
    files.iter().any(|seen| seen["path"] == format!("{ROOT}/{file}") && seen["readable"] == true)
}

/// An agent whose root is a folder that somebody else has filled, with the token mounted in it.
fn manifest(images: &agent::Images) -> Value {
    let mut manifest = agent::manifest("agent", images, "none", &[]);
    let spec = &mut manifest["spec"];
    let volumes = spec["volumes"].as_array_mut().expect("volumes");
    volumes.retain(|volume| volume["name"] != "keyferry-secrets");
    volumes.push(json!({"name": "keyferry-secrets", "emptyDir": {}}));
    volumes.push(json!({"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}));
    let mut plant = container("plant", &images.stand_in, &["plant", ROOT]);
    put(&mut plant, "volumeMounts", json!([{"name": "keyferry-secrets", "mountPath": ROOT}]));
    spec["initContainers"].as_array_mut().expect("init containers").push(plant);
    let mounts = spec["containers"][0]["volumeMounts"].as_array_mut().expect("mounts");
    mounts
        .push(json!({"name": "token", "mountPath": format!("{ROOT}/kubernetes.io/serviceaccount"), "readOnly": true}));
    manifest
}
