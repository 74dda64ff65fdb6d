//! `spec.target.template`: what it makes, when it is made anew, and what it cannot do to others.

mod bombs;
mod chance;
mod rules;
mod sources;

use std::time::Duration;

use anyhow::Result;
use keyferry_e2e::scene::Scene;
use serde_json::{Value, json};

use crate::sync::acts::create;

/// Creates the ExternalSecret `name` with a template; each of `data` is `(key, remote name)`.
async fn templated(
    scene: &Scene<'_>,
    name: &str,
    refresh: Duration,
    data: &[(&str, &str)],
    template: &Value,
) -> Result<()> {
    let mut manifest = scene.manifest(name, refresh, data);
    manifest["spec"]["target"]["template"] = template.clone();
    create(scene, &manifest).await
}

/// A ConfigMap or a Secret that holds texts.
fn texts(kind: &str, name: &str, texts: &Value) -> Value {
    let field = if kind == "Secret" { "stringData" } else { "data" };
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: texts})
}
