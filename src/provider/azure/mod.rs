//! Azure Key Vault.

use std::sync::Arc;

use super::open::unsupported;
use super::{Context, Credentials, Environment, Error, Provider};
use crate::api::provider::azurekv::AzureKvProvider;

pub(super) async fn open(
    _spec: &AzureKvProvider,
    _context: &Context,
    _credentials: Arc<dyn Credentials>,
    _environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    Err(unsupported("azurekv"))
}

pub(super) fn depends_on_consumer(_spec: &AzureKvProvider) -> bool {
    false
}
