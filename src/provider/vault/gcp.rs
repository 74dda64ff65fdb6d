//! Signing in as an identity of Google Cloud: a JWT that is made out to one role of the server.

use super::Flavor;
use crate::api::provider::vault::VaultGcp;
use crate::provider::gcp::proof::{Identity, Prover};
use crate::provider::site::Site;
use crate::provider::{Credentials, Environment, Error};
use crate::sealed::Sealed;

/// An identity of Google Cloud.
#[derive(Debug)]
pub(super) struct Gcp {
    prover: Prover,
    audience: String,
    machines_audience: String,
}

impl Gcp {
    /// Reads what the identity begins with; calls nobody. `server` is the store's URL of it.
    pub(super) async fn open(
        flavor: Flavor,
        spec: &VaultGcp,
        server: &str,
        credentials: &dyn Credentials,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let site = Site { provider: flavor.name, auth: "spec.provider.vault.auth.gcp" };
        if spec.role.is_empty() {
            return Err(site.refuse("role", "it is not set"));
        }
        let identity = Identity { key: spec.secret_ref.as_ref(), cluster: spec.workload_identity.as_ref() };
        let prover = Prover::open(site, identity, credentials, environment).await?;
        let audience = format!("vault/{}", spec.role);
        let machines_audience = format!("{}/{audience}", server.trim_end_matches('/'));
        Ok(Self { prover, audience, machines_audience })
    }

    /// A JWT, made just now.
    pub(super) async fn jwt(&self, credentials: &dyn Credentials) -> Result<Sealed, Error> {
        self.prover.prove(&self.audience, &self.machines_audience, credentials).await
    }
}
