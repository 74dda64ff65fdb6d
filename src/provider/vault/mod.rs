//! HashiCorp Vault and servers that speak as it does: the KV engines, versions 1 and 2.
//!
//! A session signs in once, keeps its token alive, and gives it back when it is closed; a read is one request. What a
//! store says and what a server answers are a tenant's, so every path is built of checked segments below the mount, and
//! no text of an answer is handed on.

mod client;
mod credential;
mod error;
mod find;
mod gcp;
mod iam;
mod kv;
mod path;
mod token;

use std::sync::Arc;

use super::http::{Server, Trust};
use super::{Context, Credentials, Environment, Error, Kind, Provider, StoreKind};
use crate::api::provider::vault::{VaultAuth, VaultProvider, VaultTls};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use client::Vault;
use kv::Kv;
use path::Engine;
use token::Tokens;

/// What a kind of server is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flavor {
    /// In metrics and errors.
    pub(super) name: &'static str,
    /// Where a store's spec has it.
    pub(super) slot: &'static str,
}

/// ESO's name for it.
const VAULT: Flavor = Flavor { name: "HashiCorp/Vault", slot: "vault" };

/// Opens a session and reads the Secrets that its credentials begin with; signs in at the first read.
pub(super) async fn open(
    spec: &VaultProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    open_as(VAULT, spec, context, credentials, environment).await
}

/// As [`open`], for another kind of server.
pub(super) async fn open_as(
    flavor: Flavor,
    spec: &VaultProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let auth = spec.auth.as_ref().ok_or_else(|| flavor.refuse("auth", "it is not set; say how to sign in"))?;
    let server = Server::parse(&spec.server).map_err(|fault| flavor.refuse("server", &fault.cause))?;
    let engine = Engine::new(spec).ok_or_else(|| flavor.refuse("path", "it is no path of a mount"))?;
    let trust = trust(flavor, spec, auth, context, &*credentials).await?;
    let login = credential::read(flavor, spec, auth, context.store_kind, &credentials, environment).await?;
    let client = environment.http.client(server, &trust).map_err(|fault| flavor.refuse("server", &fault.cause))?;
    let vault = Arc::new(Vault::new(flavor, spec, client, environment.observer.clone())?);
    let tokens = Tokens::new(Arc::clone(&vault), login, credentials);
    Ok(Arc::new(Kv::new(vault, tokens, engine)))
}

/// Whom the session believes and what it shows of itself.
async fn trust(
    flavor: Flavor,
    spec: &VaultProvider,
    auth: &VaultAuth,
    context: &Context,
    credentials: &dyn Credentials,
) -> Result<Trust, Error> {
    let mut trust = Trust::default();
    if let Some(bundle) = spec.ca_bundle.as_deref().filter(|bundle| !bundle.is_empty()) {
        trust.bundle(bundle).map_err(|fault| flavor.refuse("caBundle", &fault.cause))?;
    } else if let Some(source) = &spec.ca_provider {
        let field = flavor.field("caProvider");
        if context.store_kind == StoreKind::ClusterSecretStore && source.namespace.as_deref().is_none_or(str::is_empty)
        {
            return Err(flavor.refuse("caProvider.namespace", "it is not set; a ClusterSecretStore must set it"));
        }
        trust.authorities(credentials.authorities(&field, source).await?);
    }
    if let Some((certificate, key)) = identity(auth, spec.tls.as_ref()) {
        let read = async |field: &str, selector: &SecretKeySelector| {
            credentials.secret_key(&flavor.field(field), selector).await
        };
        trust.identity(&read(certificate.0, &certificate.1).await?, &read(key.0, &key.1).await?);
    }
    Ok(trust)
}

type Place = (&'static str, SecretKeySelector);

/// The client certificate and its key: that of the sign-in goes before that of the connection, as in ESO.
fn identity(auth: &VaultAuth, tls: Option<&VaultTls>) -> Option<(Place, Place)> {
    let named = |selector: &SecretKeySelector, key: &str| {
        let key = selector.key.clone().filter(|key| !key.is_empty()).unwrap_or_else(|| key.to_owned());
        SecretKeySelector { key: Some(key), ..selector.clone() }
    };
    let cert = auth.cert.as_ref().filter(|_| credential::way(auth) == Some(credential::Way::Cert));
    let (fields, certificate, key) = match (cert, tls) {
        (Some(cert), _) => {
            (("auth.cert.clientCert", "auth.cert.secretRef"), cert.client_cert.as_ref()?, cert.secret_ref.as_ref()?)
        }
        (None, Some(tls)) => {
            (("tls.certSecretRef", "tls.keySecretRef"), tls.cert_secret_ref.as_ref()?, tls.key_secret_ref.as_ref()?)
        }
        (None, None) => return None,
    };
    Some(((fields.0, named(certificate, "tls.crt")), (fields.1, named(key, "tls.key"))))
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer: a selector that its way to sign in or its
/// client certificate needs names no namespace. A caProvider must name one.
pub(super) fn depends_on_consumer(spec: &VaultProvider) -> bool {
    let open = |namespace: &Option<String>| namespace.as_deref().unwrap_or_default().is_empty();
    let Some(auth) = &spec.auth else { return false };
    let (keys, accounts): (Vec<&SecretKeySelector>, Vec<&ServiceAccountSelector>) = credential::selectors(auth);
    let tls = spec.tls.iter().flat_map(|tls| [&tls.cert_secret_ref, &tls.key_secret_ref]).flatten();
    keys.into_iter().chain(tls).any(|key| open(&key.namespace)) || accounts.iter().any(|one| open(&one.namespace))
}

impl Flavor {
    /// The path of one of the provider's fields.
    pub(super) fn field(self, field: &str) -> String {
        format!("spec.provider.{}.{field}", self.slot)
    }

    fn refuse(self, field: &str, cause: &str) -> Error {
        let cause = format!("`{}`: {cause}", self.field(field));
        Error { provider: self.name, doing: "open the store".to_owned(), kind: Kind::Invalid, cause }
    }
}

#[cfg(test)]
mod tests;
