//! Reads the ConfigMaps and Secrets that templates are kept in: each by its name, in the namespace of the ExternalSecret.

use std::collections::BTreeMap;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::GetParams;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::error::Error;
use super::reach::Clients;
use crate::plan::template::{Holder, Source};
use crate::sealed::Sealed;

/// A source as it was read.
#[derive(Debug)]
pub struct Text {
    /// Stands for exactly this state of exactly this object.
    pub version: String,
    /// All that it holds. What is binary in a ConfigMap is no text and left out, as by ESO.
    pub keys: BTreeMap<String, Sealed>,
}

/// The source as it is now; none where it does not exist.
pub async fn read(clients: &Clients, namespace: &str, source: &Source) -> Result<Option<Text>, Error> {
    let fail = |error| Error::of(doing(source), &error);
    match source.holder {
        Holder::ConfigMap => {
            let found = clients.api::<ConfigMap>(namespace).get_opt(&source.name).await.map_err(fail)?;
            Ok(found.map(|map| {
                let version = version_of(&map);
                text(version, map.data.into_iter().flatten().map(|(key, text)| (key, Sealed::from(text))))
            }))
        }
        Holder::Secret => {
            let found = clients.api::<Secret>(namespace).get_opt(&source.name).await.map_err(fail)?;
            Ok(found.map(|secret| {
                let version = version_of(&secret);
                text(version, secret.data.into_iter().flatten().map(|(key, value)| (key, Sealed::new(value.0))))
            }))
        }
    }
}

/// The version of a source, from its metadata alone, as fresh as the API server's cache.
pub async fn version(clients: &Clients, namespace: &str, source: &Source) -> Result<Option<String>, Error> {
    match source.holder {
        Holder::ConfigMap => look::<ConfigMap>(clients, namespace, source).await,
        Holder::Secret => look::<Secret>(clients, namespace, source).await,
    }
}

async fn look<K>(clients: &Clients, namespace: &str, source: &Source) -> Result<Option<String>, Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let from_cache = GetParams { resource_version: Some("0".to_owned()) };
    match clients.api::<K>(namespace).get_metadata_with(&source.name, &from_cache).await {
        Ok(found) => Ok(Some(version_of(&found))),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(Error::of(doing(source), &error)),
    }
}

fn text(version: String, keys: impl Iterator<Item = (String, Sealed)>) -> Text {
    Text { version, keys: keys.collect() }
}

fn version_of(object: &impl ResourceExt) -> String {
    format!("{}/{}", object.uid().unwrap_or_default(), object.resource_version().unwrap_or_default())
}

fn doing(source: &Source) -> String {
    format!("read the {} {:?}", source.holder.word(), source.name)
}
