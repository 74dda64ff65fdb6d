//! Google Cloud Secret Manager.

use std::sync::Arc;

use super::open::unsupported;
use super::{Context, Credentials, Environment, Error, Provider};
use crate::api::provider::gcpsm::GcpSmProvider;

pub(super) async fn open(
    _spec: &GcpSmProvider,
    _context: &Context,
    _credentials: Arc<dyn Credentials>,
    _environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    Err(unsupported("gcpsm"))
}

pub(super) fn depends_on_consumer(_spec: &GcpSmProvider) -> bool {
    false
}
