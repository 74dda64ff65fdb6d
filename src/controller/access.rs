//! The bridge over which a provider's session reads its credentials: what `provider` asks, `cluster` answers.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::api::provider::gcpsm::ConfigMapKey;
use crate::api::provider::{CaProvider, CaProviderType, SecretKeySelector, ServiceAccountSelector};
use crate::cluster::{self, credentials::Reader};
use crate::ops::metrics::Metrics;
use crate::provider::{Credentials, Error, Kind, Observer, Token, is_for_an_api_server};
use crate::sealed::Sealed;

/// What messages call the source of credentials.
const SOURCE: &str = "Kubernetes";

/// The credentials of one session.
#[derive(Debug)]
pub(super) struct Access(pub(super) Reader);

#[async_trait]
impl Credentials for Access {
    async fn secret_key(&self, field: &str, selector: &SecretKeySelector) -> Result<Sealed, Error> {
        let key = selector.key.as_deref().unwrap_or_default();
        let read = self.0.secret_key(selector.namespace.as_deref(), &selector.name, key).await;
        read.map_err(|error| translate(field, &error))
    }

    async fn labelled_secret(
        &self,
        field: &str,
        selector: &SecretKeySelector,
        type_: &str,
    ) -> Result<BTreeMap<String, Sealed>, Error> {
        let read = self.0.labelled_secret(selector.namespace.as_deref(), &selector.name, type_).await;
        read.map_err(|error| translate(field, &error))
    }

    async fn token_for(
        &self,
        field: &str,
        account: &ServiceAccountSelector,
        audiences: &[String],
        life: Duration,
    ) -> Result<Token, Error> {
        let mut all: Vec<String> = audiences.to_vec();
        all.extend(account.audiences.iter().filter(|audience| !audiences.contains(audience)).cloned());
        let requested = self.0.token(account.namespace.as_deref(), &account.name, all, life).await;
        let (value, expires) = requested.map_err(|error| translate(field, &error))?;
        if !audiences.is_empty() && is_for_an_api_server(&value) {
            return Err(api_servers_own(field, &account.name));
        }
        Ok(Token { value, expires })
    }

    async fn annotations(
        &self,
        field: &str,
        account: &ServiceAccountSelector,
    ) -> Result<BTreeMap<String, String>, Error> {
        let read = self.0.annotations(account.namespace.as_deref(), &account.name).await;
        read.map_err(|error| translate(field, &error))
    }

    async fn authorities(&self, field: &str, source: &CaProvider) -> Result<Sealed, Error> {
        let (namespace, key) = (source.namespace.as_deref(), source.key.as_deref().unwrap_or_default());
        let read = match source.type_ {
            CaProviderType::Secret => self.0.authorities_of_secret(namespace, &source.name, key).await,
            CaProviderType::ConfigMap => self.0.authorities_of_config_map(namespace, &source.name, key).await,
        };
        read.map_err(|error| translate(field, &error))
    }

    async fn config_map_key(&self, field: &str, selector: &ConfigMapKey) -> Result<Sealed, Error> {
        let read = self.0.config_map_key(selector.namespace.as_deref(), &selector.name, &selector.key).await;
        read.map_err(|error| translate(field, &error))
    }

    async fn changed(&self) -> bool {
        self.0.changed().await
    }
}

/// Whoever is shown such a token could use it at the API server.
fn api_servers_own(field: &str, account: &str) -> Error {
    Error {
        provider: SOURCE,
        doing: format!("request a token of ServiceAccount {account:?}"),
        kind: Kind::Invalid,
        cause: format!(
            "`audiences` has the API server's own, whose tokens leave for no store; take it out (field {field})"
        ),
    }
}

/// A credential that cannot be read is a credential that is not there.
fn translate(field: &str, error: &cluster::Error) -> Error {
    let kind = match error.kind {
        cluster::Kind::NotFound | cluster::Kind::Denied => Kind::Unauthenticated,
        cluster::Kind::Conflict | cluster::Kind::Unavailable => Kind::Unavailable,
        cluster::Kind::Refused => Kind::Invalid,
    };
    Error { provider: SOURCE, doing: error.doing.clone(), kind, cause: format!("{} (field {field})", error.cause) }
}

/// Counts the calls to providers.
#[derive(Debug)]
pub struct Calls(pub std::sync::Arc<Metrics>);

impl Observer for Calls {
    fn called(&self, provider: &'static str, call: &'static str, ok: bool, took: Duration) {
        self.0.provider_called(provider, call, ok, took);
    }
}
