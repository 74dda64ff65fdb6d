//! What an operator asked of the API server since some moment, leader election aside.

use std::collections::BTreeMap;

use anyhow::Result;
use keyferry_e2e::audit::{Audit, Mark, Requests};
use keyferry_e2e::scene::Scene;
use kube::Client;

/// How often what was done, as `(verb, target)`.
pub(crate) type Tally = BTreeMap<(String, String), usize>;

/// An open account.
pub(crate) struct Ledger {
    audit: &'static Audit,
    mark: Mark,
    client: Client,
    user: String,
}

impl Ledger {
    /// Opens an account of the scene's operator; none where there is no audit log, and the test is to end.
    pub(crate) async fn open(scene: &Scene<'_>) -> Result<Option<Self>> {
        let Some(audit) = scene.namespace.audit() else { return Ok(None) };
        let client = scene.namespace.client();
        let mark = audit.mark(&client).await?;
        Ok(Some(Self { audit, mark, client, user: scene.operator.user().to_owned() }))
    }

    /// Everything so far.
    pub(crate) async fn requests(&self) -> Result<Requests> {
        Ok(self.audit.since(&self.mark, &self.client).await?.by(&self.user).without_leases())
    }

    /// Every write so far, counted.
    pub(crate) async fn writes(&self) -> Result<Tally> {
        Ok(self.requests().await?.writes().tally())
    }
}

/// One each.
pub(crate) fn once(writes: &[(&str, &str)]) -> Tally {
    writes.iter().map(|(verb, target)| (((*verb).to_owned(), (*target).to_owned()), 1)).collect()
}

/// What a change of one target costs: the Secret, the status, an event.
pub(crate) fn one_sync() -> Tally {
    once(&[("patch", "secrets"), ("patch", "externalsecrets/status"), ("create", "events")])
}
