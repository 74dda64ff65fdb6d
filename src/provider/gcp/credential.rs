//! As whom a session asks: a service account's key, a ServiceAccount of a GKE cluster, an identity that a pool trusts, or
//! the operator's own machine.
//!
//! Keys, annotations and configurations are read once, when the session is opened; a session is opened anew when they
//! change. A ServiceAccount's token is requested for each sign-in, and never for the API server's audience.

use super::SITE;
use super::client::Endpoints;
use super::error::Failure;
use super::exchange::{Exchange, Grant, at};
use super::federation::{self, Federated};
use super::metadata::{CLUSTER_LOCATION, CLUSTER_NAME, PROJECT};
use super::name::{is_location, is_project};
use super::signer::Signer;
use crate::api::provider::ServiceAccountSelector;
use crate::api::provider::gcpsm::{
    GcpSecretRef, GcpSmAuth, GcpSmProvider, GcpWorkloadIdentity, GcpWorkloadIdentityFederation,
};
use crate::provider::site::Site;
use crate::provider::{Credentials, Error, Kind};

/// The annotation of a ServiceAccount that names the service account it acts as; GKE's.
const ACTS_AS: &str = "iam.gke.io/gcp-service-account";
const KEY: &str = "secretRef.secretAccessKeySecretRef";
const CLUSTER: &str = "workloadIdentity.serviceAccountRef";

/// A way to sign in; the first in ESO's order where a store names several.
#[derive(Clone, Copy, Debug)]
enum Way<'a> {
    Key(&'a GcpSecretRef),
    Cluster(&'a GcpWorkloadIdentity),
    Federation(&'a GcpWorkloadIdentityFederation),
    Machine,
}

fn way(auth: Option<&GcpSmAuth>) -> Way<'_> {
    let Some(GcpSmAuth { secret_ref, workload_identity, workload_identity_federation }) = auth else {
        return Way::Machine;
    };
    match (secret_ref, workload_identity, workload_identity_federation) {
        (Some(key), _, _) => Way::Key(key),
        (None, Some(cluster), _) => Way::Cluster(cluster),
        (None, None, Some(federation)) => Way::Federation(federation),
        (None, None, None) => Way::Machine,
    }
}

/// The namespaces of all selectors that the store's way to sign in reads.
pub(super) fn namespaces(spec: &GcpSmProvider) -> Vec<&Option<String>> {
    match way(spec.auth.as_ref()) {
        Way::Key(GcpSecretRef { secret_access_key_secret_ref }) => {
            secret_access_key_secret_ref.iter().map(|selector| &selector.namespace).collect()
        }
        Way::Cluster(cluster) => vec![&cluster.service_account_ref.namespace],
        Way::Federation(federation) => federation::namespaces(federation),
        Way::Machine => Vec::new(),
    }
}

/// Who asks, and what it takes to have a token.
#[derive(Debug)]
pub(super) enum Principal {
    /// A service account whose key is here.
    Key(Box<Signer>),
    /// A ServiceAccount of a GKE cluster.
    Cluster(Box<Cluster>),
    /// Somebody whom a pool's provider trusts.
    Federated(Box<Federated>),
    /// The machine that the operator runs on.
    Machine,
}

/// A ServiceAccount of a GKE cluster, and where the cluster is, as far as the store says.
#[derive(Debug)]
pub(super) struct Cluster {
    site: Site,
    account: ServiceAccountSelector,
    /// The service account that it acts as.
    pub(super) acts_as: Option<String>,
    project: Option<String>,
    location: Option<String>,
    name: Option<String>,
}

/// Reads what the store's way to sign in needs; calls nobody at Google.
pub(super) async fn read(
    spec: &GcpSmProvider,
    credentials: &dyn Credentials,
    endpoints: &Endpoints<'_>,
) -> Result<Principal, Error> {
    match way(spec.auth.as_ref()) {
        Way::Key(key) => {
            let signer = read_key(SITE, key, credentials, endpoints.settings.token.as_deref()).await;
            signer.map(Box::new).map(Principal::Key)
        }
        Way::Cluster(cluster) => Cluster::read(SITE, cluster, credentials).await.map(Box::new).map(Principal::Cluster),
        Way::Federation(federation) => {
            federation::read(federation, credentials, endpoints).await.map(Box::new).map(Principal::Federated)
        }
        Way::Machine => Ok(Principal::Machine),
    }
}

/// A service account's key; `exchanged_at` is where the administrator has keys exchanged.
pub(super) async fn read_key(
    site: Site,
    key: &GcpSecretRef,
    credentials: &dyn Credentials,
    exchanged_at: Option<&str>,
) -> Result<Signer, Error> {
    let selector = key.secret_access_key_secret_ref.as_ref().ok_or_else(|| site.refuse(KEY, "it is not set"))?;
    let json = credentials.secret_key(&site.field(KEY), selector).await?;
    Signer::read(&json, exchanged_at).map_err(|cause| site.unusable(KEY, cause))
}

/// The service account that a ServiceAccount's annotation has it act as.
pub(super) async fn acts_as(
    site: Site,
    name: &str,
    account: &ServiceAccountSelector,
    credentials: &dyn Credentials,
) -> Result<Option<String>, Error> {
    let mut annotations = credentials.annotations(&site.field(name), account).await?;
    let email = annotations.remove(ACTS_AS).filter(|email| !email.is_empty());
    match email {
        Some(email) if !is_account(&email) => Err(site
            .unusable(name, "its annotation `iam.gke.io/gcp-service-account` is no service account's e-mail address")),
        email => Ok(email),
    }
}

/// Whether `email` can be a service account's; it becomes a segment of a path.
pub(super) fn is_account(email: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':');
    let (name, domain) = email.split_once('@').unwrap_or_default();
    let sound = |part: &str| !part.is_empty() && part.bytes().all(plain);
    sound(name) && sound(domain) && domain.ends_with(".gserviceaccount.com") && email.len() <= 253
}

