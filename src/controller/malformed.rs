//! An ExternalSecret that cannot be decoded: stored before the CRD, or past it. It is told so, and the watch goes on.

use jiff::Timestamp;
use kube::api::{Api, DynamicObject};
use kube::core::error_boundary::InvalidObject;
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::controller::Action;
use serde::Deserialize;

use super::context::Context;
use super::error::Error;
use crate::api::external_secret::{ExternalSecretSpec, ExternalSecretStatus};
use crate::cluster::{self, status};
use crate::plan::marks::FINALIZER;
use crate::plan::problem::Problem;
use crate::plan::summary::{self, Failure, Outcome};
use crate::poll::ObjectId;

/// Writes `Ready=False` with the field at fault; an object on its way out is let go.
pub(super) async fn tell(id: &ObjectId, invalid: &InvalidObject, ctx: &Context) -> Result<Action, Error> {
    ctx.poller.forget(id);
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", "ExternalSecret"));
    let api: Api<DynamicObject> = Api::namespaced_with(ctx.clients.of(&id.namespace).clone(), &id.namespace, &kind);
    let found = api.get_opt(&id.name).await;
    let found = found.map_err(|error| cluster::Error::of("read a malformed ExternalSecret", &error))?;
    let Some(object) = found else { return Ok(Action::await_change()) };
    if !ctx.leads.now() {
        return Err(Error::NotLeading);
    }
    if invalid.metadata.deletion_timestamp.is_some() {
        release(&api, &object).await?;
        return Ok(Action::await_change());
    }
    let last = object.data.get("status").cloned().and_then(|status| serde_json::from_value(status).ok());
    let last: Option<ExternalSecretStatus> = last;
    let outcome = Outcome::Failed(Failure::spec(&problem_of(&object)));
    let (status, _) = summary::report(&outcome, last.as_ref(), "", "", Timestamp::now(), false);
    if let Some(status) = status {
        write(&api, &object, &status).await?;
    }
    Ok(Action::await_change())
}

async fn write(api: &Api<DynamicObject>, object: &DynamicObject, status: &ExternalSecretStatus) -> Result<(), Error> {
    status::write(api, object, status).await?;
    Ok(())
}

async fn release(api: &Api<DynamicObject>, object: &DynamicObject) -> Result<(), Error> {
    let all = object.metadata.finalizers.clone().unwrap_or_default();
    let rest: Vec<String> = all.into_iter().filter(|finalizer| finalizer != FINALIZER).collect();
    Ok(status::set_finalizers(api, object, &rest).await?)
}

/// Where decoding ends; never what stands there, since it might be a value that was put in the wrong place.
fn problem_of(object: &DynamicObject) -> Problem {
    let spec = object.data.get("spec").cloned().unwrap_or_default();
    Problem::new(
        path_of(&spec).unwrap_or_else(|| "spec".to_owned()),
        "is not of the type that the API asks for",
        "correct the manifest and apply it again; `kubectl explain externalsecret.spec` shows each field",
    )
}

/// The first field that does not decode, found by decoding one part after the other.
fn path_of(spec: &serde_json::Value) -> Option<String> {
    if ExternalSecretSpec::deserialize(spec).is_ok() {
        return None;
    }
    let members = spec.as_object()?;
    members.iter().find_map(|(name, value)| {
        let alone = serde_json::Value::Object(std::iter::once((name.clone(), value.clone())).collect());
        ExternalSecretSpec::deserialize(&alone).is_err().then(|| within(name, value))
    })
}

/// Narrows a list down to its first bad item.
fn within(name: &str, value: &serde_json::Value) -> String {
    let bad = value.as_array().into_iter().flatten().position(|item| {
        let alone = serde_json::json!({name: [item]});
        ExternalSecretSpec::deserialize(&alone).is_err()
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
            assert_eq!(path_of(&spec).as_deref(), path, "{spec}");
        }
    }
}
