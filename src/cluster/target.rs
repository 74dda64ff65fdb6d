//! Looks at targets and writes them; never lists, watches or replaces one.

use std::collections::BTreeMap;

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::{GetParams, PartialObjectMeta};

use super::body;
use super::error::{Error, Kind};
use super::reach::Clients;
use crate::plan::marks::field_manager;
use crate::plan::standing::{Content, Standing};
use crate::plan::target::{Decision, Next};
use crate::sealed::Sealed;

/// Asks for an answer without the object's bytes.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";

/// Where a target is, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The namespace of the ExternalSecret and of its target.
    pub namespace: &'a str,
    /// The target's name.
    pub name: &'a str,
    /// The ExternalSecret's name, from which the field manager comes.
    pub owner: &'a str,
}

/// A target after a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its UID.
    pub uid: String,
    /// Its new resourceVersion.
    pub resource_version: String,
}

/// Reads and writes targets.
#[derive(Clone, Debug)]
pub struct Targets {
    clients: Clients,
}

impl Targets {
    /// Works through `clients`.
    pub fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// The target's metadata, as fresh as the API server's cache.
    pub async fn look(&self, place: Place<'_>) -> Result<Option<Standing>, Error> {
        let from_cache = GetParams { resource_version: Some("0".to_owned()) };
        let found = self.clients.api::<Secret>(place.namespace).get_metadata_with(place.name, &from_cache).await;
        match found {
            Ok(found) => Ok(Some(Standing::of(found.metadata, &field_manager(place.owner), None))),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(Error::of(doing("read", place), &error)),
        }
    }

    /// The whole target as it is now, for a decision that needs its data.
    pub async fn read(&self, place: Place<'_>) -> Result<Option<Standing>, Error> {
        let found = self.clients.api::<Secret>(place.namespace).get_opt(place.name).await;
        let found = found.map_err(|error| Error::of(doing("read", place), &error))?;
        Ok(found.map(|secret| {
            let (metadata, content) = take_apart(secret);
            Standing::of(metadata, &field_manager(place.owner), Some(content))
        }))
    }

    /// Carries a decision out; nothing is written for those that ask for nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when the target is no longer what the decision was made on.
    pub async fn carry_out(&self, place: Place<'_>, decision: &Decision) -> Result<Option<Written>, Error> {
        let (format, body) = match decision {
            Decision::Settled | Decision::Look | Decision::Missing => return Ok(None),
            Decision::Create(next) => ("application/apply-patch+yaml", create(place, next)),
            Decision::Replace(next) => ("application/json-patch+json", body::replace(next)),
            Decision::Merge(next) => ("application/merge-patch+json", body::merge(next)),
        };
        let unencodable = |_| refused(place, "its fields cannot be encoded");
        let request = patch(place, format, body.map_err(unencodable)?)?;
        let answer: Result<PartialObjectMeta<Secret>, _> = self.clients.of(place.namespace).request(request).await;
        let written = answer.map_err(|error| Error::of(doing("write", place), &error))?;
        Ok(Some(Written {
            uid: written.uid().unwrap_or_default(),
            resource_version: written.resource_version().unwrap_or_default(),
        }))
    }

    /// Deletes exactly the object that was looked at; one that is gone already is no error.
    pub async fn delete(&self, place: Place<'_>, standing: &Standing) -> Result<(), Error> {
        let preconditions = serde_json::json!({
            "preconditions": {"uid": standing.uid, "resourceVersion": standing.resource_version},
        });
        let request =
            Request::delete(url(place)).header(ACCEPT, METADATA_ONLY).header(CONTENT_TYPE, "application/json");
        let request = request.body(preconditions.to_string().into_bytes()).map_err(|_| refused(place, "its name"))?;
        let answer = self.clients.of(place.namespace).request::<serde::de::IgnoredAny>(request).await;
        match answer.map_err(|error| Error::of(doing("delete", place), &error)) {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn patch(place: Place<'_>, format: &str, body: Vec<u8>) -> Result<Request<Vec<u8>>, Error> {
    let url = format!("{}?fieldManager={}", url(place), field_manager(place.owner));
    let request = Request::patch(url).header(ACCEPT, METADATA_ONLY).header(CONTENT_TYPE, format);
    request.body(body).map_err(|_| refused(place, "its name makes no address"))
}

fn create(place: Place<'_>, next: &Next) -> serde_json::Result<Vec<u8>> {
    body::create(place.namespace, place.name, next)
}

/// Names are checked by the API server before they reach us: no character of them needs escaping.
fn url(place: Place<'_>) -> String {
    format!("/api/v1/namespaces/{}/secrets/{}", place.namespace, place.name)
}

fn doing(verb: &str, place: Place<'_>) -> String {
    format!("{verb} the Secret {:?}", place.name)
}

fn refused(place: Place<'_>, cause: &str) -> Error {
    Error { doing: doing("write", place), kind: Kind::Refused, cause: cause.to_owned() }
}

/// Moves every value into its seal.
fn take_apart(secret: Secret) -> (k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta, Content) {
    let data: BTreeMap<_, _> =
        secret.data.unwrap_or_default().into_iter().map(|(key, value)| (key, Sealed::new(value.0))).collect();
    let content = Content {
        data,
        type_: secret.type_.unwrap_or_else(|| "Opaque".to_owned()),
        immutable: secret.immutable.unwrap_or_default(),
    };
    (secret.metadata, content)
}
