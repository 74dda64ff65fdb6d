//! An agent's pod as `OpenShift` would run it: an arbitrary user of group 0, one projected volume with the keys it uses,
//! and the helper, which an init container of the same user has installed.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::pod::{container, restricted};

/// One of those that `OpenShift` gives to a namespace.
pub const USER: i64 = 1_000_820_000;
/// Where the keys are.
pub const ROOT: &str = "/run/keyferry";
/// Where the helper is.
pub const HELPER: &str = "/opt/keyferry/keyferry-helper";
/// The container that uses the keys.
pub const CONTAINER: &str = "agent";
/// The container beside it, which has no mount.
pub const OTHER: &str = "other";

/// The images that an agent's pod is made of.
#[derive(Clone, Debug)]
pub struct Images {
    /// The shipped helper.
    pub helper: String,
    /// The stand-in for an agent.
    pub stand_in: String,
}

/// A pod whose agent sees `keys` of the Secret `secret`, each as a file of the key's name, and watches them.
pub fn manifest(name: &str, images: &Images, secret: &str, keys: &[&str]) -> Value {
    let mut agent = container(CONTAINER, &images.stand_in, &["watch", ROOT]);
    put(
        &mut agent,
        "volumeMounts",
        json!([
            {"name": "keyferry-helper", "mountPath": "/opt/keyferry", "readOnly": true},
            {"name": "keyferry-secrets", "mountPath": ROOT, "readOnly": true},
        ]),
    );
    let mut install = container("install", &images.helper, &["install", "--to", "/opt/keyferry", "--root", ROOT]);
    put(&mut install, "volumeMounts", json!([{"name": "keyferry-helper", "mountPath": "/opt/keyferry"}]));
    let mut pod = restricted(name, USER, &[agent, container(OTHER, &images.stand_in, &[])]);
    if let Some(spec) = pod.get_mut("spec") {
        put(spec, "initContainers", json!([install]));
        put(
            spec,
            "volumes",
            json!([
                {"name": "keyferry-helper", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}},
                {"name": "keyferry-secrets", "projected": {"defaultMode": 0o400, "sources": [
                    {"secret": {"name": secret, "optional": true, "items": items(keys)}},
                ]}},
            ]),
        );
    }
    pod
}

fn items(keys: &[&str]) -> Vec<Value> {
    keys.iter().map(|key| json!({"key": key, "path": key})).collect()
}

/// The beginning of a value's SHA-256, by which the stand-in tells values.
pub fn mark(value: &str) -> String {
    let digest = digest(&SHA256, value.as_bytes());
    digest.as_ref().iter().take(8).fold(String::new(), |mark, byte| format!("{mark}{byte:02x}"))
}

/// Has a pod told when a Secret that it mounts has changed.
pub fn opt_in(pod: &mut Value) {
    if let Some(metadata) = pod.get_mut("metadata") {
        put(metadata, "labels", json!({"keyferry.dev/nudge": "true"}));
    }
}

/// Sets a field of an object.
pub fn put(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}
