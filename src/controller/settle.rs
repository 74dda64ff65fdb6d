//! From assembled values to a target that is as it should be: observe, decide, carry out.

use std::time::{Duration, Instant};

use super::context::Context;
use super::dwindle;
use super::error::Error;
use super::templates::{self, Made};
use crate::api::ExternalSecret;
use crate::api::external_secret::{CreationPolicy, DeletionPolicy};
use crate::cluster::target::{Place, Written};
use crate::cluster::{self};
use crate::ops::metrics::Write;
use crate::plan::marks::{CREATED_BY_LABEL, DATA_HASH_ANNOTATION, data_hash};
use crate::plan::nudge::{Change as Data, alters_files};
use crate::plan::select::Assembly;
use crate::plan::standing::Standing;
use crate::plan::summary::{Change, Failure, Outcome, Stage};
use crate::plan::target::{Confirmed, Decision, Desired, decide};
use crate::plan::valid::target_name;
use crate::poll::{self, ObjectId};

/// How often a target that changes under our hands is looked at again within one pass.
const TRIES: usize = 3;

/// Brings the target of `es` to what `assembly` asks for. Where `doubt` says at what interval, a great loss is believed
/// only when it has come back.
pub(super) async fn settle(
    es: &ExternalSecret,
    id: &ObjectId,
    assembly: Assembly,
    doubt: Option<Duration>,
    ctx: &Context,
) -> Result<Outcome, Error> {
    let deletion = es.spec.target.deletion_policy.unwrap_or_default();
    let nothing = assembly.data.is_empty();
    match deletion {
        DeletionPolicy::Delete if nothing && !assembly.missing.is_empty() => remove(es, id, ctx).await,
        DeletionPolicy::Delete | DeletionPolicy::Retain if nothing => Ok(Outcome::Retained),
        _ => match templates::make(es, id, assembly.data, ctx).await? {
            Made::Desired(desired) => bring(es, id, &desired, doubt, ctx).await,
            Made::AsBefore(desired, standing) => {
                Ok(conclude(id, place_of(es, id), &desired, &Decision::Settled, (Some(*standing), None), ctx))
            }
            Made::Failed(failure) => Ok(Outcome::Failed(failure)),
        },
    }
}

async fn bring(
    es: &ExternalSecret,
    id: &ObjectId,
    desired: &Desired,
    doubt: Option<Duration>,
    ctx: &Context,
) -> Result<Outcome, Error> {
    let place = place_of(es, id);
    let mut last = None;
    for attempt in 0..TRIES {
        let (decision, standing) = match judge(place, id, desired, attempt > 0, ctx).await? {
            Ok(judged) => judged,
            Err(failure) => return Ok(Outcome::Failed(failure)),
        };
        if doubt.is_some_and(|interval| !dwindle::is_believed(id, desired, standing.as_ref(), interval, ctx)) {
            return Ok(Outcome::Failed(Failure::new(Stage::Fetch, &poll::doubt())));
        }
        if alters_files(&decision, standing.as_ref()) {
            ctx.memory.begin_change(id);
        }
        match carry_out(place, &decision, ctx).await {
            Ok(written) => return Ok(conclude(id, place, desired, &decision, (standing, written), ctx)),
            Err(Error::Cluster(error)) if error.kind == cluster::Kind::Conflict => last = Some(error),
            Err(Error::Cluster(error)) if is_final(&error) => {
                ctx.memory.end_change(id);
                return Ok(Outcome::Failed(Failure::new(Stage::Write, &error)));
            }
            Err(error) => return Err(error),
        }
    }
    Err(last.map_or(Error::Panic, Error::Cluster))
}

/// Whether the API server will say the same until something else changes.
fn is_final(error: &cluster::Error) -> bool {
    matches!(error.kind, cluster::Kind::Refused | cluster::Kind::Denied)
}

type Judged = Result<(Decision, Option<Standing>), Failure>;

/// Looks as little as the decision allows; `fresh` looks at the whole object at once.
async fn judge(
    place: Place<'_>,
    id: &ObjectId,
    desired: &Desired,
    fresh: bool,
    ctx: &Context,
) -> Result<Judged, Error> {
    if desired.creation == CreationPolicy::None {
        return Ok(Ok((Decision::Settled, None)));
    }
    let confirmed = ctx.memory.recall(id).confirmed;
    if !fresh {
        let standing = ctx.targets.look(place).await?;
        match decide(desired, standing.as_ref(), confirmed.as_ref()) {
            Ok(Decision::Look) => {}
            Ok(decision) => return Ok(Ok((decision, standing))),
            Err(refusal) => return Ok(Err(refusal.into())),
        }
    }
    let standing = ctx.targets.read(place).await?;
    let decided = decide(desired, standing.as_ref(), confirmed.as_ref());
    Ok(decided.map(|decision| (decision, standing)).map_err(Failure::from))
}

async fn carry_out(place: Place<'_>, decision: &Decision, ctx: &Context) -> Result<Option<Written>, Error> {
    let writes = matches!(decision, Decision::Create(_) | Decision::Replace(_) | Decision::Merge(_));
    if writes && !ctx.leads.now() {
        return Err(Error::NotLeading);
    }
    Ok(ctx.targets.carry_out(place, decision).await?)
}

