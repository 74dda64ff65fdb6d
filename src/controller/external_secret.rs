//! One pass over one ExternalSecret: fetch, assemble, observe, plan, carry out; then say how that went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::controller::Action;

use super::context::Context;
use super::dwindle;
use super::error::Error;
use super::guarded::{Guarded, id_of};
use super::memory::Fetched;
use super::settle;
use super::sources::{self, Absence, Sources};
use super::{malformed, report, templates};
use crate::api::ExternalSecret;
use crate::api::external_secret::{CreationPolicy, DeletionPolicy};
use crate::cluster::status::set_finalizers;
use crate::plan::due::{self, Situation, Work};
use crate::plan::marks::{FINALIZER, synced_resource_version};
use crate::plan::problem::Problem;
use crate::plan::select::{Answer, Need, assemble, needs};
use crate::plan::summary::{Failure, Outcome, Stage};
use crate::plan::template::sources as sources_of;
use crate::plan::valid;
use crate::poll::{Interest, ObjectId, Reading, Seen};

/// How long an object waits for a store without a word: stores and their users are often applied together.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long an object of another class waits for its operator before we say that it has none.
const OTHERS_PATIENCE: Duration = Duration::from_secs(10);
/// How soon an object that waits is looked at again.
const SHORT_WAIT: Duration = Duration::from_secs(1);
/// How soon a provider that could not be reached is tried again; its session remembers the failure as long.
const RETRY: Duration = Duration::from_secs(10);
/// The longest pass: several providers' deadlines and a slow API server.
const DEADLINE: Duration = Duration::from_mins(3);

/// How a pass ended.
#[derive(Debug)]
pub(super) enum Verdict {
    /// With something to report, and when to look again if nothing happens.
    Told(Outcome, Option<Duration>),
    /// With nothing to say.
    Quiet(Option<Duration>),
}

/// One pass; a panic in it is this object's alone.
pub(super) async fn reconcile(object: Arc<Guarded<ExternalSecret>>, ctx: Arc<Context>) -> Result<Action, Error> {
    let pass = std::panic::AssertUnwindSafe(pass(&object, &ctx)).catch_unwind();
    match tokio::time::timeout(DEADLINE, pass).await {
        Err(_) => Err(Error::Deadline),
        Ok(ended) => ended.unwrap_or(Err(Error::Panic)),
    }
}

async fn pass(object: &Guarded<ExternalSecret>, ctx: &Context) -> Result<Action, Error> {
    let id = id_of(object);
    let es = match &object.0 {
        Ok(es) => es,
        Err(invalid) => return malformed::tell(&id, invalid, ctx).await,
    };
    if es.metadata.deletion_timestamp.is_some() {
        return let_go(es, &id, ctx).await;
    }
    report::started(es, ctx);
    let begun = Instant::now();
    let verdict = sync(es, &id, ctx).await;
    report::finish(es, &id, verdict, begun, ctx).await
}

