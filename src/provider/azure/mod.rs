//! Azure Key Vault: secrets, certificates and keys of one vault.
//!
//! A session signs in once and keeps its token; a read is one request. Hosts are built of checked parts ([`cloud`]), since
//! a token opens more than the store's vault, and no text of an answer is handed on.

mod assertion;
mod bundle;
mod client;
mod cloud;
mod credential;
mod detect;
mod error;
mod find;
mod listing;
mod object;
mod pfx;
mod sign_in;
mod token;
mod vault;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::http::{Server, Trust};
use super::{Context, Credentials, Environment, Error, Kind, Provider};
use crate::api::provider::azurekv::AzureKvProvider;
use crate::sealed::Sealed;
use bundle::Manner;
use client::Endpoint;
use cloud::Place;
use credential::Login;
use detect::Listings;
use sign_in::SignIn;
use token::Tokens;
use vault::Vault;

/// ESO's name for it.
const NAME: &str = "Azure/KeyVault";
/// The version of Key Vault's interface; the oldest that all clouds will have kept, by Microsoft's word.
const API: &str = "7.4";
/// Where every machine of Azure's asks for its own tokens.
const MACHINE: &str = "http://169.254.169.254";

/// What a process may set: Azure's own variables, and where else vaults may be.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `AZURE_AUTHORITY_HOST`: where to sign in to the public cloud instead.
    pub authority: Option<String>,
    /// `AZURE_POD_IDENTITY_AUTHORITY_HOST`: where managed identities' tokens come from instead.
    pub machine: Option<String>,
    /// What the names of other hosts end with, or are, that may be vaults; in small letters, without a dot in front.
    pub suffixes: Vec<String>,
    /// `AZURE_CLIENT_ID`: the operator's own application.
    pub client: Option<String>,
    /// `AZURE_TENANT_ID`: the operator's own tenant.
    pub tenant: Option<String>,
    /// `AZURE_FEDERATED_TOKEN_FILE`: the operator's own token.
    pub token_file: Option<PathBuf>,
    /// The authorities that Azure's servers are checked with, PEM, in place of the system's.
    pub authorities: Option<Sealed>,
}

/// Opens a session and reads the Secrets that its credentials begin with; signs in at the first read.
pub(super) async fn open(
    spec: &AzureKvProvider,
    _context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let place = cloud::place(spec, &environment.azure)?;
    connect(spec, place, credentials, environment).await
}

async fn connect(
    spec: &AzureKvProvider,
    place: Place,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let login = credential::read(spec, &*credentials, &environment.azure).await?;
    let trust = trust(&environment.azure);
    let giver = giver(&login, &place, &trust, environment)?;
    let Place { vault: server, authority, resource, .. } = place;
    let client = environment.http.client(server.clone(), &trust);
    let client = client.map_err(|fault| refuse("vaultUrl", &fault.cause))?;
    let endpoint = Arc::new(Endpoint::new(client, environment.observer.clone()));
    let tokens = Tokens::new(SignIn {
        giver,
        login,
        authority,
        vault: Arc::clone(&endpoint),
        host: server.name().to_owned(),
        resource: OnceCell::new_with(resource),
        credentials,
    });
    let manner = if spec.use_azure_sdk.unwrap_or_default() { Manner::Sdk } else { Manner::Legacy };
    Ok(Arc::new(Vault { endpoint, server, tokens, manner, listings: Listings::default() }))
}

/// Whom tokens come from. The machine's own service is on its link, where no store may have a request sent: this one is
/// the provider's, and says what no store can change.
fn giver(login: &Login, place: &Place, trust: &Trust, environment: &Environment) -> Result<Endpoint, Error> {
    let client = match login {
        Login::Application(_) if place.is_chosen => environment.http.chosen(place.authority.clone(), trust),
        Login::Application(_) => environment.http.client(place.authority.clone(), trust),
        Login::Managed(_) => {
            let service = environment.azure.machine.as_deref().unwrap_or(MACHINE);
            Server::parse(service).and_then(|server| environment.http.beside(server))
        }
    };
    let client = client.map_err(|fault| refuse("authType", &fault.cause))?;
    Ok(Endpoint::new(client, environment.observer.clone()))
}

fn trust(settings: &Settings) -> Trust {
    let mut trust = Trust::default();
    if let Some(pem) = &settings.authorities {
        trust.authorities(pem.clone());
    }
    trust
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer: a selector that its way to sign in needs names
/// no namespace.
pub(super) fn depends_on_consumer(spec: &AzureKvProvider) -> bool {
    let open = |namespace: &Option<String>| namespace.as_deref().unwrap_or_default().is_empty();
    let (keys, account) = credential::selectors(spec);
    keys.iter().any(|key| open(&key.namespace)) || account.is_some_and(|account| open(&account.namespace))
}

/// The path of one of the provider's fields.
fn field(field: &str) -> String {
    format!("spec.provider.azurekv.{field}")
}

fn refuse(named: &str, cause: &str) -> Error {
    let cause = format!("`{}`: {cause}", field(named));
    Error { provider: NAME, doing: "open the store".to_owned(), kind: Kind::Invalid, cause }
}

#[cfg(test)]
mod tests;
