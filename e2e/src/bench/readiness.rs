//! When each ExternalSecret became Ready, from one watch that begins before they are made.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::TryStreamExt;
use kube::api::{Api, DynamicObject, GroupVersionKind};
use kube::core::discovery::ApiResource;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::say;
use crate::fixtures::is_ready;

const TELL_EVERY: Duration = Duration::from_secs(5);
/// Nothing becomes ready for so long: something is wrong.
const STUCK_AFTER: Duration = Duration::from_mins(1);

/// A watch that waits for objects to become Ready.
pub(super) struct Readiness(JoinHandle<Result<Vec<Instant>>>);

impl Readiness {
    /// Waits for `expected` objects whose namespace begins with `namespace`; answers when the watch is on.
    pub(super) async fn watch(client: &Client, namespace: &str, expected: usize) -> Result<Self> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", "ExternalSecret"));
        let api = Api::all_with(client.clone(), &resource);
        let (armed, on) = oneshot::channel();
        let task = tokio::spawn(follow(api, namespace.to_owned(), expected, armed));
        on.await.context("the watch of ExternalSecrets ended")?;
        Ok(Self(task))
    }

    /// When they became ready, in order.
    pub(super) async fn all(self) -> Result<Vec<Instant>> {
        self.0.await?
    }
}

async fn follow(
    api: Api<DynamicObject>,
    namespace: String,
    expected: usize,
    armed: oneshot::Sender<()>,
) -> Result<Vec<Instant>> {
    let mut events = std::pin::pin!(watcher(api, watcher::Config::default()));
    let (mut armed, mut ready, mut told) = (Some(armed), BTreeMap::new(), Instant::now());
    while ready.len() < expected {
        let next = tokio::time::timeout(STUCK_AFTER, events.try_next()).await;
        let Ok(next) = next else { bail!("{} of {expected} are ready, and no more become it", ready.len()) };
        match next?.context("the watch of ExternalSecrets ended")? {
            Event::InitDone => tell(armed.take()),
            Event::Apply(object) if is_new(&object, &namespace) => {
                ready.entry((object.namespace(), object.name_any())).or_insert_with(Instant::now);
            }
            _ => {}
        }
        if told.elapsed() > TELL_EVERY {
            told = Instant::now();
            say(&format!("{} of {expected} are ready", ready.len()));
        }
    }
    let mut times: Vec<Instant> = ready.into_values().collect();
    times.sort();
    Ok(times)
}

/// Whoever waits for the watch to be on may have given up.
fn tell(armed: Option<oneshot::Sender<()>>) {
    let _ = armed.map(|armed| armed.send(()));
}

fn is_new(object: &DynamicObject, namespace: &str) -> bool {
    let status = object.data.get("status").unwrap_or(&Value::Null);
    object.namespace().is_some_and(|own| own.starts_with(namespace)) && is_ready(&json!({ "status": status }))
}

/// How long after `start` the given share of `times` had come, in seconds.
pub(super) fn seconds_until(share: f64, start: Instant, times: &[Instant]) -> f64 {
    let last = times.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length fits it")]
    let position = (super::number(last) * share).round() as usize;
    times.get(position).map_or(0.0, |time| time.saturating_duration_since(start).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_objects_in_the_order_in_which_they_came() {
        let start = Instant::now();
        let times: Vec<_> = (1..=101).map(|second| start + Duration::from_secs(second)).collect();
        let seconds = [0.0, 0.5, 1.0].map(|share| seconds_until(share, start, &times));
        assert_eq!(seconds.map(|seconds| seconds.round().to_string()), ["1", "51", "101"]);
        assert!(seconds_until(1.0, start, &[]).abs() < f64::EPSILON);
    }
}
