//! The providers' conformance suite against real servers.

mod aws;
mod fake;
mod matrix;
mod openbao;
mod openbao_sync;
mod pod_identity;
