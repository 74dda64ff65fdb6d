//! What a target should be: the sources of its template read, its inputs compared, and only if they are new, rendered.
//!
//! Templates are a tenant's: they are parsed and rendered on threads of their own, as many at once as there are cores,
//! within the budgets of the language and the time of [`LONGEST`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use kube::ResourceExt;
use tokio::sync::Semaphore;

use super::context::Context;
use super::error::Error;
use super::external_secret::version_of;
use super::settle::place_of;
use crate::api::ExternalSecret;
use crate::api::external_secret::{CreationPolicy, Template};
use crate::cluster::{self, texts};
use crate::plan::keep::Keep;
use crate::plan::problem::Problem;
use crate::plan::standing::Standing;
use crate::plan::summary::{Failure, Stage};
use crate::plan::target::{Desired, Owner, is_confirmed};
use crate::plan::template::{self, Engine, LONGEST, Rendered, Texts, inputs, plain};
use crate::poll::ObjectId;
use crate::sealed::Sealed;

/// Where templates are parsed and rendered.
#[derive(Clone, Debug)]
pub(super) struct Templates {
    engine: Arc<Engine>,
    turns: Arc<Semaphore>,
}

impl Templates {
    /// With the language as `engine` speaks it.
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { engine, turns: Arc::new(Semaphore::new(cores)) }
    }

    /// Works off the async threads; whoever gives up on it leaves it to its end, which is near.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce(&Engine) -> T + Send + 'static) -> Result<T, Error> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Error::Panic)?;
        let engine = Arc::clone(&self.engine);
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&engine)
        });
        done.await.map_err(|_| Error::Panic)
    }

    async fn render(
        &self,
        template: Template,
        values: BTreeMap<String, Sealed>,
        texts: Texts,
    ) -> Result<Result<Rendered, template::Failure>, Error> {
        self.work(move |engine| {
            let end = Instant::now() + LONGEST;
            template::render(engine, &template, &values, &texts, &|| Instant::now() > end)
        })
        .await
    }
}

/// What became of a target's template.
#[derive(Debug)]
pub(super) enum Made {
    /// What the target should be.
    Desired(Box<Desired>),
    /// The target stands as it was made of the same inputs.
    AsBefore(Box<Desired>, Box<Standing>),
    /// There is nothing to write.
    Failed(Failure),
}

