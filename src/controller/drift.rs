//! Looks at targets in turn, a few a second, so that one which somebody else has changed is repaired without a watch on
//! Secrets.
//!
//! A look is a read of metadata from the API server's cache; it asks one thing: is this still the resourceVersion that
//! was confirmed? If not, the object is doubtful and gets a pass. After a start nothing has been confirmed: then a whole
//! read asks whether the data is what its own mark says. Where the budget is smaller than what is due, the one that has
//! waited longest comes first.
//!
//! ConfigMaps and Secrets that templates come from are looked at in the same way and within the same budget.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::context::Context;
use super::settle::left_intact;
use crate::cluster;
use crate::cluster::target::Place;
use crate::plan::target::Confirmed;
use crate::poll::ObjectId;

/// How soon the next check is looked for while none is due.
const IDLE: Duration = Duration::from_millis(250);

/// Checks until the future is dropped.
pub(super) async fn run(ctx: Arc<Context>) {
    let pause = Duration::from_secs(1) / ctx.settings.checks_per_second.max(1);
    loop {
        let looks = check_next(&ctx).await + look_at_next(&ctx).await;
        tokio::time::sleep(if looks == 0 { IDLE } else { pause * looks }).await;
    }
}

/// Checks the target whose turn it is; says how many looks that were.
async fn check_next(ctx: &Context) -> u32 {
    let Some((id, target, confirmed)) = ctx.memory.due_check(Instant::now()) else { return 0 };
    check(&id, &target, confirmed, ctx).await;
    1
}

/// Looks at the text whose turn it is, and wakes the objects that were rendered from another.
async fn look_at_next(ctx: &Context) -> u32 {
    let Some(place) = ctx.texts.due(Instant::now()) else { return 0 };
    match cluster::texts::version(&ctx.clients, &place.namespace, &place.source).await {
        Ok(version) => ctx.wake(ctx.texts.seen(&place, version.as_deref())).await,
        Err(error) => tracing::debug!(namespace = %place.namespace, %error, "template source not looked at"),
    }
    1
}

async fn check(id: &ObjectId, target: &str, confirmed: Option<Confirmed>, ctx: &Context) {
    let place = Place { namespace: &id.namespace, name: target, owner: &id.name };
    match still_right(place, confirmed, ctx).await {
        Ok(Some(confirmed)) => ctx.memory.checked(id, target, confirmed, Instant::now()),
        Ok(None) => {
            ctx.memory.doubt(id);
            ctx.wake(vec![id.clone()]).await;
        }
        Err(error) => {
            tracing::debug!(namespace = %id.namespace, name = %id.name, %error, "target not checked");
            ctx.memory.check_again(id, Instant::now());
        }
    }
}

/// The target as it is now, unless somebody has changed it.
async fn still_right(
    place: Place<'_>,
    confirmed: Option<Confirmed>,
    ctx: &Context,
) -> Result<Option<Confirmed>, cluster::Error> {
    let Some(confirmed) = confirmed else { return left_intact(place, ctx).await };
    let standing = ctx.targets.look(place).await?;
    let same = standing.is_some_and(|standing| {
        standing.uid == confirmed.uid && standing.resource_version == confirmed.resource_version
    });
    Ok(same.then_some(confirmed))
}
