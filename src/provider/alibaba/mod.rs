//! Alibaba Cloud KMS Secrets Manager.

use std::sync::Arc;

use super::open::unsupported;
use super::{Context, Credentials, Environment, Error, Provider};
use crate::api::provider::alibaba::AlibabaProvider;

pub(super) async fn open(
    _spec: &AlibabaProvider,
    _context: &Context,
    _credentials: Arc<dyn Credentials>,
    _environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    Err(unsupported("alibaba"))
}

pub(super) fn depends_on_consumer(_spec: &AlibabaProvider) -> bool {
    false
}
