//! Any resource of a Kubernetes API server.

use std::sync::Arc;

use super::open::unsupported;
use super::{Context, Credentials, Environment, Error, Provider};
use crate::api::provider::crd::CrdProvider;

pub(super) async fn open(
    _spec: &CrdProvider,
    _context: &Context,
    _credentials: Arc<dyn Credentials>,
    _environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    Err(unsupported("crd"))
}

pub(super) fn depends_on_consumer(_spec: &CrdProvider) -> bool {
    false
}
