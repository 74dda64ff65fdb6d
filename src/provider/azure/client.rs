//! One server of Azure's, and the calls that are made at it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::NAME;
use super::error::{Failure, rest};
use crate::provider::Observer;
use crate::provider::http::{Answer, Call, Client};

/// A server, as one session sees it.
pub(super) struct Endpoint {
    client: Client,
    observer: Arc<dyn Observer>,
    /// Until when it has asked to be left alone.
    resting: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Endpoint").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Endpoint {
    pub(super) fn new(client: Client, observer: Arc<dyn Observer>) -> Self {
        Self { client, observer, resting: Mutex::default() }
    }

    /// Makes a call that ESO's metrics know as `name`; `failure` says what an answer that is not one of success means.
    ///
    /// A server that asked to be left alone is not called before that is over.
    pub(super) async fn call(
        &self,
        name: &'static str,
        call: Call<'_>,
        failure: impl FnOnce(&Answer) -> Failure,
    ) -> Result<Answer, Failure> {
        if self.is_resting() {
            return Err(Failure::throttled());
        }
        let started = Instant::now();
        let answer = match self.client.call(call).await {
            Ok(answer) if answer.status.is_success() => Ok(answer),
            Ok(answer) => {
                self.leave_alone(&answer);
                Err(failure(&answer))
            }
            Err(fault) => Err(fault.into()),
        };
        self.observer.called(NAME, name, answer.is_ok(), started.elapsed());
        answer
    }

    fn is_resting(&self) -> bool {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }

    fn leave_alone(&self, answer: &Answer) {
        if let Some(rest) = rest(answer.status, &answer.headers) {
            *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + rest);
        }
    }
}
