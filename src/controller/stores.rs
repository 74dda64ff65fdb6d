//! The stores and namespaces that the watches know, as passes look them up.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::PartialObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store as Cache};

use super::guarded::Guarded;
use crate::api::external_secret::{StoreKind, StoreRef};
use crate::api::secret_store::{ClusterSecretStore, SecretStore, SecretStoreSpec, SecretStoreStatus};
use crate::plan::store::namespace_of;

/// Read ends of the caches; one of SecretStores per watch.
#[derive(Clone, Debug)]
pub(super) struct Stores {
    pub(super) namespaced: Vec<(Option<String>, Cache<Guarded<SecretStore>>)>,
    pub(super) cluster: Option<Cache<Guarded<ClusterSecretStore>>>,
    pub(super) namespaces: Option<Cache<PartialObjectMeta<Namespace>>>,
}

/// A store as a pass needs it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) spec: Arc<SecretStoreSpec>,
    pub(super) status: Option<SecretStoreStatus>,
}

/// What looking for a store can come to.
#[derive(Clone, Debug)]
pub(super) enum Lookup {
    /// It exists and can be read.
    Found(Box<Found>),
    /// It exists and is not what its type says.
    Malformed,
    /// It does not exist.
    Missing,
}

impl Stores {
    /// Looks a reference of an object in `consumer` up.
    pub(super) fn find(&self, reference: &StoreRef, consumer: &str) -> Lookup {
        match reference.kind.unwrap_or_default() {
            StoreKind::SecretStore => self.find_namespaced(reference, consumer),
            StoreKind::ClusterSecretStore => {
                let found = self.cluster.as_ref().and_then(|cache| cache.get(&ObjectRef::new(&reference.name)));
                found.map_or(Lookup::Missing, |store| judge(&store, |store| (&store.spec.0, store.status.as_ref())))
            }
        }
    }

    fn find_namespaced(&self, reference: &StoreRef, consumer: &str) -> Lookup {
        let namespace = namespace_of(reference, consumer).unwrap_or_default();
        let serves = |watched: &Option<String>| watched.as_deref().is_none_or(|watched| watched == namespace);
        let cache = self.namespaced.iter().find(|(watched, _)| serves(watched)).map(|(_, cache)| cache);
        let found = cache.and_then(|cache| cache.get(&ObjectRef::new(&reference.name).within(namespace)));
        found.map_or(Lookup::Missing, |store| judge(&store, |store| (&store.spec, store.status.as_ref())))
    }

    /// The labels of a namespace, where they are watched.
    pub(super) fn labels(&self, namespace: &str) -> Option<BTreeMap<String, String>> {
        let found = self.namespaces.as_ref()?.get(&ObjectRef::new(namespace))?;
        Some(found.labels().clone())
    }
}

fn judge<K: ResourceExt>(
    store: &Guarded<K>,
    parts: impl Fn(&K) -> (&SecretStoreSpec, Option<&SecretStoreStatus>),
) -> Lookup {
    let Ok(store) = &store.0 else { return Lookup::Malformed };
    let (spec, status) = parts(store);
    Lookup::Found(Box::new(Found {
        uid: store.uid().unwrap_or_default(),
        generation: store.meta().generation.unwrap_or_default(),
        spec: Arc::new(spec.clone()),
        status: status.cloned(),
    }))
}
