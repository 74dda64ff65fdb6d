//! Pods that are told of a changed Secret: which, how often, and that nothing else can be done to them.
//!
//! There is no node: pods are objects with the name of a node that does not exist, and the audit log has what was asked.

mod calls;
mod leader;
mod pods;
mod policy;
mod rate;
mod revoked;
mod rights;
