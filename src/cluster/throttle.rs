//! The client to the API server, within the budget of `--client-qps` and `--client-burst`.
//!
//! kube's own retries are off: a refused request is the pass's to repeat, with its backoff, and not a reason to wait for
//! minutes inside one call. Without a budget API Priority and Fairness is the one that keeps order.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use kube::client::ClientBuilder;
use kube::{Client, Config};
use tokio::time::Sleep;
use tower::{Layer, Service};

/// The client of the pod, or of the user's kubeconfig; `qps` zero is without limit.
///
/// # Errors
/// There is no configuration, or it makes no client.
pub async fn client(qps: f32, burst: u32) -> Result<Client, Error> {
    let mut config = Config::infer().await.map_err(Error::Infer)?;
    config.default_retry = false;
    let builder = ClientBuilder::try_from(config).map_err(Error::Build)?;
    Ok(match budget(qps, burst) {
        None => builder.build(),
        Some(limiter) => builder.with_layer(&Throttle(limiter)).build(),
    })
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither a pod's ServiceAccount nor a kubeconfig was found.
    #[error("could not find the API server: run in a pod, or set KUBECONFIG")]
    Infer(#[source] kube::config::InferConfigError),
    /// The configuration makes no client.
    #[error("could not make a client for the API server")]
    Build(#[source] kube::Error),
}

type Limiter = Arc<DefaultDirectRateLimiter>;

fn budget(qps: f32, burst: u32) -> Option<Limiter> {
    if qps <= 0.0 {
        return None;
    }
    let quota = Quota::with_period(std::time::Duration::from_secs_f32(1.0 / qps))?;
    Some(Arc::new(RateLimiter::direct(quota.allow_burst(NonZeroU32::new(burst)?))))
}

/// Has every request wait for its turn.
#[derive(Clone, Debug)]
struct Throttle(Limiter);

impl<S> Layer<S> for Throttle {
    type Service = Throttled<S>;

    fn layer(&self, inner: S) -> Throttled<S> {
        Throttled { inner, limiter: Arc::clone(&self.0), wait: None }
    }
}

/// Not ready before its turn; kube asks one request after the other whether it is.
#[derive(Debug)]
struct Throttled<S> {
    inner: S,
    limiter: Limiter,
    wait: Option<Pin<Box<Sleep>>>,
}

impl<S, R> Service<R> for Throttled<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        ready!(self.inner.poll_ready(context))?;
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(context));
                self.wait = None;
            }
            match self.limiter.check() {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(early) => {
                    let pause = early.wait_time_from(DefaultClock::default().now());
                    self.wait = Some(Box::pin(tokio::time::sleep(pause)));
                }
            }
        }
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let limiter = budget(1.0, 2).unwrap();
        let passed: Vec<bool> = (0..4).map(|_| limiter.check().is_ok()).collect();
        assert_eq!(passed, [true, true, false, false]);
        assert!(budget(0.0, 2).is_none());
    }
}
