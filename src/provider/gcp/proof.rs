//! A JWT that shows a service of the store's own who asks, in place of an access token of Google's.
//!
//! A key signs it here; a ServiceAccount of a GKE cluster has Google sign it in the name of the service account that it acts
//! as; and the machine has one of its metadata server.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::client::Endpoints;
use super::credential::{Cluster, read_key};
use super::exchange::Exchange;
use super::metadata::Metadata;
use super::signer::Signer;
use crate::api::provider::gcpsm::{GcpSecretRef, GcpWorkloadIdentity};
use crate::provider::site::Site;
use crate::provider::{Credentials, Environment, Error};
use crate::sealed::Sealed;

/// How long it is good; Vault takes at most 15 minutes.
const LIFE: Duration = Duration::from_mins(10);

/// As whom to ask: with a key, else as a cluster's ServiceAccount, else as the operator's machine.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Identity<'a> {
    pub(in crate::provider) key: Option<&'a GcpSecretRef>,
    pub(in crate::provider) cluster: Option<&'a GcpWorkloadIdentity>,
}

/// Somebody whom Google knows.
#[derive(Debug)]
pub(in crate::provider) struct Prover {
    site: Site,
    who: Who,
    exchange: Exchange,
}

#[derive(Debug)]
enum Who {
    Key(Box<Signer>),
    Cluster(Box<Cluster>),
    Machine,
}

impl Prover {
    /// Reads what the identity begins with; calls nobody at Google.
    ///
    /// # Errors
    /// A credential that cannot be read, or is none.
    pub(in crate::provider) async fn open(
        site: Site,
        identity: Identity<'_>,
        credentials: &dyn Credentials,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let endpoints = Endpoints::new(&environment.gcp, &environment.http, Arc::clone(&environment.observer));
        let metadata = Metadata::new(&environment.gcp, &environment.http);
        let metadata = metadata.map_err(|failure| failure.at(site.provider, super::opening()))?;
        let exchange = Exchange::new(&endpoints, metadata)?;
        let who = match identity {
            Identity { key: Some(key), .. } => {
                Who::Key(Box::new(read_key(site, key, credentials, environment.gcp.token.as_deref()).await?))
            }
            Identity { cluster: Some(cluster), .. } => {
                Who::Cluster(Box::new(Cluster::read(site, cluster, credentials).await?))
            }
            _ => Who::Machine,
        };
        Ok(Self { site, who, exchange })
    }

    /// A JWT for `audience`; a machine's is for `machines_audience`.
    pub(in crate::provider) async fn prove(
        &self,
        audience: &str,
        machines_audience: &str,
        credentials: &dyn Credentials,
    ) -> Result<Sealed, Error> {
        match &self.who {
            Who::Key(signer) => signer.sign(&claims(audience, &signer.email, SystemTime::now())).ok_or_else(|| {
                self.site.unusable("secretRef.secretAccessKeySecretRef", "the key could not sign; check the clock")
            }),
            Who::Cluster(cluster) => self.have_signed(cluster, audience, credentials).await,
            Who::Machine => {
                let token = self.exchange.metadata.identity(machines_audience).await;
                let doing = "have a token of the operator's own identity".to_owned();
                token.map_err(|failure| failure.at(self.site.provider, doing))
            }
        }
    }

    async fn have_signed(
        &self,
        cluster: &Cluster,
        audience: &str,
        credentials: &dyn Credentials,
    ) -> Result<Sealed, Error> {
        let email = cluster.acts_as.as_deref().ok_or_else(|| {
            self.site.unusable(
                "workloadIdentity.serviceAccountRef",
                "the ServiceAccount has no annotation `iam.gke.io/gcp-service-account`, which names the service account \
                 that signs",
            )
        })?;
        let grant = cluster.sign_in(&self.exchange, credentials).await?;
        let claims = claims(audience, email, SystemTime::now());
        let signed = self.exchange.sign(email, &claims, &grant).await;
        signed.map_err(|failure| failure.at(self.site.provider, format!("have a JWT signed by {email:?}")))
    }
}

fn claims(audience: &str, email: &str, now: SystemTime) -> serde_json::Value {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({"aud": audience, "sub": email, "iat": now.as_secs(), "exp": (now + LIFE).as_secs()})
}
