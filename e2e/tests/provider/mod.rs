//! The providers' conformance suite against real servers.

mod aws;
mod aws_parameters;
mod openbao;
mod openbao_sync;
mod pod_identity;
