//! Google Cloud Secret Manager, over its REST API.
//!
//! Google's own crates are not used: they bring an HTTP client of their own, which follows redirects, reads answers of any
//! length and retries by itself, and a credential file may name any token server, file or program to them. Here a store
//! decides a project, a location and as whom to ask; hosts are Google's or the administrator's.

mod aws;
mod client;
mod crc32c;
mod credential;
mod error;
mod exchange;
mod federation;
mod find;
pub(in crate::provider) mod metadata;
mod name;
pub(in crate::provider) mod proof;
mod secret;
pub(in crate::provider) mod signer;
mod token;

use std::sync::Arc;
use std::time::Duration;

pub use client::Settings;

use super::site::Site;
use super::{Context, Credentials, Environment, Error, Kind, Provider};
use crate::api::provider::gcpsm::GcpSmProvider;
use client::Endpoints;
use exchange::Exchange;
use metadata::Metadata;
use name::Place;
use secret::{Rules, SecretManager};
use token::Tokens;

/// ESO's name for it.
const NAME: &str = "GCP/SecretManager";

/// Opens a session and reads the objects that its credentials begin with; signs in at the first read.
pub(super) async fn open(
    spec: &GcpSmProvider,
    _context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let rules = Rules { fetch: fetches(spec)?, patience: environment.deadline / 2 };
    let endpoints = Endpoints::new(&environment.gcp, &environment.http, Arc::clone(&environment.observer));
    let principal = credential::read(spec, &*credentials, &endpoints).await?;
    let metadata = Metadata::new(&environment.gcp, &environment.http).map_err(|failure| failure.at(NAME, opening()))?;
    let place = Place::new(spec, principal.project(), metadata.clone())?;
    let api = endpoints.secret_manager(place.location())?;
    let tokens = Tokens::new(principal, Exchange::new(&endpoints, metadata)?, credentials);
    Ok(Arc::new(SecretManager::new(api, tokens, place, rules)))
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer: a selector that its way to sign in needs names
/// no namespace.
pub(super) fn depends_on_consumer(spec: &GcpSmProvider) -> bool {
    credential::namespaces(spec).into_iter().any(|namespace| namespace.as_deref().unwrap_or_default().is_empty())
}

fn fetches(spec: &GcpSmProvider) -> Result<bool, Error> {
    match spec.secret_version_selection_policy.as_deref().unwrap_or_default() {
        "" | "LatestOrFail" => Ok(false),
        "LatestOrFetch" => Ok(true),
        _ => Err(refuse("secretVersionSelectionPolicy", "it is neither `LatestOrFail` nor `LatestOrFetch`")),
    }
}

/// How old a token is at least that is replaced because it was refused; the default interval of polls.
const REFUSED: Duration = Duration::from_secs(10);

/// Where a store of Secret Manager has its ways to sign in.
const SITE: Site = Site { provider: NAME, auth: "spec.provider.gcpsm.auth" };

fn field(field: &str) -> String {
    format!("spec.provider.gcpsm.{field}")
}

fn opening() -> String {
    "open the store".to_owned()
}

fn refuse(name: &str, cause: &str) -> Error {
    let cause = format!("`{}`: {cause}", field(name));
    Error { provider: NAME, doing: opening(), kind: Kind::Invalid, cause }
}

/// A credential that was read and is none.
fn unusable(name: &str, cause: &str) -> Error {
    let doing = format!("use the credentials of `{}`", field(name));
    Error { provider: NAME, doing, kind: Kind::Unauthenticated, cause: cause.to_owned() }
}

#[cfg(test)]
mod tests;
