//! Objects of any kind of a Kubernetes API server, read as if they were secrets, over the connection of `kubernetes`.
//!
//! A SecretStore reads in the namespace of its own name, a ClusterSecretStore where its keys say. Nothing outside of the
//! store's whitelist is read ([`whitelist`]); which property of an object a reference wants is seen by the controller
//! alone, which asks [`permit`] before it reads.

mod find;
mod key;
mod object;
mod resource;
mod whitelist;

use std::sync::Arc;

use super::kubernetes::{self, Connection, Flavor};
use super::{Context, Credentials, Environment, Error, Kind, Provider, Remote, StoreKind};
use crate::api::provider::crd::{CrdProvider, CrdResource};
use key::Keys;
use object::Objects;
use resource::Resources;
use whitelist::Whitelist;

const CRD: Flavor = Flavor { name: "CRD", slot: "crd" };

/// Opens a session and reads the objects that its credentials are in; looks the kind up at the first read.
pub(super) async fn open(
    spec: &CrdProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    check(&spec.resource)?;
    let whitelist = Whitelist::new(spec.whitelist.as_ref(), context.store_kind)?;
    let keys = Keys::new(context.store_kind, context.store_namespace.as_deref());
    let cluster = kubernetes::connect(CRD, connection(spec), context, credentials, environment).await?;
    Ok(Arc::new(Objects::new(cluster, Resources::new(&spec.resource), whitelist, keys)))
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer.
pub(super) fn depends_on_consumer(spec: &CrdProvider) -> bool {
    kubernetes::is_referent(connection(spec))
}

/// Whether a store of `kind` lets `remote` be read, and of it `property`.
///
/// # Errors
/// The whitelist does not, or is none.
pub(super) fn permit(
    spec: &CrdProvider,
    kind: StoreKind,
    remote: &Remote,
    property: Option<&str>,
) -> Result<(), Error> {
    // What a search finds is held against the whitelist name by name.
    let Remote::Key(key) = remote else { return Ok(()) };
    let whitelist = Whitelist::new(spec.whitelist.as_ref(), kind)?;
    let refused = |cause: &str| Error {
        provider: CRD.name,
        doing: format!("read {:?}", key.key),
        kind: Kind::Denied,
        cause: cause.to_owned(),
    };
    let place =
        Keys::new(kind, None).place(&key.key).map_err(|cause| Error { kind: Kind::Invalid, ..refused(cause) })?;
    let permitted = whitelist.permits(&place.name, place.namespace.as_deref(), property);
    if permitted { Ok(()) } else { Err(refused(whitelist::DENIED)) }
}

fn connection(spec: &CrdProvider) -> Connection<'_> {
    // A new field must be looked at here: whether it names what a consumer owns.
    let CrdProvider { server, auth, auth_ref, resource: _, whitelist: _ } = spec;
    Connection { server: server.as_ref(), auth: auth.as_ref(), auth_ref: auth_ref.as_ref() }
}

/// Refuses what can be no kind, and Secrets: what may be read of those is for the other provider to say.
fn check(resource: &CrdResource) -> Result<(), Error> {
    let CrdResource { group, version, kind } = resource;
    let sound = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let named = |part: &str| sound(part) && !part.bytes().all(|byte| byte == b'.');
    if !(group.is_empty() || named(group)) || !named(version) || kind.is_empty() {
        return Err(CRD.refuse("resource", "its group, version or kind is none; correct it"));
    }
    let core = group.is_empty() || group == "core";
    if core && kind.eq_ignore_ascii_case("Secret") {
        return Err(CRD.refuse("resource.kind", "Secrets are not read this way; use spec.provider.kubernetes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
