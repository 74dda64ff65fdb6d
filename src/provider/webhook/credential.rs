//! What a store's Secrets hold for it.
//!
//! Each must be labelled for webhooks by its owner: a webhook's author could send any other Secret of the namespace
//! anywhere. They are read once, when the session is opened; a session is opened anew when they change.

use std::collections::BTreeMap;

use super::{field, invalid};
use crate::api::provider::SecretKeySelector;
use crate::api::provider::webhook::{Ntlm, WebhookProvider};
use crate::provider::{Context, Credentials, Error, StoreKind};
use crate::sealed::Sealed;

/// What the label must say.
const TYPE: &str = "webhook";
/// The most Secrets that a store may name.
const MOST: usize = 32;

/// Secrets by the names that templates call them by. Of several with one name the later one's keys go before.
pub(super) async fn secrets(
    spec: &WebhookProvider,
    context: &Context,
    credentials: &dyn Credentials,
) -> Result<BTreeMap<String, BTreeMap<String, Sealed>>, Error> {
    if spec.secrets.len() > MOST {
        return Err(invalid("secrets", &format!("there are more than {MOST}")));
    }
    let mut secrets: BTreeMap<String, BTreeMap<String, Sealed>> = BTreeMap::new();
    for (index, secret) in spec.secrets.iter().enumerate() {
        let field = format!("secrets[{index}].secretRef");
        let read = labelled(&field, &secret.secret_ref, context, credentials).await?;
        secrets.entry(secret.name.clone()).or_default().extend(read);
    }
    Ok(secrets)
}

async fn labelled(
    name: &str,
    selector: &SecretKeySelector,
    context: &Context,
    credentials: &dyn Credentials,
) -> Result<BTreeMap<String, Sealed>, Error> {
    let placed = selector.namespace.as_deref().is_some_and(|namespace| !namespace.is_empty());
    if context.store_kind == StoreKind::ClusterSecretStore && !placed {
        return Err(invalid(&format!("{name}.namespace"), "it is not set; a ClusterSecretStore must set it"));
    }
    credentials.labelled_secret(&field(name), selector, TYPE).await
}

/// A user and a password.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: Sealed,
    pub(super) password: Sealed,
}

/// The user that a store signs in as with NTLM.
pub(super) async fn user(ntlm: &Ntlm, context: &Context, credentials: &dyn Credentials) -> Result<User, Error> {
    let read = async |name: &str, selector: &SecretKeySelector| {
        let mut keys = labelled(name, selector, context, credentials).await?;
        let key = selector.key.as_deref().unwrap_or_default();
        keys.remove(key).ok_or_else(|| invalid(name, "the Secret has no such key; correct `key` or add it"))
    };
    let name = read("auth.ntlm.usernameSecret", &ntlm.username_secret).await?;
    let password = read("auth.ntlm.passwordSecret", &ntlm.password_secret).await?;
    Ok(User { name, password })
}
