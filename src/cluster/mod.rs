//! The only module that reads or writes Kubernetes objects on behalf of a sync.

pub mod lease;
