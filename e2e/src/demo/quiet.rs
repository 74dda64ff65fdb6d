//! What the operator does while nothing changes.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::samples::NAME;
use super::table::Table;
use crate::audit::Requests;
use crate::fixtures::API_VERSION;
use crate::namespace::Namespace;
use crate::operator::Operator;
use crate::proxy::Proxy;

/// Two polls of 10 s.
const IDLE: Duration = Duration::from_secs(20);
/// The status and the event of a change are written by then.
const SETTLED: Duration = Duration::from_secs(2);

/// What was seen in [`IDLE`].
pub(super) struct Quiet {
    provider: usize,
    /// None where the cluster's audit log is not ours to read.
    api: Option<Requests>,
    changed: bool,
}

impl Quiet {
    /// Watches the operator for a while.
    pub(super) async fn watch(namespace: &Namespace, operator: &Operator, proxy: &Proxy) -> Result<Self> {
        tokio::time::sleep(SETTLED).await;
        let (client, audit) = (namespace.client(), namespace.plane().audit());
        let before = versions(namespace).await?;
        let mark = match audit {
            Some(audit) => Some((audit, audit.mark(&client).await?)),
            None => None,
        };
        let calls = proxy.mark();
        tokio::time::sleep(IDLE).await;
        let provider = proxy.since(calls).len();
        let api = match &mark {
            Some((audit, mark)) => Some(audit.since(mark, &client).await?.by(operator.user()).without_leases()),
            None => None,
        };
        Ok(Self { provider, api, changed: versions(namespace).await? != before })
    }

    /// Whether nothing was written.
    pub(super) fn holds(&self) -> bool {
        !self.changed && self.api.as_ref().is_none_or(|requests| requests.clone().writes().count() == 0)
    }

    /// Adds its lines.
    pub(super) fn report(&self, table: &mut Table) {
        let during = format!("in {} s without a change", IDLE.as_secs());
        table.line(format!("provider calls {during}"), self.provider.to_string());
        if let Some(requests) = &self.api {
            table.line(format!("API reads {during}"), described(&requests.clone().reads()));
            table.line(format!("API writes {during}"), described(&requests.clone().writes()));
        } else {
            let words = if self.changed {
                "the Secret or the ExternalSecret has changed"
            } else {
                "none of the two objects has changed"
            };
            table.line("API reads and writes", format!("not known: no audit log of this cluster; {words}"));
        }
    }
}

/// A number, and of what.
fn described(requests: &Requests) -> String {
    let parts = requests.tally().into_iter().map(|((verb, target), count)| format!("{count} {verb} {target}"));
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { "0".to_owned() } else { format!("{} ({})", requests.count(), parts.join(", ")) }
}

/// What says whether somebody has written: the resource versions of the Secret and the ExternalSecret.
async fn versions(namespace: &Namespace) -> Result<[Option<String>; 2]> {
    let secret = namespace.api::<Secret>().get_metadata(NAME).await.context("look at the Secret")?;
    let external = namespace.dynamic(API_VERSION, "ExternalSecret").get_metadata(NAME).await;
    Ok([secret.resource_version(), external.context("look at the ExternalSecret")?.resource_version()])
}
