//! Secrets of another namespace or cluster.

use std::sync::Arc;

use super::open::unsupported;
use super::{Context, Credentials, Environment, Error, Provider};
use crate::api::provider::kubernetes::KubernetesProvider;

pub(super) async fn open(
    _spec: &KubernetesProvider,
    _context: &Context,
    _credentials: Arc<dyn Credentials>,
    _environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    Err(unsupported("kubernetes"))
}

pub(super) fn depends_on_consumer(_spec: &KubernetesProvider) -> bool {
    false
}
