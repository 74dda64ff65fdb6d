//! The bytes by which ESO knows its own: computed here anew from ESO's rules, and compared with recorded ones.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::scene;
use serde_json::{Value, json};
use sha3::{Digest, Sha3_224};

use super::acts::{NEVER, await_synced, create, external_secret, secret};

/// ESO's hash of any printed thing.
pub(super) fn hash(printed: &str) -> String {
    Sha3_224::digest(printed).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How Go prints a Secret's data.
pub(super) fn printed_data(data: &[(&str, &str)]) -> String {
    let mut sorted = data.to_vec();
    sorted.sort_unstable();
    let bytes = |value: &str| value.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(" ");
    let members: Vec<String> = sorted.iter().map(|(key, value)| format!("{key}:[{}]", bytes(value))).collect();
    format!("map[{}]", members.join(" "))
}

/// The names of the fields that a manager owns under `path`.
fn owned(secret: &Secret, path: &str) -> Vec<String> {
    let entries = secret.metadata.managed_fields.iter().flatten();
    let sets = entries.filter_map(|entry| entry.fields_v1.as_ref()?.0.pointer(path)?.as_object());
    sets.flat_map(|set| set.keys().filter(|name| *name != ".").cloned()).collect()
}

#[tokio::test]
async fn a_secret_carries_esos_marks_byte_for_byte() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        for (name, value) in [("foo", "value1"), ("bar", "value2")] {
            scene.secrets.create(&scene.remote(name), value).await?;
        }
        let mut manifest = scene.manifest("app", NEVER, &[("foo", "foo"), ("bar", "bar")]);
        manifest["metadata"]["labels"] = json!({"team": "a"});
        manifest["metadata"]["annotations"] = json!({"note": "b"});
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;

        let (object, secret) = (external_secret(scene, "app").await?, secret(scene, "app").await?);
        let secret = secret.context("it was made")?;
        assert_eq!(hash(&printed_data(&[("foo", "value1"), ("bar", "value2")])), ESOS_HASH);
        let whole = serde_json::to_value(&secret)?;
        let metadata = &whole["metadata"];
        let owner = hash(&format!("{}/app", scene.namespace.name()));
        let prefix = "reconcile.external-secrets.io";
        assert_eq!(
            metadata["labels"],
            json!({"team": "a", format!("{prefix}/managed"): "true", format!("{prefix}/created-by"): owner})
        );
        assert_eq!(metadata["annotations"], json!({"note": "b", format!("{prefix}/data-hash"): ESOS_HASH}));
        let reference = json!([{
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "app",
            "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
        }]);
        assert_eq!(metadata["ownerReferences"], reference);
        assert_eq!(
            (&whole["type"], whole.get("immutable"), metadata.get("finalizers")),
            (&json!("Opaque"), None, None)
        );
        assert_eq!(managers(&secret), ["externalsecrets.external-secrets.io/app"]);
        assert_eq!(owned(&secret, "/f:data"), ["f:bar", "f:foo"]);

        let status = &object["status"];
        let generation = &object["metadata"]["generation"];
        let version = hash("{annotations:map[note:b] labels:map[team:a]}");
        assert_eq!(status["syncedResourceVersion"], format!("{generation}-{version}"));
        assert_eq!(status["binding"], json!({"name": "app"}));
        let condition = &status["conditions"][0];
        assert_eq!(
            (&condition["type"], &condition["status"], &condition["reason"], &condition["message"]),
            (&json!("Ready"), &json!("True"), &json!("SecretSynced"), &json!("secret synced"))
        );
        assert!(status["refreshTime"].is_string() && condition["lastTransitionTime"].is_string(), "{status}");
        Ok(())
    })
    .await
}

/// From ESO's own tests.
const ESOS_HASH: &str = "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64";

fn managers(secret: &Secret) -> Vec<String> {
    let entries = secret.metadata.managed_fields.iter().flatten();
    entries.filter_map(|entry| entry.manager.clone()).collect()
}

#[tokio::test]
async fn a_long_name_is_hashed_in_the_field_manager_as_with_eso() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("foo"), "value").await?;
        let (fits, long) = ("abcdefghijklmnopqrstuvwxyz0", "abcdefghijklmnopqrstuvwxyz01");
        for name in [fits, long] {
            scene.external_secret(name, NEVER, &[("foo", "foo")]).await?;
            await_synced(scene, name).await?;
        }
        let prefix = "externalsecrets.external-secrets.io";
        let of = async |name: &str| anyhow::Ok(managers(&secret(scene, name).await?.context("it was made")?));
        assert_eq!(of(fits).await?, [format!("{prefix}/{fits}")]);
        assert_eq!(of(long).await?, [format!("{prefix}/sha3/{}", hash(long))]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_marks_of_its_own_an_object_has_esos_recorded_version() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("foo"), "value").await?;
        scene.external_secret("app", NEVER, &[("foo", "foo")]).await?;
        await_synced(scene, "app").await?;
        let status = external_secret(scene, "app").await?["status"].clone();
        let recorded = "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2";
        assert_eq!(status["syncedResourceVersion"], Value::from(recorded));
        Ok(())
    })
    .await
}
