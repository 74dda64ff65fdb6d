//! Objects as the watches bring them: decoded, or known to be undecodable.

use kube::core::DeserializeGuard;
use kube::runtime::reflector::ObjectRef;

use crate::api::ExternalSecret;
use crate::poll::ObjectId;

/// An object that may not be what its type says; its metadata can be read in any case.
pub(super) type Guarded<K> = DeserializeGuard<K>;

/// The id under which `poll` knows an object.
pub(super) fn id_of(object: &impl kube::ResourceExt) -> ObjectId {
    let namespace = object.namespace().unwrap_or_default();
    ObjectId::new(&namespace, &object.name_any(), &object.uid().unwrap_or_default())
}

/// The reference by which the controller finds the object of an id.
pub(super) fn reference_of(id: &ObjectId) -> ObjectRef<Guarded<ExternalSecret>> {
    ObjectRef::new(&id.name).within(&id.namespace)
}
