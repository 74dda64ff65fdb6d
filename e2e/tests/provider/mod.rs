//! The providers' conformance suite against real servers.

mod aws;
mod crd;
mod crd_sync;
mod fake;
mod kubernetes;
mod kubernetes_sync;
mod matrix;
mod openbao;
mod openbao_sync;
mod pod_identity;
