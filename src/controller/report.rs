//! Says how a pass went: status when there is news, an event when something happened, metrics always.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};

use super::context::Context;
use super::error::Error;
use super::external_secret::{Verdict, version_of};
use super::memory::{first_beat, next_beat};
use crate::api::ExternalSecret;
use crate::cluster::status;
use crate::ops::metrics::{self, Object};
use crate::plan::summary::{self, Outcome};
use crate::plan::valid::target_name;
use crate::poll::ObjectId;

/// Counts a pass that begins.
pub(super) fn started(es: &ExternalSecret, ctx: &Context) {
    with_object(es, |object| ctx.metrics.sync_started(object));
}

/// Writes what a pass came to and says when the next one is due.
pub(super) async fn finish(
    es: &ExternalSecret,
    id: &ObjectId,
    verdict: Result<Verdict, Error>,
    begun: Instant,
    ctx: &Context,
) -> Result<Action, Error> {
    let told = match verdict {
        Err(error) => Err(error),
        Ok(Verdict::Quiet(wait)) => Ok(wait),
        // The cause outranks a failure to write it down, and it is in the outcome.
        Ok(Verdict::Told(outcome, wait)) => tell(es, id, &outcome, ctx).await.map(|()| wait),
    };
    // What was taken over and could not be told is not dirty any more: without this nobody would come back to it.
    if told.is_err() {
        ctx.memory.amend(id, |record| record.doubtful = true);
    }
    count(es, &told, begun, ctx);
    let wait = told?.or_else(|| until_beat(id, ctx));
    Ok(wait.map_or_else(Action::await_change, Action::requeue))
}

fn count(es: &ExternalSecret, told: &Result<Option<Duration>, Error>, begun: Instant, ctx: &Context) {
    let outcome = match told {
        Err(_) => metrics::Outcome::Error,
        Ok(Some(_)) => metrics::Outcome::RequeueAfter,
        Ok(None) => metrics::Outcome::Success,
    };
    with_object(es, |object| {
        ctx.metrics.reconciled(object, outcome, begun.elapsed());
        if told.is_err() {
            ctx.metrics.sync_failed(object);
        }
    });
}

async fn tell(es: &ExternalSecret, id: &ObjectId, outcome: &Outcome, ctx: &Context) -> Result<(), Error> {
    log(id, outcome);
    with_object(es, |object| {
        ctx.metrics.ready(object, outcome.is_ready());
        if !outcome.is_ready() {
            ctx.metrics.sync_failed(object);
        }
    });
    if outcome.is_ready() {
        ctx.backoff.clear(id);
    }
    let before = es.resource_version().unwrap_or_default();
    let last = ctx.memory.recall(id).status(&before, es.status.as_ref());
    let (version, target) = (version_of(es), target_name(&es.spec, &id.name));
    let beat = outcome.is_ready() && beats(id, ctx);
    let (status, event) = summary::report(outcome, last.as_ref(), &version, target, Timestamp::now(), beat);
    if let Some(status) = status {
        write(es, id, before, status, ctx).await?;
    }
    if let Some(event) = event {
        send(es, &event, ctx).await;
    }
    Ok(())
}

async fn write(
    es: &ExternalSecret,
    id: &ObjectId,
    before: String,
    status: crate::api::external_secret::ExternalSecretStatus,
    ctx: &Context,
) -> Result<(), Error> {
    if !ctx.leads.now() {
        return Err(Error::NotLeading);
    }
    status::write(&ctx.clients.api(&id.namespace), es, &status).await?;
    ctx.memory.note(id, |record| {
        record.reported = Some((before, status));
        record.beat_at = ctx.settings.heartbeat.map(|every| next_beat(id, Instant::now(), every));
    });
    Ok(())
}

/// An event that cannot be sent is a line in the log and nothing else.
async fn send(es: &ExternalSecret, event: &summary::Event, ctx: &Context) {
    if let Err(error) = ctx.events.send(&es.object_ref(&()), event).await {
        tracing::debug!(namespace = es.namespace(), name = es.name_any(), %error, "event not sent");
    }
}

fn log(id: &ObjectId, outcome: &Outcome) {
    match outcome {
        Outcome::Synced { change: Some(change) } => {
            tracing::info!(namespace = %id.namespace, name = %id.name, change = ?change, "secret written");
        }
        Outcome::Failed(failure) => {
            tracing::info!(namespace = %id.namespace, name = %id.name, cause = %failure, "not synced");
        }
        _ => tracing::debug!(namespace = %id.namespace, name = %id.name, outcome = ?outcome, "synced"),
    }
}

/// Whether the time has come to write an unchanged status again.
pub(super) fn beats(id: &ObjectId, ctx: &Context) -> bool {
    until_beat(id, ctx).is_some_and(|wait| wait.is_zero())
}

/// How long until the next heartbeat; the first one is set here.
fn until_beat(id: &ObjectId, ctx: &Context) -> Option<Duration> {
    let every = ctx.settings.heartbeat?;
    let now = Instant::now();
    let mut beat_at = None;
    ctx.memory.amend(id, |record| {
        beat_at = Some(*record.beat_at.get_or_insert_with(|| first_beat(id, now, every)));
    });
    beat_at.map(|at| at.saturating_duration_since(now))
}

/// Calls `count` with the object as the metrics know it.
fn with_object(es: &ExternalSecret, count: impl FnOnce(&Object<'_>)) {
    let (namespace, name) = (es.namespace().unwrap_or_default(), es.name_any());
    count(&Object {
        kind: metrics::Kind::ExternalSecret,
        namespace: &namespace,
        name: &name,
        labels: es.metadata.labels.as_ref(),
    });
}
