//! From the stores that a spec names to the references that its object reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::Access;
use super::context::Context;
use super::memory::StoreId;
use super::stores::{Found, Lookup};
use crate::api::external_secret::{StoreKind, StoreRef};
use crate::api::provider::Chosen;
use crate::cluster::credentials::{Bearer, Reader};
use crate::plan::problem::Problem;
use crate::plan::select::{Dialect, Need};
use crate::plan::store::{admit, is_ours, is_ready, named, namespace_of};
use crate::poll::{ObjectId, Reference, SessionId, SessionKey};
use crate::provider::{self, Credentials, Provider};

/// Where an object's values come from.
#[derive(Debug)]
pub(super) struct Sources {
    /// One per need, in their order.
    pub(super) references: Vec<Reference>,
    /// How each need's property is looked up.
    pub(super) dialects: Vec<Dialect>,
    /// UID and generation of each store.
    pub(super) stores: BTreeSet<(String, i64)>,
}

/// Why there are no sources, yet or at all.
#[derive(Debug)]
pub(super) enum Absence {
    /// A store belongs to another class of operator.
    NotOurs(Problem),
    /// A store may still come, or become ready: worth a moment's patience.
    NotYet(Problem),
    /// A store cannot be used as it is.
    Refused(Problem),
    /// The provider could not be reached or would not have us.
    Closed(String),
}

/// An opened store.
#[derive(Clone, Copy, Debug)]
struct Opened {
    session: SessionId,
    dialect: Dialect,
}

