//! Amazon Web Services: Secrets Manager and Parameter Store.
//!
//! One HTTP client and one base configuration serve all sessions; a session adds its region and its credentials. The
//! SDK's own retries are off, because `poll` decides when to ask again. Answers are bounded in bytes and time.

mod body;
pub(in crate::provider) mod caller;
mod client;
mod credential;
mod denied;
mod endpoint;
mod error;
mod parameter_store;
mod search;
mod secrets_manager;
mod session;
mod tags;
mod trust;

use std::sync::Arc;

pub use client::{Base, Settings};
use parameter_store::ParameterStore;
use secrets_manager::SecretsManager;
use session::{Service, Session};
pub use trust::Authorities;

use super::open::unserved;
use super::site::Site;
use super::{Context, Credentials, Environment, Error, Kind, Provider};
use crate::api::provider::AwsProvider;
use crate::api::provider::aws::{AwsService, SessionTagsPolicy};

/// A label of a host name is this long at most; no region comes near it.
const LONGEST_REGION: usize = 63;
const NO_REGION: &str = "is not a region: it must be like `eu-west-1`";

/// Opens a session and reads the Secrets and annotations that its credentials begin with.
pub(super) async fn open(
    spec: &AwsProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let provider = match spec.service {
        AwsService::SecretsManager => SecretsManager::NAME,
        AwsService::ParameterStore => ParameterStore::NAME,
        AwsService::CertificateManager => {
            return Err(refusal("AWS/CertificateManager", unserved("aws.service: CertificateManager")));
        }
    };
    if !is_region(&spec.region) {
        return Err(refusal(provider, format!("`spec.provider.aws.region` {NO_REGION}")));
    }
    let (base, observer) = (&environment.aws, environment.observer.clone());
    let config = credential::configure(provider, spec, context, credentials, base).await?;
    let prefix = spec.prefix.clone().unwrap_or_default();
    Ok(match spec.service {
        AwsService::ParameterStore => {
            let service = ParameterStore::open(base, &config, observer).await?;
            Arc::new(Session::new(service, &config, prefix))
        }
        _ => Arc::new(Session::new(SecretsManager::new(base, &config, observer), &config, prefix)),
    })
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer: one of its selectors names no namespace, or
/// the role is told the consumer's.
pub(super) fn depends_on_consumer(spec: &AwsProvider) -> bool {
    let open = |namespace: &Option<String>| namespace.as_deref().unwrap_or_default().is_empty();
    let auth = spec.auth.as_ref();
    let account = auth.and_then(|auth| auth.jwt.as_ref()).and_then(|jwt| jwt.service_account_ref.as_ref());
    let secret = auth.and_then(|auth| auth.secret_ref.as_ref());
    let mut keys = secret.into_iter().flat_map(|keys| {
        [&keys.access_key_id_secret_ref, &keys.secret_access_key_secret_ref, &keys.session_token_secret_ref]
    });
    account.is_some_and(|account| open(&account.namespace))
        || keys.any(|key| key.as_ref().is_some_and(|key| open(&key.namespace)))
        || (spec.sessions_are_tagged() && spec.role.is_some())
}

impl AwsProvider {
    fn sessions_are_tagged(&self) -> bool {
        self.session_tags_policy.unwrap_or_default() != SessionTagsPolicy::None
    }
}

/// Where a store of AWS' own has its credentials.
fn site(provider: &'static str) -> Site {
    Site { provider, auth: "spec.provider.aws.auth" }
}

/// The region becomes a part of a host name, so nothing but a region may be in it.
fn is_region(region: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !region.is_empty() && region.len() <= LONGEST_REGION && region.bytes().all(plain)
}

fn refusal(provider: &'static str, cause: String) -> Error {
    Error { provider, doing: "open the store".to_owned(), kind: Kind::Invalid, cause }
}

#[cfg(test)]
mod tests;
