//! OpenBao, which speaks as Vault does: its spec is a part of Vault's, and so is its session.

use std::sync::Arc;

use super::vault::{self, Flavor};
use super::{Context, Credentials, Environment, Error, Provider};
use crate::api::provider::OpenBaoProvider;
use crate::api::provider::openbao::{OpenBaoAppRole, OpenBaoAuth};
use crate::api::provider::vault::{VaultAppRole, VaultAuth, VaultProvider};

const OPENBAO: Flavor = Flavor { name: "OpenBao", slot: "openBao" };

/// Opens a session and reads the Secrets that its credentials begin with; signs in at the first read.
pub(super) async fn open(
    spec: &OpenBaoProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    vault::open_as(OPENBAO, &as_vault(spec), context, credentials, environment).await
}

/// As for Vault.
pub(super) fn depends_on_consumer(spec: &OpenBaoProvider) -> bool {
    vault::depends_on_consumer(&as_vault(spec))
}

fn as_vault(spec: &OpenBaoProvider) -> VaultProvider {
    let OpenBaoProvider { server, path, version, namespace, ca_bundle, ca_provider, auth } = spec.clone();
    let auth = auth.map(|auth| {
        let OpenBaoAuth { namespace, token_secret_ref, app_role, user_pass } = auth;
        let app_role = app_role.map(|role| {
            let OpenBaoAppRole { path, role_id, role_ref, secret_ref } = role;
            VaultAppRole { path, role_id, role_ref, secret_ref }
        });
        VaultAuth { namespace, token_secret_ref, app_role, user_pass, ..VaultAuth::default() }
    });
    VaultProvider { server, path, version, namespace, ca_bundle, ca_provider, auth, ..VaultProvider::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::provider::SecretKeySelector;
    use crate::api::provider::vault::UserPass;

    #[test]
    fn every_field_of_its_spec_reaches_the_session() {
        let selector = |name: &str| SecretKeySelector { name: name.into(), ..SecretKeySelector::default() };
        let spec = serde_json::json!({
            "server": "https://a", "path": "kv", "version": "v1", "namespace": "n", "caBundle": "b",
            "caProvider": {"type": "ConfigMap", "name": "ca", "key": "k"},
            "auth": {
                "namespace": "m",
                "tokenSecretRef": {"name": "t"},
                "appRole": {"path": "p", "roleId": "r", "secretRef": {"name": "s"}},
                "userPass": {"path": "u", "username": "x", "secretRef": {"name": "y"}},
            },
        });
        let spec: OpenBaoProvider = serde_json::from_value(spec).unwrap();
        let vault = as_vault(&spec);
        assert_eq!(serde_json::to_value(&vault).unwrap(), serde_json::to_value(&spec).unwrap());
        let auth = vault.auth.unwrap();
        assert_eq!(auth.token_secret_ref, Some(selector("t")));
        assert!(matches!(auth.user_pass, Some(UserPass { .. })) && auth.app_role.is_some());
    }
}
