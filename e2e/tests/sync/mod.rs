//! What the operator does, from the remote secret to the Secret in the cluster.

pub(crate) mod acts;
pub(crate) mod cluster_stores;
mod creation;
mod deletion;
mod drift;
pub(crate) mod election;
mod find;
mod first;
pub(crate) mod ledger;
mod marks;
mod process;
mod quiet;
pub(crate) mod race;
mod refresh;
mod restart;
mod rewrite;
mod scope;
mod stores;
