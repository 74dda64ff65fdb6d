//! Secrets of another namespace or of another cluster, and the connection that `crd` shares.
//!
//! A store names an API server and how to sign in there; the operator's own rights are never used. The API server of the
//! operator's own cluster is reached as the operator itself reaches it, whatever a store may say of its address; every
//! other is a server like any other.

mod client;
mod credential;
mod error;
mod find;
mod kubeconfig;
mod review;
mod secret;
mod server;
mod token;

use std::sync::Arc;

use super::{Context, Credentials, Environment, Error, Kind, Provider};
use crate::api::provider::SecretKeySelector;
use crate::api::provider::kubernetes::{KubernetesAuth, KubernetesProvider, KubernetesServer};

pub(super) use client::{Ask, Cluster};
pub(super) use error::{Failure, Missing, Why};
pub(super) use find::{Pages, items};
pub(super) use review::Right;
use secret::Secrets;
pub use server::Local;

/// What the connection belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flavor {
    /// In metrics and errors.
    pub(super) name: &'static str,
    /// Where a store's spec has it.
    pub(super) slot: &'static str,
}

/// ESO's name for it.
const KUBERNETES: Flavor = Flavor { name: "Kubernetes", slot: "kubernetes" };

/// What of a store's spec says where to go and as whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection<'a> {
    pub(super) server: Option<&'a KubernetesServer>,
    pub(super) auth: Option<&'a KubernetesAuth>,
    pub(super) auth_ref: Option<&'a SecretKeySelector>,
}

/// Opens a session and reads the objects that its credentials are in; a ServiceAccount's token is requested at the first
/// read.
pub(super) async fn open(
    spec: &KubernetesProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let namespace = spec.remote_namespace.as_deref().filter(|name| !name.is_empty()).unwrap_or("default");
    if !is_namespace(namespace) {
        return Err(KUBERNETES.refuse("remoteNamespace", "it can be no name of a namespace"));
    }
    let cluster = connect(KUBERNETES, connection(spec), context, credentials, environment).await?;
    Ok(Arc::new(Secrets::new(cluster, namespace)))
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer.
pub(super) fn depends_on_consumer(spec: &KubernetesProvider) -> bool {
    is_referent(connection(spec))
}

fn connection(spec: &KubernetesProvider) -> Connection<'_> {
    // A new field must be looked at here: whether it names what a consumer owns.
    let KubernetesProvider { server, auth, auth_ref, remote_namespace: _ } = spec;
    Connection { server: server.as_ref(), auth: auth.as_ref(), auth_ref: auth_ref.as_ref() }
}

/// A client of the API server that a store names, with its credentials.
pub(super) async fn connect(
    flavor: Flavor,
    connection: Connection<'_>,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Cluster, Error> {
    let way = credential::read(flavor, connection, context, &*credentials, environment.kubernetes.as_ref()).await?;
    let client = way.server.client(&environment.http, &way.trust);
    let client = client.map_err(|fault| flavor.refuse(way.field, &fault.cause))?;
    let tokens = token::Tokens::new(flavor, way.login, credentials);
    Ok(Cluster::new(flavor, client, tokens, environment.observer.clone()))
}

/// Whether credentials are those of the namespace that reads: a selector that is used names none. A caProvider must name
/// one.
pub(super) fn is_referent(connection: Connection<'_>) -> bool {
    let open = |namespace: &Option<String>| namespace.as_deref().unwrap_or_default().is_empty();
    if let Some(kubeconfig) = connection.auth_ref {
        return open(&kubeconfig.namespace);
    }
    let Some(KubernetesAuth { token, service_account, cert }) = connection.auth else { return false };
    token.as_ref().is_some_and(|token| open(&token.bearer_token.namespace))
        || service_account.as_ref().is_some_and(|account| open(&account.namespace))
        || cert.as_ref().is_some_and(|cert| open(&cert.client_cert.namespace) || open(&cert.client_key.namespace))
}

/// Whether this could be a namespace's name, and so no other part of a path.
pub(super) fn is_namespace(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = name.bytes().next().is_some_and(inner) && name.bytes().last().is_some_and(inner);
    ends && name.len() <= 63 && name.bytes().all(|byte| inner(byte) || byte == b'-')
}

impl Flavor {
    /// The path of one of the provider's fields.
    pub(super) fn field(self, field: &str) -> String {
        format!("spec.provider.{}.{field}", self.slot)
    }

    /// That a store cannot be opened because of one of its fields.
    pub(super) fn refuse(self, field: &str, cause: &str) -> Error {
        let cause = format!("`{}`: {cause}", self.field(field));
        Error { provider: self.name, doing: "open the store".to_owned(), kind: Kind::Invalid, cause }
    }
}

#[cfg(test)]
mod tests;