/// Parses the templates that stand in the object itself, once for each of its generations.
pub(super) async fn check(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Result<Result<(), Problem>, Error> {
    let Some(template) = es.spec.target.template.clone() else { return Ok(Ok(())) };
    let generation = es.metadata.generation;
    if let Some((_, verdict)) = ctx.memory.recall(id).parsed.filter(|(of, _)| *of == generation) {
        return Ok(verdict);
    }
    let verdict = ctx.templates.work(move |engine| template::check(engine, &template)).await?;
    ctx.memory.note(id, |record| record.parsed = Some((generation, verdict.clone())));
    Ok(verdict)
}

/// Makes what the target of `es` should be out of the provider's `values`.
pub(super) async fn make(
    es: &ExternalSecret,
    id: &ObjectId,
    values: BTreeMap<String, Sealed>,
    ctx: &Context,
) -> Result<Made, Error> {
    let mut desired = bare(es, id, ctx);
    if desired.creation == CreationPolicy::None {
        return Ok(Made::Desired(Box::new(desired)));
    }
    let Some(template) = &es.spec.target.template else {
        desired.rendered = plain(values, es.labels(), es.annotations());
        return Ok(Made::Desired(Box::new(desired)));
    };
    let texts = match read_texts(template, id, ctx).await {
        Ok(texts) => texts,
        Err(failure) => return Ok(Made::Failed(failure)),
    };
    desired.inputs = Some(inputs(template, &texts, &values));
    if let Some(failure) = failed_before(id, &desired, ctx) {
        return Ok(Made::Failed(failure));
    }
    if let Some(standing) = as_before(es, id, &desired, ctx).await? {
        return Ok(Made::AsBefore(Box::new(desired), Box::new(standing)));
    }
    desired.keep = keep(es, id, &desired, ctx);
    let rendered = ctx.templates.render(template.clone(), values, texts).await?;
    Ok(serve(id, desired, rendered, ctx))
}

/// Everything but what is rendered.
fn bare(es: &ExternalSecret, id: &ObjectId, ctx: &Context) -> Desired {
    let target = &es.spec.target;
    Desired {
        owner: Owner { namespace: id.namespace.to_string(), name: id.name.to_string(), uid: id.uid.to_string() },
        creation: target.creation_policy.unwrap_or_default(),
        immutable: target.immutable.unwrap_or_default(),
        may_wipe: ctx.settings.may_wipe,
        ..Desired::default()
    }
}

/// Reads every source of the template, and has each looked at from now on where the object is polled.
async fn read_texts(template: &Template, id: &ObjectId, ctx: &Context) -> Result<Texts, Failure> {
    let (mut found, mut versions, mut failure) = (Texts::new(), BTreeMap::new(), None);
    for (source, field) in template::sources(template) {
        match texts::read(&ctx.clients, &id.namespace, &source).await {
            Ok(Some(text)) => {
                versions.insert(source.clone(), Some(text.version));
                found.insert(source, text.keys);
            }
            Ok(None) => {
                failure.get_or_insert(Failure::new(Stage::Write, &template::missing(&source, &field)));
                versions.insert(source, None);
            }
            Err(error) => {
                failure.get_or_insert(unreadable(&field, &error));
            }
        }
    }
    let pace = ctx.memory.recall(id).check_every;
    let versions = if pace.is_some() { versions } else { BTreeMap::new() };
    let pace = pace.map_or(ctx.settings.default_interval, |pace| pace.min(ctx.settings.default_interval));
    ctx.texts.uses(id, versions, pace, Instant::now());
    failure.map_or(Ok(found), Err)
}

fn unreadable(field: &str, error: &cluster::Error) -> Failure {
    Failure::new(Stage::Write, &format!("{field}: {error}"))
}

/// The same inputs fail the same way.
fn failed_before(id: &ObjectId, desired: &Desired, ctx: &Context) -> Option<Failure> {
    let (inputs, failure) = ctx.memory.recall(id).unrenderable?;
    (Some(inputs) == desired.inputs).then_some(failure)
}

/// The target, if it is exactly what was confirmed, and that was made of the same inputs: then nothing is rendered.
async fn as_before(
    es: &ExternalSecret,
    id: &ObjectId,
    desired: &Desired,
    ctx: &Context,
) -> Result<Option<Standing>, Error> {
    let Some(confirmed) = ctx.memory.recall(id).confirmed.filter(|known| known.digest == desired.digest()) else {
        return Ok(None);
    };
    let standing = ctx.targets.look(place_of(es, id)).await?;
    Ok(standing.filter(|standing| is_confirmed(desired, standing, Some(&confirmed))))
}

/// Whether what stands may be kept in place of what is another each time it is rendered.
fn keep(es: &ExternalSecret, id: &ObjectId, desired: &Desired, ctx: &Context) -> Keep {
    let record = ctx.memory.recall(id);
    match &record.confirmed {
        Some(confirmed) if confirmed.digest == desired.digest() => return Keep::Same,
        Some(confirmed) if !confirmed.digest.is_empty() => return Keep::Never,
        _ => {}
    }
    let status = record.status(&es.resource_version().unwrap_or_default(), es.status.as_ref());
    let synced = status.and_then(|status| status.synced_resource_version);
    if synced == Some(version_of(es)) { Keep::Unknown } else { Keep::Never }
}

/// Remembers a failure that will be the same again, so that it is not rendered again.
fn serve(id: &ObjectId, mut desired: Desired, rendered: Result<Rendered, template::Failure>, ctx: &Context) -> Made {
    match rendered {
        Ok(rendered) => {
            desired.rendered = rendered;
            Made::Desired(Box::new(desired))
        }
        Err(template::Failure { problem, late: true }) => Made::Failed(Failure::new(Stage::Write, &problem)),
        Err(template::Failure { problem, late: false }) => {
            let failure = Failure::new(Stage::Template, &problem);
            let remembered = desired.inputs.map(|inputs| (inputs, failure.clone()));
            ctx.memory.note(id, |record| record.unrenderable = remembered);
            Made::Failed(failure)
        }
    }
}