impl Principal {
    /// The project that the credential itself names.
    pub(super) fn project(&self) -> Option<&str> {
        match self {
            Self::Key(signer) => signer.project.as_deref(),
            // As in ESO, the cluster's project where the store names no other.
            Self::Cluster(cluster) => cluster.project.as_deref(),
            Self::Federated(_) | Self::Machine => None,
        }
    }

    /// Has a token.
    pub(super) async fn sign_in(&self, exchange: &Exchange, credentials: &dyn Credentials) -> Result<Grant, Error> {
        match self {
            Self::Key(signer) => {
                exchange.assert(signer).await.map_err(|failure| at(failure, &format!("sign in as {:?}", signer.email)))
            }
            Self::Cluster(cluster) => cluster.sign_in(exchange, credentials).await,
            Self::Federated(federated) => federated.sign_in(exchange, credentials).await,
            Self::Machine => {
                let token = exchange.metadata.token().await;
                token.map_err(|failure| at(failure, "have a token of the operator's own identity"))
            }
        }
    }
}

impl Cluster {
    /// Reads the annotations of the ServiceAccount.
    pub(super) async fn read(
        site: Site,
        spec: &GcpWorkloadIdentity,
        credentials: &dyn Credentials,
    ) -> Result<Self, Error> {
        let GcpWorkloadIdentity { service_account_ref, cluster_location, cluster_name, cluster_project_id } = spec;
        let given = |field: &str, text: &Option<String>, is: fn(&str) -> bool| {
            let text = text.as_deref().filter(|text| !text.is_empty());
            if text.is_some_and(|text| !is(text)) {
                return Err(site.refuse(&format!("workloadIdentity.{field}"), "it has what none of them has"));
            }
            Ok(text.map(str::to_owned))
        };
        Ok(Self {
            project: given("clusterProjectID", cluster_project_id, is_project)?,
            location: given("clusterLocation", cluster_location, is_location)?,
            name: given("clusterName", cluster_name, is_project)?,
            acts_as: acts_as(site, CLUSTER, service_account_ref, credentials).await?,
            account: service_account_ref.clone(),
            site,
        })
    }

    /// Has a token.
    pub(super) async fn sign_in(&self, exchange: &Exchange, credentials: &dyn Credentials) -> Result<Grant, Error> {
        let doing = format!("sign in as the ServiceAccount {:?}", self.account.name);
        let at = |failure: Failure, doing: &str| failure.at(self.site.provider, doing.to_owned());
        let pool = self.part(exchange, self.project.as_ref(), PROJECT, is_project).await;
        let pool = pool.map(|project| (format!("{project}.svc.id.goog"), project));
        let (pool, project) = pool.map_err(|failure| at(failure, &doing))?;
        let location = self.part(exchange, self.location.as_ref(), CLUSTER_LOCATION, is_location).await;
        let location = location.map_err(|failure| at(failure, &doing))?;
        let name = self.part(exchange, self.name.as_ref(), CLUSTER_NAME, is_project).await;
        let name = name.map_err(|failure| at(failure, &doing))?;
        let provider =
            format!("https://container.googleapis.com/v1/projects/{project}/locations/{location}/clusters/{name}");
        let audiences = std::slice::from_ref(&pool);
        let token = credentials.token(&self.site.field(CLUSTER), &self.account, audiences).await?;
        let audience = format!("identitynamespace:{pool}:{provider}");
        let bound = exchange.bind(&audience, &token.value).await.map_err(|failure| at(failure, &doing))?;
        act_as(self.site, exchange, self.acts_as.as_deref(), bound).await
    }

    /// What the store says, else the machine.
    async fn part(
        &self,
        exchange: &Exchange,
        given: Option<&String>,
        place: &[&str],
        is: fn(&str) -> bool,
    ) -> Result<String, Failure> {
        if let Some(given) = given {
            return Ok(given.clone());
        }
        let found = exchange.metadata.text(place, &[]).await?;
        if is(&found) {
            return Ok(found);
        }
        Err(Failure::new(
            Kind::Invalid,
            "the metadata server's answer is no part of a cluster's name; set it in the store",
        ))
    }
}

/// A token of the service account `email`, where there is one to act as.
pub(super) async fn act_as(site: Site, exchange: &Exchange, email: Option<&str>, grant: Grant) -> Result<Grant, Error> {
    let Some(email) = email else { return Ok(grant) };
    let acting = exchange.impersonate(email, &grant).await;
    acting.map_err(|failure| failure.at(site.provider, format!("act as the service account {email:?}")))
}