/// Opens, or finds open, the session of every store that `needs` name.
pub(super) async fn resolve(id: &ObjectId, needs: &[Need<'_>], ctx: &Context) -> Result<Sources, Absence> {
    let stores: BTreeMap<StoreId, &StoreRef> =
        needs.iter().map(|need| (store_id(need.store, id), need.store)).collect();
    ctx.memory.uses(id, stores.keys().cloned().collect::<BTreeSet<_>>());
    let (mut opened, mut versions) = (BTreeMap::new(), BTreeSet::new());
    for (store, reference) in stores {
        let found = judge(id, reference, ctx)?;
        permit(id, &store, &found, needs)?;
        versions.insert((found.uid.clone(), found.generation));
        opened.insert(store, open(id, reference, &found, ctx).await?);
    }
    let of = |need: &Need<'_>| opened.get(&store_id(need.store, id)).copied();
    let by_need: Vec<(Opened, &Need<'_>)> = needs.iter().filter_map(|need| Some((of(need)?, need))).collect();
    Ok(Sources {
        references: by_need
            .iter()
            .map(|(opened, need)| Reference::new(opened.session, need.question(opened.dialect)))
            .collect(),
        dialects: by_need.iter().map(|(opened, _)| opened.dialect).collect(),
        stores: versions,
    })
}

fn store_id(reference: &StoreRef, id: &ObjectId) -> StoreId {
    let namespace = namespace_of(reference, &id.namespace).map(str::to_owned);
    (reference.kind.unwrap_or_default(), namespace, reference.name.clone())
}

/// Everything that may speak against using a store, before it is asked for anything.
fn judge(id: &ObjectId, reference: &StoreRef, ctx: &Context) -> Result<Found, Absence> {
    let problem = |cause: String, cure: &str| Problem::new("spec.secretStoreRef", cause, cure);
    let name = named(reference);
    let cluster = reference.kind.unwrap_or_default() == StoreKind::ClusterSecretStore;
    if cluster && !ctx.settings.cluster_stores {
        let cause = format!("{name} is of a kind that this operator does not serve");
        return Err(Absence::NotOurs(problem(
            cause,
            "run it with --enable-cluster-store-reconciler, or use a SecretStore",
        )));
    }
    let found = match ctx.stores.find(reference, &id.namespace) {
        Lookup::Found(found) => *found,
        Lookup::Malformed => {
            return Err(Absence::Refused(problem(
                format!("{name} is malformed"),
                "correct the store; its status says where",
            )));
        }
        Lookup::Missing => {
            let cause = format!("could not get {name}: it does not exist");
            return Err(Absence::NotYet(problem(cause, "create it, or correct name or kind")));
        }
    };
    if !is_ours(&found.spec, &ctx.settings.class) {
        let class = found.spec.controller.as_deref().unwrap_or_default();
        let cause =
            format!("{name} is for controller class {class:?}, and this operator's is {:?}", ctx.settings.class);
        return Err(Absence::NotOurs(problem(
            cause,
            "run an operator of that class, or change the store's spec.controller",
        )));
    }
    if cluster {
        let labels = ctx.stores.labels(&id.namespace);
        admit(&reference.name, &found.spec.conditions, &id.namespace, labels.as_ref()).map_err(Absence::Refused)?;
    }
    if ctx.settings.flood_gate && !is_ready(found.status.as_ref()) {
        return Err(Absence::NotYet(problem(format!("{name} is not ready"), "see the store's status for the cause")));
    }
    Ok(found)
}

/// Whether the store's own rules let all be read that is wanted of it.
fn permit(id: &ObjectId, store: &StoreId, found: &Found, needs: &[Need<'_>]) -> Result<(), Absence> {
    let of_store = needs.iter().filter(|need| store_id(need.store, id) == *store);
    for need in of_store {
        provider::permit(&found.spec, store.0, &need.remote, need.property()).map_err(|error| {
            let cure = "the target keeps its last good value meanwhile";
            Absence::Refused(Problem::new(need.field.clone(), error.to_string(), cure))
        })?;
    }
    Ok(())
}

async fn open(id: &ObjectId, reference: &StoreRef, found: &Found, ctx: &Context) -> Result<Opened, Absence> {
    let kind = reference.kind.unwrap_or_default();
    let depends = provider::depends_on_consumer(&found.spec, kind);
    let key = SessionKey {
        store_uid: Arc::from(found.uid.as_str()),
        generation: found.generation,
        consumer_namespace: depends.then(|| Arc::clone(&id.namespace)),
    };
    let context = provider::Context {
        store_kind: kind,
        store_name: reference.name.clone(),
        store_namespace: namespace_of(reference, &id.namespace).map(str::to_owned),
        consumer_namespace: depends.then(|| id.namespace.to_string()),
    };
    let opening = || connect(Arc::clone(&found.spec), context, ctx);
    let session = ctx.poller.sessions().open(key, opening).await;
    let session = session.map_err(|error| Absence::Closed(format!("{}: {error}", named(reference))))?;
    Ok(Opened { session, dialect: dialect(found) })
}

/// Opens a session with the credentials that its store may use.
pub(super) async fn connect(
    spec: Arc<crate::api::SecretStoreSpec>,
    context: provider::Context,
    ctx: &Context,
) -> Result<(Arc<dyn Provider>, Arc<dyn Credentials>), provider::Error> {
    let bearer = Bearer {
        kind: context.store_kind,
        namespace: context.store_namespace.clone(),
        consumer: context.consumer_namespace.clone(),
    };
    let credentials: Arc<dyn Credentials> = Arc::new(Access(Reader::new(ctx.clients.clone(), bearer)));
    let provider = provider::open(&spec, &context, Arc::clone(&credentials), &ctx.environment).await?;
    Ok((provider, credentials))
}

fn dialect(found: &Found) -> Dialect {
    match found.spec.provider.chosen() {
        Chosen::Fake(_) => Dialect::Path,
        Chosen::Vault(_) | Chosen::OpenBao(_) => Dialect::ExactFirst,
        Chosen::AzureKv(_) => Dialect::Vaulted,
        Chosen::Kubernetes(_) => Dialect::Entries,
        Chosen::Crd(_) => Dialect::Object,
        Chosen::Webhook(_) => Dialect::Asked,
        _ => Dialect::EscapedFirst,
    }
}
