//! An object that cannot be decoded: stored before the CRD, or past it. It is told so, and the watch goes on.
//!
//! The API server runs the CRD's rules at every write, that of a status too, and some cannot be run on what they were not
//! made for: then nobody can write a status, and an event is all that can be said.

use jiff::Timestamp;
use kube::api::{Api, DynamicObject};
use kube::core::error_boundary::InvalidObject;
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::context::Context;
use super::error::Error;
use super::store::Store;
use crate::api::external_secret::{ExternalSecretSpec, ExternalSecretStatus};
use crate::api::secret_store::{SecretStoreSpec, SecretStoreStatus};
use crate::cluster::{self, status};
use crate::plan::marks::FINALIZER;
use crate::plan::problem::Problem;
use crate::plan::store::{self, Validation};
use crate::plan::summary::{self, Failure, Outcome};
use crate::poll::ObjectId;

/// Writes `Ready=False` with the field at fault; an object on its way out is let go.
pub(super) async fn tell(id: &ObjectId, invalid: &InvalidObject, ctx: &Context) -> Result<Action, Error> {
    ctx.poller.forget(id);
    let kind = resource("ExternalSecret");
    let api: Api<DynamicObject> = Api::namespaced_with(ctx.clients.of(&id.namespace).clone(), &id.namespace, &kind);
    let Some(object) = read(&api, &id.name, ctx).await? else { return Ok(Action::await_change()) };
    if invalid.metadata.deletion_timestamp.is_some() {
        release(&api, &object).await?;
        return Ok(Action::await_change());
    }
    let last: Option<ExternalSecretStatus> = status_of(&object);
    let outcome = Outcome::Failed(Failure::spec(&problem_of::<ExternalSecretSpec>(&object)));
    let (status, event) = summary::report(&outcome, last.as_ref(), "", "", Timestamp::now(), false);
    if let Some(status) = status {
        write(&api, &object, &status).await?;
    }
    if let Some(event) = event {
        send(&object, &kind, &event, ctx).await;
    }
    Ok(Action::await_change())
}

/// The same for a store.
pub(super) async fn tell_store<S: Store>(invalid: &InvalidObject, ctx: &Context) -> Result<Action, Error> {
    let (name, namespace) =
        (invalid.metadata.name.as_deref().unwrap_or_default(), invalid.metadata.namespace.as_deref());
    let kind = resource(&S::kind(&()));
    let client = ctx.clients.of(namespace.unwrap_or_default()).clone();
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &kind),
        None => Api::all_with(client, &kind),
    };
    let Some(object) = read(&api, name, ctx).await? else { return Ok(Action::await_change()) };
    let class = object.data.pointer("/spec/controller").and_then(serde_json::Value::as_str).unwrap_or_default();
    if !class.is_empty() && class != ctx.settings.class {
        return Ok(Action::await_change());
    }
    let last: Option<SecretStoreStatus> = status_of(&object);
    let cause = problem_of::<SecretStoreSpec>(&object).to_string();
    let Some(status) = store::report(&Validation::Invalid(cause.clone()), None, last.as_ref(), Timestamp::now()) else {
        return Ok(Action::await_change());
    };
    write(&api, &object, &status).await?;
    send(&object, &kind, &summary::Event { warning: true, reason: "InvalidProviderConfig", note: cause }, ctx).await;
    Ok(Action::await_change())
}

fn resource(kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", kind))
}

/// The object as it stands, if we may write about it.
async fn read(api: &Api<DynamicObject>, name: &str, ctx: &Context) -> Result<Option<DynamicObject>, Error> {
    let found = api.get_opt(name).await;
    let found = found.map_err(|error| cluster::Error::of("read a malformed object", &error))?;
    if ctx.leads.now() { Ok(found) } else { Err(Error::NotLeading) }
}

fn status_of<T: DeserializeOwned>(object: &DynamicObject) -> Option<T> {
    object.data.get("status").cloned().and_then(|status| serde_json::from_value(status).ok())
}

/// A refusal is final: it is the object's own fault, and the event says which.
async fn write(api: &Api<DynamicObject>, object: &DynamicObject, status: &impl Serialize) -> Result<(), Error> {
    match status::write(api, object, status).await {
        Err(error) if error.kind != cluster::Kind::Refused => Err(error.into()),
        _ => Ok(()),
    }
}

async fn send(object: &DynamicObject, kind: &ApiResource, event: &summary::Event, ctx: &Context) {
    if let Err(error) = ctx.events.send(&object.object_ref(kind), event).await {
        tracing::debug!(name = object.name_any(), %error, "event not sent");
    }
}

async fn release(api: &Api<DynamicObject>, object: &DynamicObject) -> Result<(), Error> {
    let all = object.metadata.finalizers.clone().unwrap_or_default();
    let rest: Vec<String> = all.into_iter().filter(|finalizer| finalizer != FINALIZER).collect();
    Ok(status::set_finalizers(api, object, &rest).await?)
}

/// Where decoding ends; never what stands there, since it might be a value that was put in the wrong place.
fn problem_of<T: DeserializeOwned>(object: &DynamicObject) -> Problem {
    let spec = object.data.get("spec").cloned().unwrap_or_default();
    Problem::new(
        path_of::<T>(&spec).unwrap_or_else(|| "spec".to_owned()),
        "is not of the type that the API asks for",
        "correct the manifest and apply it again; `kubectl explain` shows the type of each field",
    )
}

/// The first field that does not decode, found by decoding one part after the other.
fn path_of<T: DeserializeOwned>(spec: &serde_json::Value) -> Option<String> {
    if T::deserialize(spec).is_ok() {
        return None;
    }
    let members = spec.as_object()?;
    members.iter().find_map(|(name, value)| {
        let alone = serde_json::Value::Object(std::iter::once((name.clone(), value.clone())).collect());
        T::deserialize(&alone).is_err().then(|| within::<T>(name, value))
    })
}

/// Narrows a list down to its first bad item.
fn within<T: DeserializeOwned>(name: &str, value: &serde_json::Value) -> String {
    let bad = value.as_array().into_iter().flatten().position(|item| {
        let alone = serde_json::json!({name: [item]});
        T::deserialize(&alone).is_err()
    });
    bad.map_or_else(|| format!("spec.{name}"), |index| format!("spec.{name}[{index}]"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_bad_field_is_named_and_its_content_is_not() {
        let good = json!({"secretKey": "a", "remoteRef": {"key": "k"}});
        let cases = [
            (json!({"data": [good, {"secretKey": 5, "remoteRef": {"key": "k"}}]}), Some("spec.data[1]")),
            (json!({"data": "s3cr3t"}), Some("spec.data")),
            (json!({"target": {"creationPolicy": "Sometimes"}}), Some("spec.target")),
            (json!({"data": [good]}), None),
        ];
        for (spec, path) in cases {
            assert_eq!(path_of::<ExternalSecretSpec>(&spec).as_deref(), path, "{spec}");
        }
    }
}
