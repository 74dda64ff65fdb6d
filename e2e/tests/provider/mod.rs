//! The providers' conformance suite against real servers.

mod alibaba;
mod alibaba_sync;
mod aws;
mod fake;
mod matrix;
mod openbao;
mod openbao_sync;
mod pod_identity;
