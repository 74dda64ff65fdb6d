//! As whom a session signs in.
//!
//! What Secrets and `ServiceAccounts` say is read once, when the session is opened; a session is opened anew when they change.
//! A ServiceAccount's token is requested for every sign-in, for the audience that Entra's federated credentials have, and
//! never for the API server's. The operator's own token file is the administrator's choice, and no store's.

use std::path::PathBuf;

use super::assertion::{Signer, UNFIT};
use super::{NAME, Settings, field, refuse};
use crate::api::provider::azurekv::{AzureAuthType, AzureKvProvider, AzureSecretRef};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::provider::{Credentials, Error, Kind};
use crate::sealed::Sealed;

/// The audience of a token that Entra exchanges.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";
const CLIENT: &str = "azure.workload.identity/client-id";
const TENANT: &str = "azure.workload.identity/tenant-id";
/// Ids are UUIDs, or the names of domains.
const LONGEST_ID: usize = 253;

/// What a session signs in with.
#[derive(Debug)]
pub(super) enum Login {
    /// An application of a tenant.
    Application(Application),
    /// The identity of the machine: the one with this client id, where it has several.
    Managed(Option<String>),
}

/// An application, and how it shows itself.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) tenant: String,
    pub(super) client: String,
    pub(super) proof: Proof,
}

/// How an application shows itself.
#[derive(Debug)]
pub(super) enum Proof {
    /// By a password.
    Secret(Sealed),
    /// By the key of a certificate.
    Certificate(Box<Signer>),
    /// By a token of a ServiceAccount.
    Account(ServiceAccountSelector),
    /// By a token of the operator's own ServiceAccount, which the kubelet keeps fresh in a file.
    File(PathBuf),
}

/// Reads what the store's way to sign in needs.
pub(super) async fn read(
    spec: &AzureKvProvider,
    credentials: &dyn Credentials,
    settings: &Settings,
) -> Result<Login, Error> {
    let reader = Reader { spec, credentials, settings };
    match spec.auth_type.unwrap_or_default() {
        AzureAuthType::ServicePrincipal => reader.principal().await.map(Login::Application),
        AzureAuthType::ManagedIdentity => {
            let id = spec.identity_id.clone().filter(|id| !id.is_empty());
            id.map(|id| checked("identityId", &id)).transpose().map(Login::Managed)
        }
        AzureAuthType::WorkloadIdentity => match &spec.service_account_ref {
            Some(account) => reader.account(account).await.map(Login::Application),
            None => reader.own().map(Login::Application),
        },
    }
}

/// The selectors that the store's way to sign in reads.
pub(super) fn selectors(spec: &AzureKvProvider) -> (Vec<&SecretKeySelector>, Option<&ServiceAccountSelector>) {
    let keys = spec.auth_secret_ref.as_ref();
    match (spec.auth_type.unwrap_or_default(), &spec.service_account_ref) {
        (AzureAuthType::ServicePrincipal, _) => {
            (keys.map(of_principal).into_iter().flatten().flatten().collect(), None)
        }
        (AzureAuthType::WorkloadIdentity, Some(account)) => {
            (keys.map(of_account).into_iter().flatten().flatten().collect(), Some(account))
        }
        (AzureAuthType::ManagedIdentity | AzureAuthType::WorkloadIdentity, _) => (Vec::new(), None),
    }
}

fn of_principal(keys: &AzureSecretRef) -> [Option<&SecretKeySelector>; 3] {
    let AzureSecretRef { tenant_id: _, client_id, client_secret, client_certificate } = keys;
    [client_id.as_ref(), client_secret.as_ref(), client_certificate.as_ref()]
}

fn of_account(keys: &AzureSecretRef) -> [Option<&SecretKeySelector>; 2] {
    let AzureSecretRef { tenant_id, client_id, client_secret: _, client_certificate: _ } = keys;
    [tenant_id.as_ref(), client_id.as_ref()]
}

struct Reader<'a> {
    spec: &'a AzureKvProvider,
    credentials: &'a dyn Credentials,
    settings: &'a Settings,
}

