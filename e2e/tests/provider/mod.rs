//! The providers' conformance suite against real servers.

pub(crate) mod aws;
mod fake;
mod matrix;
pub(crate) mod openbao;
mod openbao_sync;
mod pod_identity;
