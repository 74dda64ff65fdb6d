//! Who takes part in the trials.

use std::sync::Arc;

use anyhow::Result;
use futures::future::LocalBoxFuture;
use keyferry::provider::conformance::Fixture;
use keyferry_e2e::wire::Wire;
use serde_json::Value;

use crate::provider::{aws, openbao};

/// A provider's server behind a wire, and a store that reaches it by that.
pub(crate) struct Stand {
    /// A name for a store.
    pub(crate) name: &'static str,
    /// Puts secrets, past the wire.
    pub(crate) fixture: Box<dyn Fixture>,
    /// What the store's calls go through.
    pub(crate) wire: Arc<Wire>,
    /// The store's `spec.provider`.
    pub(crate) provider: Value,
    /// The Secret that it names and its `stringData`.
    pub(crate) credentials: (&'static str, Value),
    /// What the operator's environment says of it.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The property that holds a secret's value, where a secret is an object.
    pub(crate) property: Option<&'static str>,
}

/// Everybody.
pub(super) const STANDS: &[fn() -> LocalBoxFuture<'static, Result<Stand>>] =
    &[|| Box::pin(aws::stand()), || Box::pin(openbao::stand())];
