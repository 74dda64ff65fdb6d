//! `config/samples`, applied as a user applies them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::progress::{say, step};
use crate::aws::Secrets;
use crate::control_plane::ControlPlane;
use crate::namespace::Namespace;
use crate::scratch::suffix;
use crate::settings::repository;

/// The ExternalSecret of the story, and the Secret that it becomes.
pub(super) const NAME: &str = "database";
/// The manifest of [`NAME`].
const FILE: &str = "aws_externalsecret.yaml";
/// A ClusterSecretStore is everybody's, and one ExternalSecret uses it.
const REACHING: [&str; 3] = ["aws_clustersecretstore.yaml", "fake_clustersecretstore.yaml", "fake_externalsecret.yaml"];
/// The remote secret of which every field becomes a key.
const FIELDS: &str = "prod/database";
/// The remote secret of which one property becomes a key.
const PROPERTY: &str = "prod/endpoints";
/// What the sample of a ClusterSecretStore looks for.
const LABEL: &str = "keyferry.example/demo=true";
const KINDS: &str = "externalsecrets.external-secrets.io,secretstores.external-secrets.io,\
    clustersecretstores.external-secrets.io";

fn folder() -> PathBuf {
    repository().join("config/samples")
}

/// All files of objects but that of the story, in the order of their names; on a cluster of somebody's own without
/// those that reach beyond the demo's namespace.
fn others(own: bool) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder()).context("list the samples")?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml") && !path.ends_with(FILE));
    paths.retain(|path| own || !REACHING.iter().any(|file| path.ends_with(file)));
    paths.sort();
    Ok(paths)
}

/// Puts into AWS what the samples name.
pub(super) async fn put_remote(secrets: &Secrets) -> Result<()> {
    secrets.create(PROPERTY, &json!({"database": {"host": "db.internal.example"}}).to_string()).await?;
    secrets.create(FIELDS, &fields(&suffix(), false)).await?;
    Ok(())
}

/// Puts a new password into AWS, and a field that was not there; answers the password.
pub(super) async fn rotate_remote(secrets: &Secrets) -> Result<String> {
    let password = suffix() + &suffix();
    secrets.put(FIELDS, &fields(&password, true)).await?;
    Ok(password)
}

fn fields(password: &str, more: bool) -> String {
    let mut fields = BTreeMap::from([("username", "app"), ("password", password)]);
    fields.extend(more.then_some(("port", "5432")));
    json!(fields).to_string()
}

/// Applies every sample but that of the story and waits for the stores. `create`, so that on a cluster of somebody's own
/// nothing that is there already is changed.
pub(super) async fn apply_others(namespace: &Namespace) -> Result<()> {
    let (plane, name, own) = (namespace.plane(), namespace.name(), namespace.plane().audit().is_some());
    plane.kubectl(["label", "namespace", name, LABEL]).await?;
    let files = others(own)?.into_iter().map(|path| format!("--filename={}", path.display()));
    let fixed = ["create", "--namespace", name].map(str::to_owned);
    plane.kubectl(fixed.into_iter().chain(files)).await.context("create the samples")?;
    let stores = ["secretstore/aws", "secretstore/fake"].into_iter().chain(own.then_some("clustersecretstore/fake"));
    let ready = ["wait", "--namespace", name, "--for=condition=Ready", "--timeout=30s"];
    plane.kubectl(ready.into_iter().chain(stores)).await.map(|_| ())
}

/// The manifest of the story, as it stands in the file.
pub(super) fn manifest() -> Result<Value> {
    let text = std::fs::read_to_string(folder().join(FILE)).context("read the sample")?;
    serde_saphyr::from_str(&text).context("read the sample as YAML")
}

/// Applies the CRDs where the cluster has none; answers whether they were applied.
pub(super) async fn ensure_crds(plane: &ControlPlane) -> Result<bool> {
    let all = plane.kubectl(["get", "customresourcedefinitions", "--output=name"]).await?;
    if all.lines().any(|line| line.ends_with("/externalsecrets.external-secrets.io")) {
        say("- this cluster has the CRDs: an operator that serves them all will see the demo's objects too");
        return Ok(false);
    }
    step("applying the CRDs", plane.apply_crds()).await?;
    Ok(true)
}

/// Takes the CRDs away again, unless somebody has begun to use them.
pub(super) async fn remove_crds(plane: &ControlPlane) -> Result<()> {
    let used = plane.kubectl(["get", KINDS, "--all-namespaces", "--output=name"]).await?;
    if !used.trim().is_empty() {
        say("- the CRDs stay: there are objects of them that are not the demo's");
        return Ok(());
    }
    let crds = repository().join("crds");
    step("removing the CRDs", plane.kubectl(["delete".as_ref(), "--filename".as_ref(), crds.as_os_str()])).await?;
    Ok(())
}
