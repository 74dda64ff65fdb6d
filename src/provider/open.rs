//! From a store's spec to a session: the one place that knows every provider.

use std::sync::Arc;

use super::deadline::Deadline;
use super::fake::Fake;
use super::limit::Limit;
use super::referent::Referent;
use super::{
    Context, Credentials, Environment, Error, Kind, Provider, Remote, StoreKind, alibaba, aws, azure, crd, gcp,
    kubernetes, openbao, vault, webhook,
};
use crate::api::SecretStoreSpec;
use crate::api::provider::Chosen;

/// Opens a session: reads the credentials that the spec names and calls the provider at the first read, not here.
///
/// A store whose credentials depend on the consumer, opened for no consumer, answers [`super::Validity::Unknown`] and
/// reads nothing.
///
/// # Errors
/// Those of [`Credentials`]; [`Kind::Invalid`] for a spec that no call could serve.
pub async fn open(
    spec: &SecretStoreSpec,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    if context.consumer_namespace.is_none() && depends_on_consumer(spec, context.store_kind) {
        return Ok(Arc::new(Referent));
    }
    let session = connect(spec, context, credentials, environment).await?;
    // Outermost, so that the time spent waiting for a turn counts.
    let limited = Arc::new(Limit::new(session, environment.limits, environment.deadline / 2));
    Ok(Arc::new(Deadline::new(limited, environment.deadline)))
}

async fn connect(
    spec: &SecretStoreSpec,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    match spec.provider.chosen() {
        Chosen::Aws(aws) => aws::open(aws, context, credentials, environment).await,
        Chosen::Vault(spec) => vault::open(spec, context, credentials, environment).await,
        Chosen::OpenBao(spec) => openbao::open(spec, context, credentials, environment).await,
        Chosen::Fake(fake) => Ok(Arc::new(Fake::new(fake))),
        Chosen::GcpSm(gcp) => gcp::open(gcp, context, credentials, environment).await,
        Chosen::AzureKv(azure) => azure::open(azure, context, credentials, environment).await,
        Chosen::Alibaba(alibaba) => alibaba::open(alibaba, context, credentials, environment).await,
        Chosen::Kubernetes(kubernetes) => kubernetes::open(kubernetes, context, credentials, environment).await,
        Chosen::Crd(crd) => crd::open(crd, context, credentials, environment).await,
        Chosen::Webhook(webhook) => webhook::open(webhook, context, credentials, environment).await,
        Chosen::Unsupported(_) => Err(unsupported(spec.provider.slot())),
        Chosen::Missing => Err(invalid("`spec.provider` names no provider")),
    }
}

/// Whether a session of this store differs from consumer to consumer, so that none may be shared between namespaces:
/// a ClusterSecretStore that takes its credentials from the consumer's namespace, or tells the provider its name.
pub fn depends_on_consumer(spec: &SecretStoreSpec, kind: StoreKind) -> bool {
    kind == StoreKind::ClusterSecretStore
        && match spec.provider.chosen() {
            Chosen::Aws(aws) => aws::depends_on_consumer(aws),
            // Every provider is listed: one that were forgotten would share a session between namespaces.
            Chosen::Vault(spec) => vault::depends_on_consumer(spec),
            Chosen::OpenBao(spec) => openbao::depends_on_consumer(spec),
            Chosen::GcpSm(gcp) => gcp::depends_on_consumer(gcp),
            Chosen::AzureKv(azure) => azure::depends_on_consumer(azure),
            Chosen::Alibaba(alibaba) => alibaba::depends_on_consumer(alibaba),
            Chosen::Kubernetes(kubernetes) => kubernetes::depends_on_consumer(kubernetes),
            Chosen::Crd(crd) => crd::depends_on_consumer(crd),
            Chosen::Webhook(webhook) => webhook::depends_on_consumer(webhook),
            Chosen::Fake(_) | Chosen::Unsupported(_) | Chosen::Missing => false,
        }
}

/// Whether a store of `kind` lets `remote` be read, and of it `property`, as far as the store's own rules go: to be asked
/// before each read, since a session does not know what of an answer is wanted.
///
/// # Errors
/// The store's rules do not allow it.
pub fn permit(spec: &SecretStoreSpec, kind: StoreKind, remote: &Remote, property: Option<&str>) -> Result<(), Error> {
    match spec.provider.chosen() {
        Chosen::Crd(crd) => crd::permit(crd, kind, remote, property),
        _ => Ok(()),
    }
}

