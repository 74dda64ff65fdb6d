//! One server of Azure's, and the calls that are made at it.

use std::sync::Arc;

use tokio::time::Instant;

use super::NAME;
use super::error::Failure;
use crate::provider::Observer;
use crate::provider::http::{Answer, Call, Client};

/// A server, as one session sees it.
pub(super) struct Endpoint {
    client: Client,
    observer: Arc<dyn Observer>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Endpoint").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Endpoint {
    pub(super) fn new(client: Client, observer: Arc<dyn Observer>) -> Self {
        Self { client, observer }
    }

    /// Makes a call that ESO's metrics know as `name`; `failure` says what an answer that is not one of success means.
    pub(super) async fn call(
        &self,
        name: &'static str,
        call: Call<'_>,
        failure: impl FnOnce(&Answer) -> Failure,
    ) -> Result<Answer, Failure> {
        let started = Instant::now();
        let answer = match self.client.call(call).await {
            Ok(answer) if answer.status.is_success() => Ok(answer),
            Ok(answer) => Err(failure(&answer)),
            Err(fault) => Err(fault.into()),
        };
        self.observer.called(NAME, name, answer.is_ok(), started.elapsed());
        answer
    }
}
