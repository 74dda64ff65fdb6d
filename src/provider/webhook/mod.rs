//! Any server that answers over HTTPS.

use std::sync::Arc;

use super::open::unsupported;
use super::{Context, Credentials, Environment, Error, Provider};
use crate::api::provider::webhook::WebhookProvider;

pub(super) async fn open(
    _spec: &WebhookProvider,
    _context: &Context,
    _credentials: Arc<dyn Credentials>,
    _environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    Err(unsupported("webhook"))
}

pub(super) fn depends_on_consumer(_spec: &WebhookProvider) -> bool {
    false
}
