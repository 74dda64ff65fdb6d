//! Writes statuses and finalizers of our own kinds: a patch that names the object's UID, and only when there is news.

use std::fmt::Debug;

use kube::api::{Api, Patch, PatchParams};
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::error::Error;

/// Replaces the status of `object`; the resourceVersion after the write.
///
/// # Errors
/// A conflict when an object of the same name but another UID stands there now.
pub async fn write<K>(api: &Api<K>, object: &K, status: &impl Serialize) -> Result<Option<String>, Error>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let name = object.name_any();
    let body = json!({"metadata": {"uid": object.uid()}, "status": status});
    let written = api.patch_status(&name, &PatchParams::default(), &Patch::Merge(&body)).await;
    let written = written.map_err(|error| Error::of(format!("write the status of {name:?}"), &error))?;
    Ok(written.resource_version())
}

/// Sets the finalizers of exactly the object that was seen.
pub async fn set_finalizers<K>(api: &Api<K>, object: &K, finalizers: &[String]) -> Result<(), Error>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let name = object.name_any();
    let metadata = json!({
        "uid": object.uid(),
        "resourceVersion": object.resource_version(),
        "finalizers": finalizers,
    });
    let patched =
        api.patch_metadata(&name, &PatchParams::default(), &Patch::Merge(&json!({"metadata": metadata}))).await;
    patched.map_err(|error| Error::of(format!("set the finalizers of {name:?}"), &error))?;
    Ok(())
}