impl Reader<'_> {
    async fn principal(&self) -> Result<Application, Error> {
        let tenant = self.spec.tenant_id.as_deref().filter(|tenant| !tenant.is_empty());
        let tenant = tenant.ok_or_else(|| refuse("tenantId", "it is not set; a service principal needs it"))?;
        let keys = self.spec.auth_secret_ref.as_ref();
        let keys = keys.ok_or_else(|| refuse("authSecretRef", "it is not set; a service principal needs it"))?;
        let client = keys.client_id.as_ref();
        let client = client.ok_or_else(|| refuse("authSecretRef.clientId", "it is not set"))?;
        let client = self.id("authSecretRef.clientId", client).await?;
        Ok(Application { tenant: checked("tenantId", tenant)?, client, proof: self.proof(keys).await? })
    }

    async fn proof(&self, keys: &AzureSecretRef) -> Result<Proof, Error> {
        match (&keys.client_secret, &keys.client_certificate) {
            (Some(secret), None) => self.secret("authSecretRef.clientSecret", secret).await.map(Proof::Secret),
            (None, Some(certificate)) => {
                let named = "authSecretRef.clientCertificate";
                let file = self.secret(named, certificate).await?;
                let signer = Signer::parse(&file).ok_or_else(|| unusable(named, UNFIT))?;
                Ok(Proof::Certificate(Box::new(signer)))
            }
            (None, None) => Err(refuse("authSecretRef", "neither clientSecret nor clientCertificate is set; set one")),
            (Some(_), Some(_)) => {
                Err(refuse("authSecretRef", "both clientSecret and clientCertificate are set; remove one"))
            }
        }
    }

    async fn account(&self, account: &ServiceAccountSelector) -> Result<Application, Error> {
        let annotations = self.credentials.annotations(&field("serviceAccountRef"), account).await?;
        let annotated = |name: &str| annotations.get(name).map(|id| checked("serviceAccountRef", id)).transpose();
        let key = self.spec.auth_secret_ref.as_ref().and_then(|keys| keys.client_id.as_ref());
        let client = match key {
            Some(key) => Some(self.id("authSecretRef.clientId", key).await?),
            None => None,
        };
        let client = the_one("client id", "authSecretRef.clientId", client, annotated(CLIENT)?)?;
        let missing =
            format!("the ServiceAccount has no annotation {CLIENT}; annotate it with the application's client id");
        let client = client.ok_or_else(|| refuse("serviceAccountRef", &missing))?;
        let tenant = self.tenant_of(annotated(TENANT)?).await?;
        Ok(Application { tenant, client, proof: Proof::Account(account.clone()) })
    }

    /// As in ESO: the Secret's, else the store's, else the annotation's, else the operator's own.
    async fn tenant_of(&self, annotated: Option<String>) -> Result<String, Error> {
        let key = self.spec.auth_secret_ref.as_ref().and_then(|keys| keys.tenant_id.as_ref());
        let named = match (key, self.spec.tenant_id.as_deref().filter(|tenant| !tenant.is_empty())) {
            (Some(key), _) => Some(self.id("authSecretRef.tenantId", key).await?),
            (None, Some(tenant)) => Some(checked("tenantId", tenant)?),
            (None, None) => None,
        };
        let tenant = the_one("tenant", "tenantId", named, annotated)?;
        tenant.or_else(|| self.settings.tenant.clone()).ok_or_else(|| {
            let cause = format!("it is not set, and the ServiceAccount has no annotation {TENANT}; set one of them");
            refuse("tenantId", &cause)
        })
    }

    fn own(&self) -> Result<Application, Error> {
        let Settings { client: Some(client), tenant: Some(tenant), token_file: Some(file), .. } = self.settings else {
            let cause = "it is not set, and the operator has no workload identity of its own (AZURE_CLIENT_ID, \
                         AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE); name a ServiceAccount, or label the operator's pod \
                         azure.workload.identity/use: \"true\"";
            return Err(refuse("serviceAccountRef", cause));
        };
        let (client, tenant) = (checked("AZURE_CLIENT_ID", client)?, checked("AZURE_TENANT_ID", tenant)?);
        Ok(Application { tenant, client, proof: Proof::File(file.clone()) })
    }

    async fn secret(&self, named: &str, selector: &SecretKeySelector) -> Result<Sealed, Error> {
        self.credentials.secret_key(&field(named), selector).await
    }

    async fn id(&self, named: &str, selector: &SecretKeySelector) -> Result<String, Error> {
        let value = self.secret(named, selector).await?;
        let id = std::str::from_utf8(value.expose()).ok().map(str::trim).filter(|id| is_id(id));
        id.map(str::to_owned).ok_or_else(|| unusable(named, "the Secret holds no id there"))
    }
}

/// What is named in two places and must be one.
fn the_one(what: &str, named: &str, first: Option<String>, annotated: Option<String>) -> Result<Option<String>, Error> {
    match (first, annotated) {
        (Some(first), Some(annotated)) if first != annotated => {
            let cause = format!("the ServiceAccount's annotation names another {what}; remove one of them");
            Err(refuse(named, &cause))
        }
        (first, annotated) => Ok(first.or(annotated)),
    }
}

fn checked(named: &str, id: &str) -> Result<String, Error> {
    if is_id(id) { Ok(id.to_owned()) } else { Err(refuse(named, "it is no id; write a UUID or a domain's name")) }
}

/// An id becomes a part of a URL.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(plain) && !id.starts_with('.')
}

fn unusable(named: &str, cause: &str) -> Error {
    let doing = format!("use the credentials of `{}`", field(named));
    Error { provider: NAME, doing, kind: Kind::Unauthenticated, cause: cause.to_owned() }
}