/// Remembers what the target is now, and says what was done to it.
fn conclude(
    id: &ObjectId,
    place: Place<'_>,
    desired: &Desired,
    decision: &Decision,
    (standing, written): (Option<Standing>, Option<Written>),
    ctx: &Context,
) -> Outcome {
    let now = written
        .map(|written| (written.uid, written.resource_version))
        .or_else(|| standing.map(|standing| (standing.uid, standing.resource_version)));
    let confirmed = now.map(|(uid, resource_version)| Confirmed { uid, resource_version, digest: desired.digest() });
    ctx.memory.confirm(id, place.name, confirmed, Instant::now());
    tell_pods(id, place, Data::Written, ctx);
    let (change, counted) = match decision {
        Decision::Missing => return Outcome::Missing,
        Decision::Settled | Decision::Look => (None, None),
        Decision::Create(_) => (Some(Change::Created), Some(Write::Create)),
        Decision::Replace(_) | Decision::Merge(_) => (Some(Change::Updated), Some(Write::Update)),
    };
    if let Some(write) = counted {
        ctx.metrics.target_written(write);
    }
    Outcome::Synced { change }
}

/// Has the pods told that mount the target, if its data was changed; also in an earlier pass that never heard so.
fn tell_pods(id: &ObjectId, place: Place<'_>, change: Data, ctx: &Context) {
    if ctx.memory.end_change(id) {
        ctx.nudges.owe(place, change);
    }
}

/// Whether the target of an object that is not polled has to be made anew: it is gone, or its data was changed.
pub(super) async fn is_spoilt(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<bool, Error> {
    if es.spec.target.creation_policy == Some(CreationPolicy::None) {
        return Ok(false);
    }
    let place = place_of(es, id);
    let intact = left_intact(place, ctx).await?;
    let spoilt = intact.is_none();
    if !spoilt {
        ctx.memory.confirm(id, place.name, intact, Instant::now());
        tell_pods(id, place, Data::Written, ctx);
    }
    Ok(spoilt)
}

/// The target where it exists and its data is what its own mark says; what it should be by now does not count.
pub(super) async fn left_intact(place: Place<'_>, ctx: &Context) -> Result<Option<Confirmed>, cluster::Error> {
    let standing = ctx.targets.read(place).await?.filter(Standing::is_managed);
    Ok(standing.and_then(|standing| {
        let hash = data_hash(&standing.content.as_ref()?.data);
        let intact = standing.annotations.get(DATA_HASH_ANNOTATION) == Some(&hash);
        let Standing { uid, resource_version, .. } = standing;
        intact.then(|| Confirmed { uid, resource_version, digest: String::new() })
    }))
}

/// Deletes the target because its remote secret is confirmed to be gone.
async fn remove(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<Outcome, Error> {
    let place = place_of(es, id);
    let Some(standing) = ctx.targets.look(place).await? else {
        tell_pods(id, place, Data::Gone, ctx);
        return Ok(Outcome::Deleted { now: false });
    };
    if !standing.is_controlled_by(&id.uid) || !standing.is_managed() {
        let cause = "spec.target.deletionPolicy: the Secret is not controlled by this ExternalSecret; \
                     set creationPolicy to Owner, or delete it yourself";
        return Ok(Outcome::Failed(Failure::new(Stage::Delete, &cause)));
    }
    if !ctx.brake.pass(Instant::now()) {
        let cause = format!(
            "spec.target.deletionPolicy: more than {} deletions a minute would be made, which looks like an outage; \
             the Secret stays for now (--max-deletes-per-minute)",
            ctx.settings.deletes_per_minute
        );
        return Ok(Outcome::Failed(Failure::new(Stage::Delete, &cause)));
    }
    ctx.memory.begin_change(id);
    delete(place, &standing, ctx).await?;
    tell_pods(id, place, Data::Gone, ctx);
    ctx.memory.confirm(id, place.name, None, Instant::now());
    Ok(Outcome::Deleted { now: true })
}

/// Deletes the target of an ExternalSecret that is itself being deleted, if it is its own.
pub(super) async fn release(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<(), Error> {
    if es.spec.target.deletion_policy.unwrap_or_default() != DeletionPolicy::Delete {
        return Ok(());
    }
    let place = place_of(es, id);
    match ctx.targets.look(place).await? {
        Some(standing) if standing.is_controlled_by(&id.uid) => {
            ctx.memory.begin_change(id);
            delete(place, &standing, ctx).await?;
        }
        Some(_) => return Ok(()),
        None => {}
    }
    tell_pods(id, place, Data::Gone, ctx);
    Ok(())
}

/// Deletes the target that an earlier spec named, if it is still ours alone.
pub(super) async fn drop_former(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<(), Error> {
    let former = es.status.as_ref().and_then(|status| status.binding.as_ref()).map(|binding| binding.name.as_str());
    let current = target_name(&es.spec, &id.name);
    let Some(former) = former.filter(|former| !former.is_empty() && *former != current) else { return Ok(()) };
    let place = Place { name: former, ..place_of(es, id) };
    match ctx.targets.look(place).await? {
        Some(standing) if standing.is_controlled_by(&id.uid) && standing.labels.contains_key(CREATED_BY_LABEL) => {
            delete(place, &standing, ctx).await?;
            ctx.nudges.owe(place, Data::Gone);
        }
        _ => {}
    }
    Ok(())
}

async fn delete(place: Place<'_>, standing: &Standing, ctx: &Context) -> Result<(), Error> {
    if !ctx.leads.now() {
        return Err(Error::NotLeading);
    }
    ctx.targets.delete(place, standing).await?;
    ctx.metrics.target_written(Write::Delete);
    Ok(())
}

pub(super) fn place_of<'a>(es: &'a ExternalSecret, id: &'a ObjectId) -> Place<'a> {
    Place { namespace: &id.namespace, name: target_name(&es.spec, &id.name), owner: &id.name }
}
