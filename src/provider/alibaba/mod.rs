//! Alibaba Cloud KMS Secrets Manager.
//!
//! Hosts are built from a checked region and a checked id and are Alibaba Cloud's whatever a store says; only an
//! administrator names others. A session signs in once and keeps its keys; a read is one signed request.

mod client;
mod credential;
mod description;
mod error;
mod find;
mod metadata;
mod secrets_manager;
mod settings;
mod sign;
mod sts;
mod token;
mod version;

use std::sync::Arc;

pub use settings::{Base, Own, Settings};

use super::http::Trust;
use super::{Context, Credentials, Environment, Error, Kind, Provider, StoreKind};
use crate::api::provider::alibaba::{AlibabaAuth, AlibabaInstance, AlibabaNetwork, AlibabaProvider};
use client::Endpoint;
use metadata::Metadata;
use secrets_manager::SecretsManager;
use settings::Place;
use sts::Sts;
use token::{Tokens, Ways};

/// The name of the provider in metrics and errors.
const NAME: &str = "Alibaba/SecretsManager";

/// A label of a host name is this long at most.
const LONGEST_LABEL: usize = 63;

/// Opens a session and reads the Secrets that its credentials begin with; signs in at the first read.
pub(super) async fn open(
    spec: &AlibabaProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let AlibabaProvider { auth, region_id, network, instance } = spec;
    let region = label("regionID", region_id, "it is no region: it must be like `eu-central-1`")?;
    let vpc = if network.unwrap_or_default() == AlibabaNetwork::Vpc { "-vpc" } else { "" };
    let base = &environment.alibaba;
    let client = |place, host: &str, trust: &Trust, field: &str| {
        let client = base.client(place, host, trust, &environment.http);
        client.map_err(|fault| refuse(field, &fault.cause))
    };
    let observed = |client| Endpoint::new(client, environment.observer.clone());
    let system = Trust::default();
    let kms = client(Place::Kms, &format!("kms{vpc}.{region}.aliyuncs.com"), &system, "regionID")?;
    let sts = client(Place::Sts, &format!("sts{vpc}.{region}.aliyuncs.com"), &system, "regionID")?;
    let metadata = base.metadata(&environment.http).map_err(|fault| refuse("auth.instanceRole", &fault.cause))?;
    let kms = Arc::new(observed(kms));
    let values = match instance {
        None => Arc::clone(&kms),
        Some(instance) => {
            let host = gateway(instance)?;
            let trust = trust(instance, context, &*credentials).await?;
            Arc::new(observed(client(Place::Instance, &host, &trust, "instance")?))
        }
    };
    let source = credential::read(auth, &base.settings.own, &*credentials).await?;
    let metadata = Metadata::new(metadata, environment.observer.clone());
    let ways = Ways { sts: Sts::new(observed(sts)), metadata, credentials };
    Ok(Arc::new(SecretsManager::new(kms, values, Tokens::new(source, ways))))
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer: a selector that its way to sign in needs names
/// no namespace. A caProvider must name one.
pub(super) fn depends_on_consumer(spec: &AlibabaProvider) -> bool {
    let AlibabaProvider { auth, region_id: _, network: _, instance: _ } = spec;
    let AlibabaAuth { rrsa: _, secret_ref: _, instance_role: _ } = auth;
    credential::namespaces(auth).into_iter().any(|namespace| namespace.unwrap_or_default().is_empty())
}

/// The gateway of an instance.
fn gateway(instance: &AlibabaInstance) -> Result<String, Error> {
    let id = label("instance.id", &instance.id, "it is no id of a KMS instance: it must be like `kst-hzz62ee817b`")?;
    Ok(format!("{id}.cryptoservice.kms.aliyuncs.com"))
}

/// Whom the session believes to be the gateway.
async fn trust(instance: &AlibabaInstance, context: &Context, credentials: &dyn Credentials) -> Result<Trust, Error> {
    let AlibabaInstance { id: _, ca_bundle, ca_provider } = instance;
    let mut trust = Trust::default();
    if let Some(bundle) = ca_bundle.as_deref().filter(|bundle| !bundle.is_empty()) {
        trust.bundle(bundle).map_err(|fault| refuse("instance.caBundle", &fault.cause))?;
    } else if let Some(source) = ca_provider {
        let named = source.namespace.as_deref().is_some_and(|namespace| !namespace.is_empty());
        if context.store_kind == StoreKind::ClusterSecretStore && !named {
            let cause = "it is not set; a ClusterSecretStore must set it";
            return Err(refuse("instance.caProvider.namespace", cause));
        }
        trust.authorities(credentials.authorities(&field("instance.caProvider"), source).await?);
    }
    Ok(trust)
}

/// A part of a host's name between two points, so that nothing but that may be in it.
fn label<'a>(field: &str, text: &'a str, cause: &str) -> Result<&'a str, Error> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let sound = (1..=LONGEST_LABEL).contains(&text.len()) && text.bytes().all(plain);
    if sound { Ok(text) } else { Err(refuse(field, cause)) }
}

/// The path of one of the provider's fields.
fn field(field: &str) -> String {
    format!("spec.provider.alibaba.{field}")
}

fn refuse(place: &str, cause: &str) -> Error {
    let cause = format!("`{}`: {cause}", field(place));
    Error { provider: NAME, doing: "open the store".to_owned(), kind: Kind::Invalid, cause }
}

#[cfg(test)]
mod tests;