async fn sync(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<Verdict, Error> {
    let interval = match valid::check(&es.spec).and_then(|()| due::interval(&es.spec, ctx.settings.default_interval)) {
        Ok(interval) => interval,
        Err(problem) => return Ok(refused(id, Failure::spec(&problem), ctx)),
    };
    if let Err(problem) = templates::check(es, id, ctx).await? {
        return Ok(refused(id, Failure::spec(&problem), ctx));
    }
    let needs = needs(&es.spec);
    let sources = match sources::resolve(id, &needs, ctx).await {
        Ok(sources) => sources,
        Err(absence) => return Ok(without_sources(es, id, absence, ctx)),
    };
    ctx.memory.note(id, |record| {
        record.waiting_since = None;
        record.check_every = interval;
    });
    let situation = subscribe(es, id, &sources, interval, ctx);
    match due::work(&es.spec, interval.is_some(), situation, Timestamp::now()) {
        Err(problem) => Ok(failed(Failure::spec(&problem))),
        Ok(work) if is_needed(work, es, id, ctx).await? => {
            take_over(es, id, &needs, &sources, situation.version_matches, ctx).await
        }
        Ok(_) => Ok(rest(es, id, interval.is_some(), ctx)),
    }
}

/// Whether the work that is due has to be done, where only a look at the target can tell.
async fn is_needed(work: Work, es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<bool, Error> {
    match work {
        Work::Sync => Ok(true),
        Work::CheckTarget => settle::is_spoilt(es, id, ctx).await,
        Work::Rest if ctx.memory.recall(id).lacks_target => {
            Ok(ctx.targets.look(settle::place_of(es, id)).await?.is_some())
        }
        Work::Rest => Ok(false),
    }
}

/// Tells the poller what the object wants, and learns from it whether something is new.
fn subscribe(
    es: &ExternalSecret,
    id: &ObjectId,
    sources: &Sources,
    interval: Option<Duration>,
    ctx: &Context,
) -> Situation {
    let record = ctx.memory.recall(id);
    let status = record.status(&es.resource_version().unwrap_or_default(), es.status.as_ref());
    let synced = status.as_ref().and_then(|status| status.synced_resource_version.as_deref());
    let mut situation = Situation {
        version_matches: synced == Some(version_of(es).as_str()),
        was_synced: due::was_synced(status.as_ref()),
        dirty: true,
        doubtful: record.doubtful || record.confirmed_at.is_none(),
    };
    let rests = interval.is_none() && situation.was_synced && situation.version_matches;
    if rests {
        ctx.poller.forget(id);
    } else {
        ctx.poller.subscribe(id, Interest { references: sources.references.clone(), interval });
        let other_stores = record.fetched.is_some_and(|fetched| fetched.stores != sources.stores);
        situation.dirty = other_stores || ctx.poller.is_dirty(id);
        // Before the first confirmation everything is new anyway, and a closed window may hold that back.
        situation.doubtful = record.doubtful || (interval.is_some() && ctx.texts.is_stale(id));
    }
    situation
}

/// Reads, decides, writes. `was_synced`: the object has been, as it stands.
async fn take_over(
    es: &ExternalSecret,
    id: &ObjectId,
    needs: &[Need<'_>],
    sources: &Sources,
    was_synced: bool,
    ctx: &Context,
) -> Result<Verdict, Error> {
    let record = ctx.memory.recall(id);
    let interval = record.check_every.unwrap_or(ctx.settings.default_interval);
    let doubt = dwindle::is_new(&record, sources, was_synced).then_some(interval);
    let readings = fetch(es, id, sources, ctx).await;
    if has_texts(es) && ctx.memory.recall(id).check_every.is_some() {
        ctx.kept.keep(id, &readings);
    }
    let outcome = match put_together(es, needs, &readings, sources, ctx) {
        Ok(assembly) => {
            hold(es, ctx).await?;
            settle::settle(es, id, assembly, doubt, ctx).await?
        }
        Err(problem) => Outcome::Failed(Failure::new(Stage::Fetch, &problem)),
    };
    if outcome.is_ready() {
        settle::drop_former(es, id, ctx).await?;
    }
    let record = ctx.memory.note(id, |record| {
        record.lacks_target = outcome == Outcome::Missing;
        if outcome.is_ready() {
            record.searched = dwindle::searched(sources);
        }
        record.clone()
    });
    let acted = readings.iter().map(|reading| (reading.reference.clone(), dwindle::acted_upon(reading, &record)));
    let applied: Vec<_> = acted.collect();
    ctx.poller.applied(id, &applied);
    Ok(Verdict::Told(outcome.clone(), retry_of(&outcome, id, ctx)))
}

/// Whether what the target is rendered from may change without a change of this object or of a remote secret.
fn has_texts(es: &ExternalSecret) -> bool {
    es.spec.target.template.as_ref().is_some_and(|template| !sources_of(template).is_empty())
}

/// Reads everything once; anew where the user has changed something, for that may be how they ask for it.
async fn fetch(es: &ExternalSecret, id: &ObjectId, sources: &Sources, ctx: &Context) -> Vec<Reading> {
    let now = Fetched { version: version_of(es), stores: sources.stores.clone() };
    let before = ctx.memory.note(id, |record| record.fetched.replace(now.clone()));
    if before.is_some_and(|before| before.version != now.version) {
        return ctx.poller.fetch_anew(id, &sources.references).await;
    }
    match ctx.kept.of(id, &sources.references) {
        Some(readings) if !ctx.poller.is_dirty(id) => readings,
        _ => ctx.poller.fetch(id, &sources.references).await,
    }
}

fn put_together(
    es: &ExternalSecret,
    needs: &[Need<'_>],
    readings: &[Reading],
    sources: &Sources,
    ctx: &Context,
) -> Result<crate::plan::select::Assembly, Problem> {
    let failures: Vec<String> = readings
        .iter()
        .map(|reading| match &reading.seen {
            Seen::Failed(error) => error.to_string(),
            Seen::Value(_) | Seen::Absent { .. } => "the answer holds no value".to_owned(),
        })
        .collect();
    let answers: Vec<Answer<'_>> = readings
        .iter()
        .zip(&sources.dialects)
        .zip(&failures)
        .map(|((reading, dialect), failure)| match (&reading.seen, &reading.value) {
            (Seen::Value(_), Some(value)) => Answer::Value(value, *dialect),
            (Seen::Absent { confirmed }, _) => Answer::Absent { confirmed: *confirmed },
            _ => Answer::Failed(failure),
        })
        .collect();
    assemble(needs, &answers, es.spec.target.deletion_policy.unwrap_or_default(), &ctx.functions)
}

/// A refusal that only another object's change can end is looked at again, less and less often.
fn retry_of(outcome: &Outcome, id: &ObjectId, ctx: &Context) -> Option<Duration> {
    match outcome {
        Outcome::Failed(failure) if !matches!(failure.stage, Stage::Fetch | Stage::Template) => {
            ctx.memory.note(id, |record| record.doubtful = true);
            Some(ctx.backoff.failed(id.clone()))
        }
        Outcome::Missing => Some(ctx.settings.default_interval),
        _ => None,
    }
}

/// Nothing to do; at its time the heartbeat.
fn rest(es: &ExternalSecret, id: &ObjectId, periodic: bool, ctx: &Context) -> Verdict {
    let synced = es
        .status
        .iter()
        .flat_map(|status| &status.conditions)
        .any(|condition| condition.type_ == "Ready" && condition.message.as_deref() == Some("secret synced"));
    if periodic && synced && report::beats(id, ctx) {
        return Verdict::Told(Outcome::Synced { change: None }, None);
    }
    if periodic && synced && es.spec.target.creation_policy != Some(CreationPolicy::None) {
        ctx.memory.check_first(id, settle::place_of(es, id).name, Instant::now());
    }
    let lacks_target = ctx.memory.recall(id).lacks_target;
    Verdict::Quiet(lacks_target.then_some(ctx.settings.default_interval))
}

/// What the lack of a store means: patience first, then a word.
fn without_sources(es: &ExternalSecret, id: &ObjectId, absence: Absence, ctx: &Context) -> Verdict {
    let (patience, problem) = match absence {
        Absence::Refused(problem) => return refused(id, Failure::new(Stage::Fetch, &problem), ctx),
        // The store is about to say so itself, and then has the word.
        Absence::Closed(_) if ctx.settings.flood_gate && waits(PATIENCE, id, ctx) => {
            return Verdict::Quiet(Some(SHORT_WAIT));
        }
        Absence::Closed(why) => {
            return Verdict::Told(Outcome::Failed(Failure::new(Stage::Fetch, &why)), Some(RETRY));
        }
        Absence::NotYet(problem) => (PATIENCE, problem),
        // Its own operator has the word, if there is one.
        Absence::NotOurs(_) if es.status.as_ref().is_some_and(|status| !status.conditions.is_empty()) => {
            return Verdict::Quiet(None);
        }
        Absence::NotOurs(problem) => (OTHERS_PATIENCE, problem),
    };
    if waits(patience, id, ctx) {
        return Verdict::Quiet(Some(SHORT_WAIT));
    }
    failed(Failure::new(Stage::Fetch, &problem))
}

/// Whether the object has waited for its store no longer than `patience`; it waits from now on if it did not before.
fn waits(patience: Duration, id: &ObjectId, ctx: &Context) -> bool {
    let since = ctx.memory.note(id, |record| *record.waiting_since.get_or_insert_with(Instant::now));
    since.elapsed() < patience
}

/// What may not be read is not polled either.
fn refused(id: &ObjectId, failure: Failure, ctx: &Context) -> Verdict {
    ctx.poller.forget(id);
    failed(failure)
}

fn failed(failure: Failure) -> Verdict {
    Verdict::Told(Outcome::Failed(failure), None)
}

/// Has the object wait for us when it is deleted, where something of its own must go with it.
async fn hold(es: &ExternalSecret, ctx: &Context) -> Result<(), Error> {
    let deletes = es.spec.target.deletion_policy == Some(DeletionPolicy::Delete);
    if !deletes || es.finalizers().iter().any(|finalizer| finalizer == FINALIZER) {
        return Ok(());
    }
    let mut finalizers = es.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    put_finalizers(es, &finalizers, ctx).await
}

/// The end of an object: its target goes first where the policy says so, then the finalizer, whoever has put it there.
async fn let_go(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<Action, Error> {
    ctx.poller.forget(id);
    let mut finalizers = es.finalizers().to_vec();
    finalizers.retain(|finalizer| finalizer != FINALIZER);
    if finalizers.len() != es.finalizers().len() {
        settle::release(es, id, ctx).await?;
        put_finalizers(es, &finalizers, ctx).await?;
    }
    ctx.forget(id);
    Ok(Action::await_change())
}

async fn put_finalizers(es: &ExternalSecret, finalizers: &[String], ctx: &Context) -> Result<(), Error> {
    if !ctx.leads.now() {
        return Err(Error::NotLeading);
    }
    let namespace = es.namespace().unwrap_or_default();
    Ok(set_finalizers(&ctx.clients.api(&namespace), es, finalizers).await?)
}

pub(super) fn version_of(es: &ExternalSecret) -> String {
    let metadata = &es.metadata;
    let generation = metadata.generation.unwrap_or_default();
    synced_resource_version(generation, metadata.annotations.as_ref(), metadata.labels.as_ref())
}

/// When a failed pass is made again.
#[expect(clippy::needless_pass_by_value, reason = "as kube calls it")]
pub(super) fn error_policy(object: Arc<Guarded<ExternalSecret>>, error: &Error, ctx: Arc<Context>) -> Action {
    let wait = ctx.backoff.failed(id_of(&*object));
    tracing::warn!(
        kind = "ExternalSecret",
        namespace = object.namespace().unwrap_or_default(),
        name = object.name_any(),
        category = error.category(),
        error = crate::ops::telemetry::chain(error),
        retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        "pass failed"
    );
    Action::requeue(wait)
}