pub(super) fn unsupported(slot: &str) -> Error {
    invalid(&unserved(slot))
}

/// What is said of a part of `spec.provider` that no version serves so far.
pub(super) fn unserved(part: &str) -> String {
    format!(
        "`spec.provider.{part}` is not supported by Keyferry yet: this is version {}, and External Secrets Operator 2.9 \
         has it; the store is kept as it is",
        env!("CARGO_PKG_VERSION"),
    )
}

fn invalid(cause: &str) -> Error {
    Error { provider: "SecretStore", doing: "open the store".to_owned(), kind: Kind::Invalid, cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::provider::aws::{AwsAuth, AwsProvider, AwsSecretRef};
    use crate::api::provider::fake::{FakeData, FakeProvider};
    use crate::api::provider::{SecretKeySelector, StoreProvider};
    use crate::provider::memory::{Keyring, Unobserved};
    use crate::provider::{Batch, Part, RemoteKey, Settings, Validity};

    async fn environment() -> Environment {
        Environment::new(Arc::new(Unobserved), Settings::default()).await
    }

    fn store(provider: StoreProvider) -> SecretStoreSpec {
        SecretStoreSpec { provider, ..SecretStoreSpec::default() }
    }

    fn fake() -> SecretStoreSpec {
        let data = vec![FakeData { key: "a".into(), value: "1".into(), version: None }];
        store(StoreProvider { fake: Some(FakeProvider { data, validation_result: None }), ..StoreProvider::default() })
    }

    fn referent(namespace: Option<&str>) -> SecretStoreSpec {
        let selector = |namespace: Option<&str>| {
            Some(SecretKeySelector { name: "n".into(), key: Some("k".into()), namespace: namespace.map(Into::into) })
        };
        let secret_ref = Some(AwsSecretRef {
            access_key_id_secret_ref: selector(Some("given")),
            secret_access_key_secret_ref: selector(namespace),
            session_token_secret_ref: None,
        });
        let auth = Some(AwsAuth { jwt: None, secret_ref });
        let aws = AwsProvider { region: "eu-west-1".into(), auth, ..AwsProvider::default() };
        store(StoreProvider { aws: Some(aws), ..StoreProvider::default() })
    }

    fn cluster() -> Context {
        Context { store_kind: StoreKind::ClusterSecretStore, store_name: "s".into(), ..Context::default() }
    }

    #[tokio::test]
    async fn a_store_is_opened_and_read_through_every_decorator() {
        let session =
            open(&fake(), &Context::default(), Arc::new(Keyring::default()), &environment().await).await.unwrap();
        let key = RemoteKey { key: "a".into(), version: None, part: Part::Value, property: None };
        assert_eq!(session.read_many(&[key]).await, [Ok("1".into())]);
        assert_eq!(session.validate().await, Ok(Validity::Valid));
    }

    #[tokio::test]
    async fn a_store_that_names_no_provider_is_invalid() {
        let opened = open(
            &store(StoreProvider::default()),
            &Context::default(),
            Arc::new(Keyring::default()),
            &environment().await,
        )
        .await;
        assert_eq!(opened.unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn an_unsupported_slot_is_named() {
        let error = unsupported("akeyless");
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.cause.contains("`spec.provider.akeyless` is not supported by Keyferry yet"));
    }

    #[tokio::test]
    async fn a_referent_store_without_a_consumer_is_unknown_and_reads_nothing() {
        let session =
            open(&referent(None), &cluster(), Arc::new(Keyring::default()), &environment().await).await.unwrap();
        assert_eq!(session.validate().await, Ok(Validity::Unknown));
        let key = RemoteKey { key: "a".into(), version: None, part: Part::Value, property: None };
        assert_eq!(session.batch(&key), Batch::Single);
        assert_eq!(session.read_many(&[key]).await[0].as_ref().unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn only_a_cluster_store_depends_on_its_consumer() {
        assert!(depends_on_consumer(&referent(None), StoreKind::ClusterSecretStore));
        assert!(depends_on_consumer(&referent(Some("")), StoreKind::ClusterSecretStore));
        assert!(!depends_on_consumer(&referent(Some("given")), StoreKind::ClusterSecretStore));
        assert!(!depends_on_consumer(&referent(None), StoreKind::SecretStore));
        assert!(!depends_on_consumer(&fake(), StoreKind::ClusterSecretStore));
    }
}
