//! What an agent's pod gets, and what it does not.

use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::core::v1;
use keyferry_e2e::node::agent::{self, CONTAINER, HELPER, OTHER, ROOT, USER, mark};
use keyferry_e2e::node::{pod, scene};
use serde_json::{Value, json};

const OFTEN: Duration = Duration::from_secs(1);
const TOKENS: &str = "/var/run/secrets/kubernetes.io";
const READ_ONLY: &str = "read-only filesystem or storage medium";

#[tokio::test]
async fn an_agent_of_an_arbitrary_user_resolves_what_it_lists_and_sees_nothing_else() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        for name in ["api-key", "db-password", "unlisted"] {
            scene.secrets.create(&scene.remote(name), &format!("{name}-1")).await?;
        }
        let keys = [("api-key", "api-key"), ("db-password", "db-password"), ("unlisted", "unlisted")];
        scene.external_secret("app", OFTEN, &keys).await?;
        scene.await_keys("app", &["api-key", "db-password", "unlisted"]).await?;
        let manifest = agent::manifest("agent", &scene.agent_images().await?, "app", &["api-key", "db-password"]);
        let pod = pod::run(scene.namespace, &manifest).await?;

        let seen = pod.ask(CONTAINER, &["/program", "look", ROOT, "/opt/keyferry", TOKENS, "/"]).await?;
        assert_eq!((&seen["uid"], &seen["gid"]), (&json!(USER), &json!(0)));
        assert_eq!(files(&seen, ROOT), ["api-key", "db-password"]);
        assert_eq!(files(&seen, "/opt/keyferry"), ["helper.json", "keyferry-helper"]);
        assert_eq!(seen["folders"][TOKENS]["exists"], false);
        for folder in [ROOT, "/opt/keyferry", "/"] {
            assert_eq!(seen["folders"][folder]["write"], READ_ONLY, "{folder}");
        }

        let handles = ["api-key", "db-password", "file@/run/keyferry/api-key", "unlisted"];
        let answers = pod.ask(CONTAINER, &[&["/program", "resolve", "1", HELPER], &handles[..]].concat()).await?;
        for (handle, value) in handles.into_iter().zip(["api-key-1", "db-password-1", "api-key-1"]) {
            assert_eq!(answers["answers"][handle], json!({"mark": mark(value), "error": null}), "{handle}");
        }
        assert_eq!(answers["answers"]["unlisted"]["mark"], Value::Null);
        assert!(answers["answers"]["unlisted"]["error"].is_string(), "{answers}");
        let checked = pod.ask(CONTAINER, &[HELPER, "check", "--json"]).await?;
        assert_eq!((&checked["errors"], &checked["warnings"]), (&json!(0), &json!(0)), "{checked}");

        let seen = pod.ask(OTHER, &["/program", "look", ROOT, "/opt/keyferry", TOKENS]).await?;
        for folder in [ROOT, "/opt/keyferry", TOKENS] {
            assert_eq!(seen["folders"][folder]["exists"], false, "{folder}");
        }
        no_container_has_a_token(&pod.get().await?);
        Ok(())
    })
    .await
}

/// The paths in `folder` that are not of the volume's own works, without the folder.
fn files(seen: &Value, folder: &str) -> Vec<String> {
    let all = seen["folders"][folder]["files"].as_array().expect("a list of files").iter();
    let names = all.filter_map(|file| file["path"].as_str()?.strip_prefix(folder)?.strip_prefix('/'));
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("..")).map(str::to_owned).collect();
    names.sort();
    names
}

fn no_container_has_a_token(pod: &v1::Pod) {
    let spec = pod.spec.as_ref().expect("a pod has a spec");
    let volumes = serde_json::to_string(&spec.volumes).expect("volumes are JSON");
    assert!(!volumes.contains("serviceAccountToken"), "{volumes}");
}

#[tokio::test]
async fn a_revoked_key_leaves_the_pod_and_the_others_stay() -> Result<()> {
    scene::with(&json!({"nudge": {"enabled": true}}), async |scene| {
        for name in ["kept", "revoked"] {
            scene.secrets.create(&scene.remote(name), &format!("{name}-1")).await?;
        }
        scene.external_secret("app", OFTEN, &[("kept", "kept"), ("revoked", "revoked")]).await?;
        scene.await_keys("app", &["kept", "revoked"]).await?;
        let mut manifest = agent::manifest("agent", &scene.agent_images().await?, "app", &["kept", "revoked"]);
        agent::opt_in(&mut manifest);
        let pod = pod::run(scene.namespace, &manifest).await?;
        let seen = pod.ask(CONTAINER, &["/program", "look", ROOT]).await?;
        assert_eq!(files(&seen, ROOT), ["kept", "revoked"]);

        scene.patch_external_secret("app", &scene.data(&[("kept", "kept")])).await?;
        scene.await_keys("app", &["kept"]).await?;
        scene
            .await_change(&pod, |files| files.get("kept") == Some(&mark("kept-1")) && !files.contains_key("revoked"))
            .await?;
        let answers = pod.ask(CONTAINER, &["/program", "resolve", "1", HELPER, "kept", "revoked"]).await?;
        assert_eq!(answers["answers"]["kept"]["mark"], mark("kept-1"));
        assert_eq!(answers["answers"]["revoked"]["mark"], Value::Null);
        Ok(())
    })
    .await
}
